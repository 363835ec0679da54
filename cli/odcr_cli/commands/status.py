"""`odcr status`: how each demand stands."""

import time
from datetime import datetime, timedelta
from typing import Any, NoReturn

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from odcr_cli.amounts import moneys
from odcr_cli.answers import Number, ago, amount, as_json, bar, colour_of, fields_of, moment, plain
from odcr_cli.demands import Demand, Sums, read_demands, sums_of
from odcr_cli.main import ERROR, Context, pass_context
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

_USUAL_MINUTES = 60
"""Without a run, after which what is shown may be old, where the stack has no alarm for that."""
_WIDE = 110
"""Columns from which on there is room for the cost and the time beside the reason."""


@click.command("status")
@click.option("--watch", type=Number(min=1), is_flag=False, flag_value=5, help="Look again every N seconds.")
@click.option("--pools", is_flag=True, help="Show the pools of groups as well.")
@pass_context
def command(context: Context, watch: float | None, pools: bool) -> None:
    """Shows held and wanted of each demand, with status, reason and cost.

    Ends with 0 if all are met, 1 if some are short, 2 if that could not be found out, or no run has looked for long.
    --watch goes on until Ctrl-C, and then ends with 130; with --json it prints a line of JSON for each look.
    """
    source = context.source
    if watch:
        _watch(source, watch, with_pools=pools, in_json=context.as_json)
    demands = read_demands(source)
    if context.as_json:
        as_json(_answer(demands, source))
    else:
        console = Console()
        console.print(shown(demands, source, console.width, with_pools=pools))
    if stale := reason_to_doubt(source):
        click.echo(f"odcr: {stale}", err=True)
        click.get_current_context().exit(ERROR)
    click.get_current_context().exit(0 if all(one.is_met for one in demands) else 1)


def _watch(source: Source, seconds: float, *, with_pools: bool, in_json: bool) -> NoReturn:
    """Looks again and again, until somebody interrupts it."""
    if in_json:
        while True:
            as_json(_answer(read_demands(source), source) | {"Doubt": reason_to_doubt(source)}, in_a_line=True)
            time.sleep(seconds)
    console = Console()
    with Screen(console=console, screen=console.is_terminal, auto_refresh=False) as screen:
        while True:
            seen = shown(read_demands(source), source, console.width, with_pools=with_pools)
            screen.update(Group(seen, Text(reason_to_doubt(source), style="yellow")), refresh=True)
            time.sleep(seconds)


def _answer(demands: list[Demand], source: Source) -> dict[str, Any]:
    return {
        "Now": source.now(),
        "Demands": [_as_json(one) for one in demands],
        "Sums": sums_of(demands),
    }


def reason_to_doubt(source: Source) -> str:
    """Why what is shown may be old; empty if it is not, or if nothing is known of the runs."""
    # Three periods of the schedule, as docs/how-to/deploy.md says; 0 where nobody is to be alarmed.
    minutes = int(source.stack.parameters.get("NoRunAlarmMinutes") or 0) or _USUAL_MINUTES
    try:
        newest = source.runs(1)
    except Trouble:
        return ""
    if not newest:
        return "No run has started yet, so nothing is known of what is held."
    age = source.now() - newest[0]["startDate"]
    if age <= timedelta(minutes=minutes):
        return ""
    started = moment(newest[0]["startDate"])
    return f"No run has started since {started} UTC, so what is shown may be old. `odcr check` says what is wrong."


def shown(demands: list[Demand], source: Source, width: int, *, with_pools: bool = False) -> RenderableType:
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
                    Text(f"  {plain(pool.name)}", style="dim"),
                    Text(f"{'':10} {amount(pool.held)}", style="dim"),
                    Text("" if pool.in_use is None else str(pool.in_use), style="dim"),
                    *([Text(moneys(pool.costs), style="dim")] if is_wide else []),
                    Text(pool.status + (f": {plain(pool.reason)}" if pool.reason else ""), style="dim"),
                )
    return Group(table, _sums_line(sums_of(demands)))


def _add(table: Table, demand: Demand, now: datetime, *, is_wide: bool) -> None:
    unit = "" if demand.unit == "instances" else f" {demand.unit}"
    held = Text.assemble(
        (bar(demand.held, demand.wanted, 10), colour_of(demand)),
        f" {amount(demand.held)}/{amount(demand.wanted)}{unit}",
    )
    since = f" for {ago(demand.since, now)}" if demand.since else ""
    status = Text.assemble(
        (demand.status, colour_of(demand)), since, f". {plain(demand.reason)}" if demand.reason else ""
    )
    if not is_wide and any(demand.costs.values()):
        status.append(f" {moneys(demand.costs)} an hour.")
    cells: list[Any] = [plain(demand.name), held, "" if demand.in_use is None else str(demand.in_use)]
    if is_wide:
        cells.append(moneys(demand.costs))
    table.add_row(*cells, status)


def _sums_line(sums: Sums) -> Text:
    parts = [
        f"{sums.demands} demands, {sums.unmet} not met",
        f"{amount(sums.held)} of {amount(sums.wanted)} instances held",
        f"{sums.in_use} in use, {sums.unused} unused",
    ]
    if sums.hourly_cost:
        parts.append(f"{moneys(sums.hourly_cost)} an hour")
    if sums.unpriced:
        parts.append(f"{sums.unpriced} of unknown price")
    return Text("; ".join(parts) + ".", style="bold")


def _as_json(one: Demand) -> dict[str, Any]:
    pools = [fields_of(pool) | {"HourlyCost": pool.costs} for pool in one.pools]
    return fields_of(one) | {"Missing": one.missing, "IsMet": one.is_met, "HourlyCost": one.costs, "Pools": pools}
