"""The pages of runs: the list, and one run with its execution graph."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import flask
from flask import Blueprint, current_app, flash, g, redirect, request

from odcr_cli import execution_graph
from odcr_cli.console.change import allowed_changes
from odcr_cli.console.read_result import ReadResult
from odcr_cli.console.state_functions import LogLine, function_of, log_line, request_of
from odcr_cli.console.translation import translate as _
from odcr_cli.door import Row, number
from odcr_cli.execution_graph import Details, Graph, Progress
from odcr_cli.execution_graph.details import VisitDetails
from odcr_cli.execution_graph.visits import Status
from odcr_cli.series import is_change
from odcr_cli.source import Run
from odcr_cli.trouble import Trouble

page = Blueprint("runs", __name__, url_prefix="/runs")

_LISTED = 100
_MOST_LOGS = 200
_PATIENCE = 0.5
"""Seconds to wait for the history; after that the changes come with the next refresh."""
_LEAST_SCALE = 0.48
_VIEW_BOX = re.compile(r'viewBox="0 0 ([0-9.]+) ')
_WRONG_FIRST = (Status.FAILED, Status.CAUGHT, Status.RUNNING)


@dataclass(frozen=True)
class RunRow:
    """A run in the list."""

    name: str
    status: str
    started: datetime
    seconds: float
    """The time until now, if it has not ended."""
    is_running: bool
    acquired: float = 0
    lost: float = 0
    changes: int = 0


@page.get("/")
def show() -> str:
    """Shows the newest runs."""
    now = g.source.now()
    runs = ReadResult(lambda: g.source.runs(_LISTED), [])
    first = min((run["startDate"] for run in runs.value), default=now)
    changes = ReadResult(lambda: _changes(first, now), {}) if runs.value else ReadResult(dict, {})
    listed = [_run_row(run, changes.value.get(run["name"], []), now) for run in runs.value]
    return flask.render_template(
        "runs.html",
        runs=listed,
        longest=max((run.seconds for run in listed), default=1) or 1,
        is_all=len(listed) < _LISTED,
        troubles=[result.trouble for result in (runs, changes) if result.trouble],
    )


@page.get("/<name>")
def show_run(name: str) -> str:
    """Shows one run: its graph, and the details of the selected state."""
    run: Run = current_app.config["ENDED_RUNS"].of(g.source, name)
    status = str(run.described["status"])
    graph = execution_graph.graph_of(run.definition, _)
    progress = execution_graph.progress_of(graph, run.events, status)
    selected = request.args.get("state", "")
    if selected not in graph.states:
        selected = _default_state(graph, progress)
    details = execution_graph.details_of(graph, progress, selected, _) if selected else None
    is_full_size = request.args.get("size") == "full"
    size = "full" if is_full_size else None
    drawing = execution_graph.draw(graph, progress, lambda path: _address(name, path, size), selected or None, _)
    function = _function(run, selected)
    logged = _logged_visit(details, request.args["logs"]) if function and "logs" in request.args else None
    logs = ReadResult(lambda: _logs(function, run, logged), []) if logged else ReadResult(list, [])
    return flask.render_template(
        "run.html",
        name=name,
        described=run.described,
        run=_run_row(run.described, [], g.source.now()),
        drawing=drawing,
        width=_least_width(drawing, 1.0 if is_full_size else _LEAST_SCALE),
        is_full_size=is_full_size,
        progress=progress,
        details=details,
        function=function,
        logged=logged,
        is_one_request=bool(logged and request_of(logged)),
        logs=logs.value,
        most_logs=_MOST_LOGS,
        troubles=[logs.trouble] if logs.trouble else [],
    )


@page.post("/start")
def start() -> Any:
    """Starts a run."""
    changes = allowed_changes()
    try:
        name = changes.start_run()
    except Trouble as trouble:
        flash(str(trouble), "error")
        return redirect(flask.url_for("runs.show"))
    flash(_("The run {name} has started.", name=name))
    return redirect(flask.url_for("runs.show_run", name=name))


def _changes(since: datetime, now: datetime) -> dict[str, list[Row]]:
    """The changes of each run in the last week, by the run's name."""
    rows = current_app.config["HISTORY"].rows_within(g.source, max(since, now - timedelta(days=7)), _PATIENCE)
    by_run: dict[str, list[Row]] = {}
    for row in rows or []:
        if is_change(row):
            by_run.setdefault(str(row["Execution"]), []).append(row)
    return by_run


def _run_row(run: dict[str, Any], changes: list[Row], now: datetime) -> RunRow:
    ended = run.get("stopDate")
    # Count a group's instances once, in the rows of its pools.
    pools = [row for row in changes if row["InstanceType"]]
    return RunRow(
        str(run["name"]),
        str(run["status"]),
        run["startDate"],
        max(0.0, ((ended or now) - run["startDate"]).total_seconds()),
        run["status"] == "RUNNING",
        sum(float(number(row.get("Acquired"))) for row in pools),
        sum(float(number(row.get("Lost"))) for row in pools),
        len(changes),
    )


def _default_state(graph: Graph, progress: Progress) -> str:
    """The innermost state that failed, else the running one; empty if all went well."""
    for status in _WRONG_FIRST:
        paths = [path for path in graph.states if progress.summary(path).status is status]
        if paths:
            return max(paths, key=lambda path: path.count("/"))
    return ""


def _address(name: str, path: str, size: str | None) -> str:
    return flask.url_for("runs.show_run", name=name, state=path, size=size, _anchor="state-name")


def _least_width(drawing: str, scale: float) -> int:
    """The width in pixels at which the text is readable; a wider graph scrolls."""
    match = _VIEW_BOX.search(drawing)
    return round(float(match[1]) * scale) if match else 0


def _function(run: Run, path: str) -> str:
    """The name of the selected state's function without the stack's name; empty if it is not the stack's."""
    name, stack = function_of(run.definition, path), f"{g.source.stack.name}-"
    return name.removeprefix(stack) if name.startswith(stack) else ""


def _logged_visit(details: Details | None, asked: str) -> VisitDetails | None:
    """The visit whose log is requested, by the id of its first event; by default the first visit shown."""
    visits = [visit for visit in details.visits if visit.started] if details else []
    return next((visit for visit in visits if str(visit.events[0]) == asked), visits[0] if visits else None)


def _logs(function: str, run: Run, visit: VisitDetails) -> list[LogLine]:
    """The function's log lines during a visit: of its own request if known, else of all requests at that time."""
    started = visit.started or run.described["startDate"]
    end: datetime = run.described.get("stopDate") or g.source.now()
    if visit.seconds is not None:
        end = started + timedelta(seconds=visit.seconds)
    events = g.source.log_lines(function, started, end, request=request_of(visit), limit=_MOST_LOGS)
    return [log_line(event) for event in events]
