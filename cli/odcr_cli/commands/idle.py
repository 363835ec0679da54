"""`odcr idle`: what is held but unused."""

from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from odcr_cli.amounts import format_amounts, format_money
from odcr_cli.demand_tables import read_demands_and_prices
from odcr_cli.formatting import ago, format_count, json_fields, print_json, printable
from odcr_cli.idle import Idle, costs_of, idle_of
from odcr_cli.main import Context, pass_context

_WIDE = 110
"""The width in columns from which the reservations' ids fit."""


@click.command("idle")
@pass_context
def command(context: Context) -> None:
    """Shows what is held but unused, since when, and what it costs per hour.

    Unused capacity costs as much as used. Before a peak it is unused on purpose.
    """
    source = context.source
    idle = idle_of(*read_demands_and_prices(source))
    if context.as_json:
        print_json(
            {
                "Idle": [_as_json(entry) for entry in idle],
                "Unused": sum(entry.unused for entry in idle),
                "HourlyCost": costs_of(idle),
                "Unpriced": sum(entry.unused for entry in idle if entry.cost is None),
            }
        )
        return
    console = Console()
    console.print(render(idle, source.now(), console.width))


def render(idle: list[Idle], now: datetime, width: int) -> RenderableType:
    """Unused capacity as a table, with the totals below."""
    if not idle:
        return Text("No held capacity is unused.")
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    table.add_column("pool", overflow="fold", ratio=3)
    table.add_column("unused", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("an hour", justify="right", no_wrap=True)
    if is_wide := width >= _WIDE:
        table.add_column("reservations", overflow="fold", ratio=2)
    for entry in idle:
        name = Text(printable(entry.pool))
        if entry.demand != entry.pool:
            name.append(f"  of {printable(entry.demand)}", style="dim")
        if entry.misfits:
            name.append(f"\n{printable(entry.misfits)}", style="dim")
        table.add_row(
            name,
            f"{entry.unused} of {format_count(entry.held)}",
            f"{ago(entry.since, now)} ago" if entry.since else "",
            format_money(entry.cost, entry.currency),
            *([Text(" ".join(printable(name) for name in entry.ids))] if is_wide else []),
        )
    total = f"{sum(entry.unused for entry in idle)} instances are unused"
    total += f"; an hour of that costs {format_amounts(costs)}." if (costs := costs_of(idle)) else "."
    if unpriced := sum(entry.unused for entry in idle if entry.cost is None):
        total += f" The price of {unpriced} is unknown."
    total += " `odcr release DEMAND --keep N` gives back what you do not need."
    return Group(table, Text(total, style="bold"))


def _as_json(entry: Idle) -> dict[str, Any]:
    fields = {name: value for name, value in json_fields(entry).items() if name not in ("Cost", "Currency")}
    return fields | {"HourlyCost": {} if entry.cost is None else {entry.currency: entry.cost}}
