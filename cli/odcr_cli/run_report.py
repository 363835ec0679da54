"""What happened in a run: its states in order, and its Maps' items, failed ones first."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odcr_cli.execution_graph import Progress, graph_of, progress_of
from odcr_cli.execution_graph.details import reason_of
from odcr_cli.execution_graph.visits import Scope, Status, Visit
from odcr_cli.source import Run

_WORST_FIRST = (Status.FAILED, Status.ABORTED, Status.CAUGHT, Status.RUNNING, Status.SUCCEEDED, Status.NOT_REACHED)


@dataclass(frozen=True)
class Step:
    """A visit to a state of the outermost level."""

    state: str
    kind: str
    status: str
    started: datetime | None
    seconds: float | None
    """None if it has not ended, or the times are unknown."""
    retries: int
    error: str
    cause: str
    items: int | None
    """A Map's number of items; None for other states."""
    failed: int
    """A Map's number of failed items."""


@dataclass(frozen=True)
class Item:
    """An item of an innermost Map."""

    where: str
    """The Maps and item numbers: `ReserveShortfalls #0, ReserveBranch #3`."""
    demand: str
    """The demand that it works on; empty if its data do not say."""
    status: str
    at: str
    """The state where it failed, or its latest."""
    seconds: float | None
    retries: int
    error: str
    cause: str
    outcome: str
    """The attempt's outcome as text; empty if there is none."""


@dataclass(frozen=True)
class RunReport:
    """What happened in a run."""

    name: str
    status: str
    started: datetime
    ended: datetime | None
    error: str
    cause: str
    steps: tuple[Step, ...]
    items: tuple[Item, ...]
    """Failed items come first."""


def report_of(run: Run) -> RunReport:
    """The report of an execution of any state machine."""
    described = run.described
    progress = progress_of(graph_of(run.definition), run.events, str(described["status"]))
    items = sorted(_items(progress), key=lambda item: _WORST_FIRST.index(Status(item.status)))
    return RunReport(
        str(described["name"]),
        str(described["status"]),
        described["startDate"],
        described.get("stopDate"),
        str(described.get("error") or (progress.failure.error if progress.failure else "")),
        reason_of(str(described.get("cause") or (progress.failure.cause if progress.failure else ""))),
        tuple(_step(visit) for visit in progress.scope.visits),
        tuple(items),
    )


def _step(visit: Visit) -> Step:
    failure = visit.failure
    is_map = visit.state.kind == "Map"
    inner = [scope.status for scope in visit.items.values()]
    return Step(
        visit.state.name,
        visit.state.kind,
        str(visit.status),
        visit.started,
        _seconds(visit.started, visit.ended),
        visit.retries,
        failure.error if failure else "",
        reason_of(failure.cause) if failure else "",
        (visit.length if visit.length is not None else len(inner)) if is_map else None,
        inner.count(Status.FAILED),
    )


def _items(progress: Progress) -> Iterator[Item]:
    visits = [visit for state_visits in progress.visits.values() for visit in state_visits]
    for visit in visits:
        for scope in visit.items.values():
            if not scope.superseded and not any(inner.items for inner in scope.visits):
                yield _item(visit, scope)


def _item(visit: Visit, scope: Scope) -> Item:
    failing = scope.failing_visit
    failure = failing.failure if failing else None
    at = failing or (scope.visits[-1] if scope.visits else None)
    output = _json(scope.visits[-1].output.text) if scope.visits and scope.visits[-1].output else {}
    data = output or (_json(scope.visits[0].input.text) if scope.visits and scope.visits[0].input else {})
    return Item(
        _where(visit, scope),
        _demand(data.get("Target") if isinstance(data.get("Target"), dict) else data),
        str(Status.CAUGHT if failing and scope.status is Status.SUCCEEDED else scope.status),
        at.state.name if at else "",
        _seconds(scope.started, scope.ended),
        sum(visit.retries for visit in scope.visits),
        failure.error if failure else "",
        _cause(failure.cause) if failure else "",
        _outcome(output),
    )


def _where(visit: Visit, scope: Scope) -> str:
    parts = [f"{visit.state.name} #{scope.index}"]
    around = visit.scope
    while around.visit:
        number = f"#{around.index}" if around.visit.state.kind == "Map" else f"branch {around.index + 1}"
        parts.insert(0, f"{around.visit.state.name} {number}")
        around = around.visit.scope
    return ", ".join(parts)


def _demand(event: Any) -> str:
    """The demand's name in a shortfall or an outcome: functions/odcr/domain/shortfall.py."""
    pools = event.get("Pools") if isinstance(event, dict) else None
    first = pools[0] if isinstance(pools, list) and pools else event
    if not isinstance(first, dict):
        return ""
    pool = f"{first.get('InstanceType', '')} {first.get('AvailabilityZone', '')}".strip()
    return str(first.get("GroupName") or pool)


def _outcome(output: dict[str, Any]) -> str:
    outcome = output.get("Outcome")
    if not isinstance(outcome, dict) or "Status" not in outcome:
        return ""
    text = f"{outcome['Status']}, {outcome.get('Reserved', 0)} of {output.get('TargetCapacity', '?')} held"
    if outcome.get("Calls"):
        text += f", {outcome['Calls']} requests, {outcome.get('Refusals', 0)} refused"
    return f"{text}. {outcome['Reason']}" if outcome.get("Reason") else text


def _cause(cause: str) -> str:
    """Why it failed; empty if the cause is the outcome, which is shown beside it."""
    content = _json(cause)
    return "" if "Outcome" in content or "Outcome" in _json(str(content.get("errorMessage", ""))) else reason_of(cause)


def _json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _seconds(started: datetime | None, ended: datetime | None) -> float | None:
    return (ended - started).total_seconds() if started and ended else None
