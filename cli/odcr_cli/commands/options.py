"""`odcr options`: a target's options."""

from typing import Any

import click

from odcr_cli.formatting import print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.tables.apply import Mode, apply_wishes, with_mode_options
from odcr_cli.tables.columns import OPTIONS
from odcr_cli.tables.listing import OF_OPTIONS, show_rows, visible_columns
from odcr_cli.tables.options import values_given, with_columns
from odcr_cli.tables.wishes import Wish


@click.group("options")
def command() -> None:
    """Manages the options of targets: deadline, priority, platform, cost cap. Groups have options of their own."""


@command.command("list")
@pass_context
def list_options(context: Context) -> None:
    """Lists the targets' options that differ from the defaults."""
    rows = [visible_columns("odcr_option", row) for row in context.source.rows("odcr_option")]
    if context.as_json:
        print_json({"Options": rows})
    else:
        nothing = "All targets have the default options. `odcr options set TYPE ZONE --deadline ...` changes them."
        show_rows(rows, OF_OPTIONS, nothing)


@command.command("set")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_columns(OPTIONS)
@with_mode_options
@pass_context
def set_options(context: Context, /, instance_type: str, zone: str, is_dry: bool, is_sure: bool, **given: Any) -> None:
    """Changes options of a target. Options you leave out stay; an empty one ('') restores the default."""
    values = values_given(OPTIONS, given)
    if not values:
        raise click.UsageError("Give an option to change, e.g. --deadline '2026-11-30 20:00:00'.")
    apply_wishes(context, [Wish("odcr_option", (instance_type, zone), values)], Mode(is_dry, is_sure))


@command.command("remove")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_mode_options
@pass_context
def remove_options(context: Context, /, instance_type: str, zone: str, is_dry: bool, is_sure: bool) -> None:
    """Restores the default options of a target."""
    wish = Wish("odcr_option", (instance_type, zone), is_gone=True)
    nothing = f"{instance_type} {zone} has no options: there is nothing to do."
    apply_wishes(context, [wish], Mode(is_dry, is_sure), nothing=nothing)
