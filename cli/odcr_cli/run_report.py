"""What happened in a run, in lines: its states in order, and its items, those that failed first."""

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
    """One visit of a state of the machine itself."""

    state: str
    kind: str
    status: str
    started: datetime | None
    seconds: float | None
    """None: it is still at work, or nobody knows."""
    retries: int
    error: str
    cause: str
    items: int | None
    """Of a Map, how many it has."""
    failed: int
    """Of a Map, how many of them failed."""


@dataclass(frozen=True)
class Item:
    """One item of a Map, in which no other Map has items."""

    where: str
    """The Maps and the numbers: `ReserveShortfalls #0, ReserveBranch #3`."""
    demand: str
    """What it is of; empty if its data do not say."""
    status: str
    at: str
    """The state where it failed, or where it is."""
    seconds: float | None
    retries: int
    error: str
    cause: str
    outcome: str
    """How the demand stands, in the words of the attempt; empty if there is none."""


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
    """Those that failed first."""


def report_of(run: Run) -> RunReport:
    """What happened in an execution of any state machine."""
    described = run.described
    progress = progress_of(graph_of(run.definition), run.events, str(described["status"]))
    items = sorted(_items(progress), key=lambda one: _WORST_FIRST.index(Status(one.status)))
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
    visits = [visit for found in progress.visits.values() for visit in found]
    for visit in visits:
        for scope in visit.items.values():
            if not scope.superseded and not any(inner.items for inner in scope.visits):
                yield _item(visit, scope)


def _item(visit: Visit, scope: Scope) -> Item:
    failing = scope.failing_visit
    failure = failing.failure if failing else None
    at = failing or (scope.visits[-1] if scope.visits else None)
    said = _json(scope.visits[-1].output.text) if scope.visits and scope.visits[-1].output else {}
    given = said or (_json(scope.visits[0].input.text) if scope.visits and scope.visits[0].input else {})
    return Item(
        _where(visit, scope),
        _demand(given.get("Target") if isinstance(given.get("Target"), dict) else given),
        str(Status.CAUGHT if failing and scope.status is Status.SUCCEEDED else scope.status),
        at.state.name if at else "",
        _seconds(scope.started, scope.ended),
        sum(one.retries for one in scope.visits),
        failure.error if failure else "",
        _cause(failure.cause) if failure else "",
        _outcome(said),
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
    """As a shortfall and an outcome say what they are of; see functions/odcr/domain/shortfall.py."""
    pools = event.get("Pools") if isinstance(event, dict) else None
    first = pools[0] if isinstance(pools, list) and pools else event
    if not isinstance(first, dict):
        return ""
    pool = f"{first.get('InstanceType', '')} {first.get('AvailabilityZone', '')}".strip()
    return str(first.get("GroupName") or pool)


def _outcome(said: dict[str, Any]) -> str:
    found = said.get("Outcome")
    if not isinstance(found, dict) or "Status" not in found:
        return ""
    text = f"{found['Status']}, {found.get('Reserved', 0)} of {said.get('TargetCapacity', '?')} held"
    if found.get("Calls"):
        text += f", {found['Calls']} requests, {found.get('Refusals', 0)} refused"
    return f"{text}. {found['Reason']}" if found.get("Reason") else text


def _cause(cause: str) -> str:
    """Why it failed; empty where the cause is the outcome, which stands beside it."""
    said = _json(cause)
    return "" if "Outcome" in said or "Outcome" in _json(str(said.get("errorMessage", ""))) else reason_of(cause)


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(started: datetime | None, ended: datetime | None) -> float | None:
    return (ended - started).total_seconds() if started and ended else None
