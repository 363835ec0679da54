"""Rows of the tables for people, without the columns that have their defaults."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odcr_cli.door import KEYS, Row, folded_key, number
from odcr_cli.formatting import printable
from odcr_cli.tables.columns import COLUMNS
from odcr_cli.tables.wishes import key_of
from odcr_cli.target_options import options_by_target, pool_key

OF_TARGETS = (*KEYS["odcr_capacity"], "Target_Capacity")
OF_OPTIONS = KEYS["odcr_option"]


def visible_columns(table: str, row: Row) -> Row:
    """A row's key and the columns that differ from their defaults."""
    shown = {name: row.get(name) for name in KEYS[table]}
    for column in COLUMNS[table]:
        value = row.get(column.name)
        if column.is_required or column.normalized(value) != column.usual:
            shown[column.name] = value
    return shown


def targets_as_rows(targets: Iterable[Row], options: Iterable[Row]) -> list[Row]:
    """Targets with their options."""
    targets = list(targets)
    by_target = options_by_target(targets, options)
    return [
        visible_columns("odcr_capacity", row)
        | visible_columns("odcr_option", by_target.get(pool_key(row), {}) | _key(row))
        for row in targets
    ]


def groups_as_rows(groups: Iterable[Row], members: Iterable[Row]) -> list[Row]:
    """Groups with their members, by priority."""
    by_name: dict[str, list[Row]] = {}
    for row in sorted(members, key=lambda row: (number(row.get("Priority")), key_of("odcr_group_member", row))):
        by_name.setdefault(_folded("odcr_group_member", row)[0], []).append(visible_columns("odcr_group_member", row))
    listed = [
        visible_columns("odcr_group", row) | {"Members": by_name.pop(_folded("odcr_group", row)[0], [])}
        for row in groups
    ]
    # Members without a group have no effect, and should not be overlooked.
    return listed + [{"Group_Name": rows[0]["Group_Name"], "Members": rows} for rows in by_name.values()]


def show_rows(rows: Sequence[Row], columns: Sequence[str], nothing: str) -> None:
    """Prints rows as a table.

    Args:
        rows: the rows.
        columns: the names that get a column; the rest of a row goes into the last one.
        nothing: what to print if there are no rows.
    """
    if not rows:
        click.echo(nothing)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    has_rest = any(set(row) - set(columns) for row in rows)
    if has_rest:
        table.add_column("", overflow="fold")
    for row in rows:
        rest = _words({name: value for name, value in row.items() if name not in columns})
        table.add_row(*(Text(printable(str(row.get(name)))) for name in columns), *([Text(rest)] if has_rest else []))
    Console().print(table)


def show_groups(groups: Sequence[Row]) -> None:
    """Prints groups, each with its pools below."""
    if not groups:
        click.echo("There are no groups. `odcr groups set NAME TOTAL --member TYPE ZONE` adds one.")
        return
    console = Console()
    for group in groups:
        words = _words({name: value for name, value in group.items() if name not in ("Group_Name", "Members")})
        text = words or "odcr_group has no such group, so nothing is bought for its members."
        console.print(Text.assemble((printable(str(group["Group_Name"])), "bold"), f"  {text}"))
        for member in group["Members"]:
            pool = f"{member['InstanceType']} {member['AvailabilityZone']}"
            rest = _words({name: value for name, value in member.items() if name not in KEYS["odcr_group_member"]})
            console.print(Text(f"  {printable(pool)}  {rest}".rstrip()))
        if not group["Members"]:
            console.print(Text("  It has no pools, so nothing is bought: odcr groups members set NAME TYPE ZONE"))


def _words(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {printable(str(value))}" for name, value in row.items())


def _key(row: Row) -> Row:
    return {name: row.get(name) for name in KEYS["odcr_capacity"]}


def _folded(table: str, row: Row) -> tuple[str, ...]:
    return folded_key(key_of(table, row))
