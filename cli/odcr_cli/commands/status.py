"""`odcr status`: the demands with held and wanted."""

import time
from datetime import datetime, timedelta
from typing import Any, NoReturn

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from odcr_cli.amounts import format_amounts
from odcr_cli.demand_tables import read_demands
from odcr_cli.demands import Demand, Sums, sums_of
from odcr_cli.formatting import (
    Number,
    ago,
    bar,
    colour_of,
    format_count,
    format_moment,
    json_fields,
    print_json,
    printable,
)
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

_USUAL_MINUTES = 60
"""Minutes without a run after which the status may be outdated, if the stack has no alarm for it."""
_WIDE = 110
"""The width in columns from which the cost fits beside the status."""


@click.command("status")
@click.option("--watch", type=Number(min=1), is_flag=False, flag_value=5, help="Refresh every N seconds.")
@click.option("--pools", is_flag=True, help="Also show the pools of groups.")
@pass_context
def command(context: Context, watch: float | None, pools: bool) -> None:
    """Shows what each demand holds and wants, with status, reason and cost.

    Ends with 0 if all are met, 1 if some are short, 2 if the status is unknown or no run has started for long. --watch
    goes on until Ctrl-C, and then ends with 130; with --json it prints one line of JSON per refresh.
    """
    source = context.source
    if watch:
        _watch(source, watch, with_pools=pools, in_json=context.as_json)
    demands = read_demands(source)
    if context.as_json:
        print_json(_answer(demands, source))
    else:
        console = Console()
        console.print(render(demands, source, console.width, with_pools=pools))
    if stale := reason_to_doubt(source):
        click.echo(f"odcr: {stale}", err=True)
        click.get_current_context().exit(ERROR)
    click.get_current_context().exit(0 if all(demand.is_met for demand in demands) else 1)


def _watch(source: Source, seconds: float, *, with_pools: bool, in_json: bool) -> NoReturn:
    """Refreshes until somebody interrupts it."""
    if in_json:
        while True:
            print_json(_answer(read_demands(source), source) | {"Doubt": reason_to_doubt(source)}, in_a_line=True)
            time.sleep(seconds)
    console = Console()
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as screen:
        while True:
            seen = render(read_demands(source), source, console.width, with_pools=with_pools)
            screen.update(Group(seen, Text(reason_to_doubt(source), style="yellow")), refresh=True)
            time.sleep(seconds)


def _answer(demands: list[Demand], source: Source) -> dict[str, Any]:
    return {
        "Now": source.now(),
        "Demands": [_as_json(demand) for demand in demands],
        "Sums": sums_of(demands),
    }


def reason_to_doubt(source: Source) -> str:
    """Why the status may be outdated; empty if it is not, or if the runs cannot be read."""
    # docs/how-to/deploy.md: three periods of the schedule; 0 turns the alarm off.
    minutes = int(source.stack.parameters.get("NoRunAlarmMinutes") or 0) or _USUAL_MINUTES
    try:
        newest = source.runs(1)
    except Trouble:
        return ""
    if not newest:
        return "No run has started yet, so it is not known what is held."
    age = source.now() - newest[0]["startDate"]
    if age <= timedelta(minutes=minutes):
        return ""
    started = format_moment(newest[0]["startDate"])
    return f"No run has started since {started} UTC, so this may be outdated. `odcr check` says what is wrong."


def render(demands: list[Demand], source: Source, width: int, *, with_pools: bool = False) -> RenderableType:
    """The demands as a table that fits the width."""
    if not demands:
        return Text("Nothing is wanted yet. `odcr targets set TYPE ZONE COUNT` adds a target.")
    now = source.now()
    is_wide = width >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    table.add_column("demand", overflow="fold", no_wrap=False, ratio=3)
    table.add_column("held", no_wrap=True)
    table.add_column("in use", justify="right", no_wrap=True)
    if is_wide:
        table.add_column("per hour", justify="right", no_wrap=True)
    table.add_column("status", overflow="fold", ratio=4 if is_wide else 3)
    for demand in demands:
        _add(table, demand, now, is_wide=is_wide)
        if with_pools and demand.is_group:
            for pool in demand.pools:
                table.add_row(
                    Text(f"  {printable(pool.name)}", style="dim"),
                    Text(f"{'':10} {format_count(pool.held)}", style="dim"),
                    Text("" if pool.in_use is None else str(pool.in_use), style="dim"),
                    *([Text(format_amounts(pool.costs), style="dim")] if is_wide else []),
                    Text(pool.status + (f": {printable(pool.reason)}" if pool.reason else ""), style="dim"),
                )
    return Group(table, _sums_line(sums_of(demands)))


def _add(table: Table, demand: Demand, now: datetime, *, is_wide: bool) -> None:
    unit = "" if demand.unit == "instances" else f" {demand.unit}"
    held = Text.assemble(
        (bar(demand.held, demand.wanted, 10), colour_of(demand)),
        f" {format_count(demand.held)}/{format_count(demand.wanted)}{unit}",
    )
    since = f" for {ago(demand.since, now)}" if demand.since else ""
    status = Text.assemble(
        (demand.status, colour_of(demand)), since, ".", f" {printable(demand.reason)}" if demand.reason else ""
    )
    if not is_wide and any(demand.costs.values()):
        status.append(f" {format_amounts(demand.costs)} an hour.")
    cells: list[Any] = [printable(demand.name), held, "" if demand.in_use is None else str(demand.in_use)]
    if is_wide:
        cells.append(format_amounts(demand.costs))
    table.add_row(*cells, status)


def _sums_line(sums: Sums) -> Text:
    parts = [
        f"{sums.demands} {'demand' if sums.demands == 1 else 'demands'}, {sums.unmet} not met",
        f"{format_count(sums.held)} of {format_count(sums.wanted)} instances held",
        f"{sums.in_use} in use, {sums.unused} unused",
    ]
    if sums.hourly_cost:
        parts.append(f"{format_amounts(sums.hourly_cost)} an hour")
    if sums.unpriced:
        parts.append(f"{sums.unpriced} of unknown price")
    return Text("; ".join(parts) + ".", style="bold")


def _as_json(demand: Demand) -> dict[str, Any]:
    pools = [json_fields(pool) | {"HourlyCost": pool.costs} for pool in demand.pools]
    return json_fields(demand) | {
        "Missing": demand.missing,
        "IsMet": demand.is_met,
        "HourlyCost": demand.costs,
        "Pools": pools,
    }
