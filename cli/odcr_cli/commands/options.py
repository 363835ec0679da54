"""`odcr options`: what a target says beside how many."""

from typing import Any

import click

from odcr_cli.formatting import print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.tables.apply import Mode, apply_wishes, with_mode_options
from odcr_cli.tables.columns import OPTIONS
from odcr_cli.tables.listing import OF_OPTIONS, said, show_rows
from odcr_cli.tables.options import values_given, with_columns
from odcr_cli.tables.wishes import Wish


@click.group("options")
def command() -> None:
    """Says when, how urgently and for whom a target is wanted. A group has options of its own."""


@command.command("list")
@pass_context
def list_options(context: Context) -> None:
    """Lists the targets' options, as far as they are not the usual ones."""
    rows = [said("odcr_option", row) for row in context.source.rows("odcr_option")]
    if context.as_json:
        print_json({"Options": rows})
    else:
        nothing = "All targets have the usual options. `odcr options set TYPE ZONE --deadline ...` says more."
        show_rows(rows, OF_OPTIONS, nothing)


@command.command("set")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_columns(OPTIONS)
@with_mode_options
@pass_context
def set_options(context: Context, /, instance_type: str, zone: str, is_dry: bool, is_sure: bool, **given: Any) -> None:
    """Changes options of a target. Those that are not given stay; an empty one ('') is the usual one again."""
    values = values_given(OPTIONS, given)
    if not values:
        raise click.UsageError("Say what is to change, e.g. --deadline '2026-11-30 20:00:00'.")
    apply_wishes(context, [Wish("odcr_option", (instance_type, zone), values)], Mode(is_dry, is_sure))


@command.command("remove")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_mode_options
@pass_context
def remove_options(context: Context, /, instance_type: str, zone: str, is_dry: bool, is_sure: bool) -> None:
    """Gives a target the usual options again."""
    wish = Wish("odcr_option", (instance_type, zone), is_gone=True)
    nothing = f"{instance_type} {zone} has no options: there is nothing to do."
    apply_wishes(context, [wish], Mode(is_dry, is_sure), nothing=nothing)
