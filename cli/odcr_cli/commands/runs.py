"""`odcr runs`: the executions of the state machine."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from odcr_cli.formatting import format_moment, json_fields, print_json, printable
from odcr_cli.gains import Gain, gains_of
from odcr_cli.main import Context, pass_context
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

if TYPE_CHECKING:
    from odcr_cli.run_report import RunReport, Step

_WIDE = 110
_MOST_LOOKED_THROUGH = 1000
"""The newest runs that are searched for the beginning of a name."""
_MADE_UP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_[0-9a-f-]+)?")
_COLOURS = {"SUCCEEDED": "green", "RUNNING": "blue"}


@click.group("runs", invoke_without_command=True)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many of the newest runs."
)
@click.pass_context
def command(ctx: click.Context, limit: int) -> None:
    """Lists the runs, newest first: start, duration, outcome, and what they acquired."""
    if ctx.invoked_subcommand:
        return
    context = ctx.find_object(Context)
    assert context is not None  # noqa: S101 - main makes it
    source = context.source
    runs = source.runs(limit)
    oldest = min((run["startDate"] for run in runs), default=source.now())
    gains = gains_of(source.rows("odcr_history", since=format_moment(oldest)))
    if context.as_json:
        print_json({"Runs": [_as_json(run, gains.get(run["name"], Gain())) for run in runs]})
        return
    console = Console()
    console.print(render_list(runs, gains, source.now(), console.width))


def render_list(runs: list[dict[str, Any]], gains: dict[str, Gain], now: datetime, width: int) -> RenderableType:
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
            format_moment(run["startDate"])[5:],
            took(ended - run["startDate"]),
            Text(printable(short(run["name"], width))),
            did,
        )
    return table


def short(name: str, width: int) -> str:
    """A run's name; on narrow screens only the start of a generated one."""
    return name[:8] if width < _WIDE and _MADE_UP.fullmatch(name) else name


def took(span: timedelta) -> str:
    """A duration as text."""
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


@command.command("show")
@click.argument("run")
@click.option(
    "--items", "most", type=click.IntRange(min=0), default=40, show_default=True, help="How many items at most."
)
@pass_context
def show(context: Context, run: str, most: int) -> None:
    """Shows what happened in RUN: its states in order, then its Maps' items, failed ones first.

    RUN is a run's name, its beginning, or its ARN.
    """
    # Imported here because listing runs does not need it.
    from odcr_cli.run_report import report_of

    source = context.source
    report = report_of(source.run(full_name(run, source)))
    if context.as_json:
        print_json(json_fields(report))
        return
    Console().print(render_run(report, source.now(), most))


def full_name(beginning: str, source: Source) -> str:
    """The full name of the run whose name begins so; the text itself if there is none.

    Raises:
        Trouble: if several names begin so.
    """
    if beginning.startswith("arn:"):
        return beginning
    names = [str(run["name"]) for run in source.runs(_MOST_LOOKED_THROUGH)]
    matches = [name for name in names if name.startswith(beginning)]
    if beginning in matches or not matches:
        return beginning
    if len(matches) > 1:
        raise Trouble(
            f"{len(matches)} runs begin with {beginning!r}. Give more of the name: {matches[0]}, {matches[1]} ..."
        )
    return matches[0]


def render_run(report: "RunReport", now: datetime, most: int) -> RenderableType:
    """A run's report as lines and tables."""
    head = Text.assemble(
        (printable(report.name), "bold"),
        "  ",
        (report.status.casefold(), _COLOURS.get(report.status, "red")),
        f"  {format_moment(report.started)} UTC, {took((report.ended or now) - report.started)}",
    )
    parts: list[RenderableType] = [head]
    if report.error or report.cause:
        parts.append(Text(printable(f"{report.error}: {report.cause}"), style="red"))
    steps = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    for title, look in (("at", {}), ("took", {"justify": "right"}), ("state", {})):
        steps.add_column(title, no_wrap=title != "state", **look)  # type: ignore[arg-type]
    steps.add_column("how it ended", overflow="fold", ratio=1)
    for step in report.steps:
        steps.add_row(
            f"{step.started.astimezone(UTC):%H:%M:%S}" if step.started else "",
            took(timedelta(seconds=step.seconds)) if step.seconds is not None else "",
            Text(printable(step.state)),
            _ending(step.status, step.retries, step.error, step.cause, _items_of(step)),
        )
    parts.append(steps)
    if report.items and most:
        items = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
        items.add_column("item", overflow="fold", ratio=2)
        items.add_column("took", no_wrap=True, justify="right")
        items.add_column("how it ended", overflow="fold", ratio=3)
        for item in report.items[:most]:
            name = Text(printable(item.demand)) if item.demand else Text(printable(item.where))
            if item.demand:
                name.append(f"\n{printable(item.where)}", style="dim")
            at = "" if item.status == "succeeded" else f"at {item.at}"
            items.add_row(
                name,
                took(timedelta(seconds=item.seconds)) if item.seconds is not None else "",
                _ending(item.status, item.retries, item.error, item.cause, at, item.outcome),
            )
        parts += [Text(), items]
        if len(report.items) > most:
            parts.append(Text(f"... and {len(report.items) - most} more; --items shows them."))
    return Group(*parts)


def _items_of(step: "Step") -> str:
    if step.items is None:
        return ""
    return ("1 item" if step.items == 1 else f"{step.items} items") + (f", {step.failed} failed" if step.failed else "")


def _ending(status: str, retries: int, error: str, cause: str, *more: str) -> Text:
    text = Text(status, style="red" if status in ("failed", "aborted") else "yellow" if "caught" in status else "")
    parts = [f"{retries} retries" if retries > 1 else "1 retry" if retries else "", *more]
    for part in parts:
        text.append(f", {printable(part)}" if part else "")
    if error or cause:
        text.append(f" ({printable(': '.join(one for one in (error, cause) if one))})")
    return text
