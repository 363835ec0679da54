"""`odcr groups`: totals that several pools make up together."""

from collections.abc import Sequence
from typing import Any

import click

from odcr_cli.door import folded, folded_key, number
from odcr_cli.formatting import print_json
from odcr_cli.main import Context, pass_context
from odcr_cli.tables.apply import Mode, apply_wishes, with_mode_options
from odcr_cli.tables.changes import Tables
from odcr_cli.tables.columns import COLUMNS
from odcr_cli.tables.listing import groups_as_rows, show_groups
from odcr_cli.tables.options import value_of, values_given, with_columns
from odcr_cli.tables.wishes import Wish, key_of

_TOTAL, *_COLUMNS = COLUMNS["odcr_group"]
_MEMBER = COLUMNS["odcr_group_member"]


@click.group("groups")
def command() -> None:
    """Manages groups: several types and zones that make up one total."""


@command.command("list")
@pass_context
def list_groups(context: Context) -> None:
    """Lists the groups with their pools in order of priority. `odcr status --pools` shows their status."""
    source = context.source
    groups = groups_as_rows(*source.rows_of("odcr_group", "odcr_group_member").values())
    if context.as_json:
        print_json({"Groups": groups})
    else:
        show_groups(groups)


@command.command("set")
@click.argument("name")
@click.argument("total", required=False)
@click.option(
    "--member",
    "members",
    nargs=2,
    multiple=True,
    metavar="TYPE ZONE",
    help="A pool to add after the existing ones; repeatable, highest priority first.",
)
@with_columns(_COLUMNS)
@with_mode_options
@pass_context
def set_group(
    context: Context,
    /,
    name: str,
    total: str | None,
    members: Sequence[tuple[str, str]],
    is_dry: bool,
    is_sure: bool,
    **given: Any,
) -> None:
    """Sets a group's TOTAL of instances or vCPUs, from whichever of its pools has capacity.

    odcr groups set checkout 64 --unit vcpus --member m6i.2xlarge ap-northeast-1a --member m5.2xlarge ap-northeast-1c

    What you leave out stays as it is; an empty option ('') restores the default.
    """
    values = values_given(_COLUMNS, given)
    if total is not None:
        values[_TOTAL.name] = value_of(_TOTAL, total)
    if not values and not members:
        raise click.UsageError("Give what to change: its TOTAL, an option or a --member.")

    def wishes(tables: Tables) -> list[Wish]:
        group = [Wish("odcr_group", (name,), values)] if values else []
        return group + _added(name, members, tables)

    apply_wishes(context, wishes, Mode(is_dry, is_sure))


def _added(name: str, members: Sequence[tuple[str, str]], tables: Tables) -> list[Wish]:
    """The new members, after the existing ones, in the order given."""
    present = {folded_key(key_of("odcr_group_member", row)): row for row in tables["odcr_group_member"]}
    own = [row for key, row in present.items() if key[0] == folded(name)]
    last = max((int(number(row.get("Priority"))) for row in own), default=0)
    new = [pool for pool in members if folded_key((name, *pool)) not in present]
    return [
        Wish("odcr_group_member", (name, *pool), {"Priority": last + place}) for place, pool in enumerate(new, start=1)
    ]


@command.command("remove")
@click.argument("name")
@with_mode_options
@pass_context
def remove_group(context: Context, /, name: str, is_dry: bool, is_sure: bool) -> None:
    """Removes a group and its members. Its capacity stays held: to give it back, set the total to 0 first."""

    def wishes(tables: Tables) -> list[Wish]:
        keys = [key_of("odcr_group_member", row) for row in tables["odcr_group_member"]]
        own = [key for key in keys if folded(key[0]) == folded(name)]
        members = [Wish("odcr_group_member", key, is_gone=True) for key in own]
        return [Wish("odcr_group", (name,), is_gone=True), *members]

    nothing = f"There is no group {name}: there is nothing to do."
    apply_wishes(context, wishes, Mode(is_dry, is_sure), nothing=nothing)


@command.group("members")
def members() -> None:
    """Manages the pools of a group."""


@members.command("set")
@click.argument("name")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_columns(_MEMBER)
@with_mode_options
@pass_context
def set_member(
    context: Context, /, name: str, instance_type: str, zone: str, is_dry: bool, is_sure: bool, **given: Any
) -> None:
    """Adds TYPE in ZONE to the group NAME, or changes its values there."""
    wish = Wish("odcr_group_member", (name, instance_type, zone), values_given(_MEMBER, given))
    apply_wishes(context, [wish], Mode(is_dry, is_sure))


@members.command("remove")
@click.argument("name")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_mode_options
@pass_context
def remove_member(context: Context, /, name: str, instance_type: str, zone: str, is_dry: bool, is_sure: bool) -> None:
    """Removes a pool from a group. What is held there still counts; nothing more is bought there."""
    wish = Wish("odcr_group_member", (name, instance_type, zone), is_gone=True)
    nothing = f"The group {name} has no pool {instance_type} {zone}: there is nothing to do."
    apply_wishes(context, [wish], Mode(is_dry, is_sure), nothing=nothing)
