"""`odcr targets`: how many instances of a type to hold in a zone."""

from typing import Any

import click

from odcr_cli.formatting import print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.tables.apply import Mode, apply_wishes, with_mode_options
from odcr_cli.tables.columns import COLUMNS, OPTIONS
from odcr_cli.tables.listing import OF_TARGETS, show_rows, targets_as_rows
from odcr_cli.tables.options import value_of, values_given, with_columns
from odcr_cli.tables.wishes import Wish

_TARGET = COLUMNS["odcr_capacity"][0]


@click.group("targets")
def command() -> None:
    """Manages targets: how many instances of a type to hold in a zone."""


@command.command("list")
@pass_context
def list_targets(context: Context) -> None:
    """Lists the targets with their options. `odcr status` shows their status."""
    source = context.source
    rows = targets_as_rows(*source.rows_of("odcr_capacity", "odcr_option").values())
    if context.as_json:
        print_json({"Targets": rows})
    else:
        show_rows(rows, OF_TARGETS, "Nothing is wanted yet. `odcr targets set TYPE ZONE COUNT` adds a target.")


@command.command("set")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@click.argument("count")
@with_columns(OPTIONS)
@with_mode_options
@pass_context
def set_target(
    context: Context, /, instance_type: str, zone: str, count: str, is_dry: bool, is_sure: bool, **given: Any
) -> None:
    """Sets a target of COUNT instances of TYPE in ZONE: odcr targets set r5b.2xlarge ap-northeast-1c 15

    ZONE is a zone's name or id. Options you leave out stay as they are; an empty one ('') restores the default.
    """
    key = (instance_type, zone)
    wishes = [Wish("odcr_capacity", key, {_TARGET.name: value_of(_TARGET, count)})]
    if values := values_given(OPTIONS, given):
        wishes.append(Wish("odcr_option", key, values))
    apply_wishes(context, wishes, Mode(is_dry, is_sure))


@command.command("remove")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_mode_options
@pass_context
def remove_target(context: Context, /, instance_type: str, zone: str, is_dry: bool, is_sure: bool) -> None:
    """Removes a target and its options. Its capacity stays held until you cancel it in EC2."""
    key = (instance_type, zone)
    wishes = [Wish(table, key, is_gone=True) for table in ("odcr_capacity", "odcr_option")]
    nothing = f"There is no target {instance_type} {zone}: there is nothing to do."
    apply_wishes(context, wishes, Mode(is_dry, is_sure), nothing=nothing)
