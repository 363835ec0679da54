"""`odcr idle`: what is held and not used."""

from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from odcr_cli.amounts import format_amounts, format_money
from odcr_cli.demands import read_demands_and_prices
from odcr_cli.formatting import ago, format_count, json_fields, print_json, printable
from odcr_cli.idle import Idle, costs_of, idle_of
from odcr_cli.main import Context, pass_context

_WIDE = 110
"""Columns from which on there is room for the reservations' ids."""


@click.command("idle")
@pass_context
def command(context: Context) -> None:
    """Shows what is held and not used, since when, and what an hour of it costs.

    What is unused costs as much as what is used. Before a peak it is unused on purpose.
    """
    source = context.source
    idle = idle_of(*read_demands_and_prices(source))
    if context.as_json:
        print_json(
            {
                "Idle": [_as_json(one) for one in idle],
                "Unused": sum(one.unused for one in idle),
                "HourlyCost": costs_of(idle),
                "Unpriced": sum(one.unused for one in idle if one.cost is None),
            }
        )
        return
    console = Console()
    console.print(shown(idle, source.now(), console.width))


def shown(idle: list[Idle], now: datetime, width: int) -> RenderableType:
    """What is unused as a table, with sums below."""
    if not idle:
        return Text("Nothing that is held is unused.")
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    table.add_column("pool", overflow="fold", ratio=3)
    table.add_column("unused", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("an hour", justify="right", no_wrap=True)
    if is_wide := width >= _WIDE:
        table.add_column("reservations", overflow="fold", ratio=2)
    for one in idle:
        name = Text(printable(one.pool))
        if one.demand != one.pool:
            name.append(f"  of {printable(one.demand)}", style="dim")
        if one.misfits:
            name.append(f"\n{printable(one.misfits)}", style="dim")
        table.add_row(
            name,
            f"{one.unused} of {format_count(one.held)}",
            f"{ago(one.since, now)} ago" if one.since else "",
            format_money(one.cost, one.currency),
            *([Text(" ".join(printable(name) for name in one.ids))] if is_wide else []),
        )
    total = f"{sum(one.unused for one in idle)} instances are unused"
    total += f"; an hour of that costs {format_amounts(costs)}." if (costs := costs_of(idle)) else "."
    if unpriced := sum(one.unused for one in idle if one.cost is None):
        total += f" The price of {unpriced} is unknown."
    total += " `odcr release DEMAND --keep N` gives back what is not needed."
    return Group(table, Text(total, style="bold"))


def _as_json(one: Idle) -> dict[str, Any]:
    said = {name: value for name, value in json_fields(one).items() if name not in ("Cost", "Currency")}
    return said | {"HourlyCost": {} if one.cost is None else {one.currency: one.cost}}
