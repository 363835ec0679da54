"""`odcr groups`: one total that several pools make up together."""

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
    """Says what several types and zones are to make up together."""


@command.command("list")
@pass_context
def list_groups(context: Context) -> None:
    """Lists the groups with their pools, the most wanted first. `odcr status --pools` shows how they stand."""
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
    help="A pool of it; repeatable, the most wanted first, behind those that it has.",
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
    """Wants TOTAL instances, or vCPUs, of whatever its pools have.

    odcr groups set checkout 64 --unit vcpus --member m6i.2xlarge ap-northeast-1a --member m5.2xlarge ap-northeast-1c

    What is not given stays as it is; an empty option ('') is the usual one again.
    """
    values = values_given(_COLUMNS, given)
    if total is not None:
        values[_TOTAL.name] = value_of(_TOTAL, total)
    if not values and not members:
        raise click.UsageError("Say what is to change: its TOTAL, an option or a --member.")

    def wishes(tables: Tables) -> list[Wish]:
        group = [Wish("odcr_group", (name,), values)] if values else []
        return group + _added(name, members, tables)

    apply_wishes(context, wishes, Mode(is_dry, is_sure))


def _added(name: str, members: Sequence[tuple[str, str]], tables: Tables) -> list[Wish]:
    """The members that are not there yet, behind the others in the order in which they are given."""
    present = {folded_key(key_of("odcr_group_member", row)): row for row in tables["odcr_group_member"]}
    mine = [row for key, row in present.items() if key[0] == folded(name)]
    last = max((int(number(row.get("Priority"))) for row in mine), default=0)
    new = [one for one in members if folded_key((name, *one)) not in present]
    return [
        Wish("odcr_group_member", (name, *one), {"Priority": last + place}) for place, one in enumerate(new, start=1)
    ]


@command.command("remove")
@click.argument("name")
@with_mode_options
@pass_context
def remove_group(context: Context, /, name: str, is_dry: bool, is_sure: bool) -> None:
    """Removes a group and its members. What is held stays: set its total to 0 first to have it given back."""

    def wishes(tables: Tables) -> list[Wish]:
        keys = [key_of("odcr_group_member", row) for row in tables["odcr_group_member"]]
        mine = [key for key in keys if folded(key[0]) == folded(name)]
        members = [Wish("odcr_group_member", key, is_gone=True) for key in mine]
        return [Wish("odcr_group", (name,), is_gone=True), *members]

    nothing = f"There is no group {name}: there is nothing to do."
    apply_wishes(context, wishes, Mode(is_dry, is_sure), nothing=nothing)


@command.group("members")
def members() -> None:
    """The pools of a group."""


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
    """Makes TYPE in ZONE a pool of the group NAME, or changes what it says of it."""
    wish = Wish("odcr_group_member", (name, instance_type, zone), values_given(_MEMBER, given))
    apply_wishes(context, [wish], Mode(is_dry, is_sure))


@members.command("remove")
@click.argument("name")
@click.argument("instance_type", metavar="TYPE")
@click.argument("zone")
@with_mode_options
@pass_context
def remove_member(context: Context, /, name: str, instance_type: str, zone: str, is_dry: bool, is_sure: bool) -> None:
    """Takes a pool out of a group. What is held there counts on, and nothing more is bought there."""
    wish = Wish("odcr_group_member", (name, instance_type, zone), is_gone=True)
    nothing = f"The group {name} has no pool {instance_type} {zone}: there is nothing to do."
    apply_wishes(context, [wish], Mode(is_dry, is_sure), nothing=nothing)
