"""`odcr runs`: the executions, and what happened in one."""

import re
from datetime import datetime, timedelta
from typing import Any

import click
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from odcr_cli.answers import as_json, moment, plain
from odcr_cli.gains import Gain, gains_of
from odcr_cli.main import Context

_WIDE = 110
_MADE_UP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_[0-9a-f-]+)?")
_COLOURS = {"SUCCEEDED": "green", "RUNNING": "blue"}


@click.group("runs", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="So many of the newest.")
@click.pass_context
def command(ctx: click.Context, limit: int) -> None:
    """Lists the runs, the newest first: when, how long, how they ended, and what they got."""
    if ctx.invoked_subcommand:
        return
    context = ctx.find_object(Context)
    assert context is not None  # noqa: S101 - main makes it
    source = context.source
    runs = source.runs(limit)
    oldest = min((run["startDate"] for run in runs), default=source.now())
    gains = gains_of(source.rows("odcr_history", since=moment(oldest)))
    if context.as_json:
        as_json([_as_json(run, gains.get(run["name"], Gain())) for run in runs])
        return
    console = Console()
    console.print(listed(runs, gains, source.now(), console.width))


def listed(runs: list[dict[str, Any]], gains: dict[str, Gain], now: datetime, width: int) -> RenderableType:
    """The runs as a table."""
    if not runs:
        return Text("There has been no run yet. Is the schedule enabled? `odcr check` says.")
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    table.add_column("start, UTC", no_wrap=True)
    table.add_column("took", no_wrap=True, justify="right")
    table.add_column("run", overflow="fold")
    table.add_column("what it did", overflow="fold", ratio=1)
    for run in runs:
        status = str(run["status"])
        did = Text.assemble(
            (status.casefold(), _COLOURS.get(status, "red")), f": {gain}" if (gain := gains.get(run["name"])) else ""
        )
        ended = run.get("stopDate") or now
        table.add_row(
            moment(run["startDate"])[5:], took(ended - run["startDate"]), Text(plain(short(run["name"], width))), did
        )
    return table


def short(name: str, width: int) -> str:
    """A run's name, or as much of one that Step Functions made up as tells it from others."""
    return name[:8] if width < _WIDE and _MADE_UP.fullmatch(name) else name


def took(span: timedelta) -> str:
    """How long something took."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _as_json(run: dict[str, Any], gain: Gain) -> dict[str, Any]:
    return {
        "Name": run["name"],
        "Status": run["status"],
        "Started": run["startDate"],
        "Ended": run.get("stopDate"),
        "Acquired": gain.acquired,
        "Released": gain.released,
        "Lost": gain.lost,
        "OtherStatuses": gain.changes,
    }
