"""The details of a state, for the panel beside the graph."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from odcr_cli.execution_graph.model import Graph, State
from odcr_cli.execution_graph.progress import Progress, Summary, duration
from odcr_cli.execution_graph.text import clean
from odcr_cli.execution_graph.translation import Translate, untranslated
from odcr_cli.execution_graph.visits import Attempt, Payload, Scope, Status, Visit

_SHOWN_CHARACTERS, _SHOWN_VISITS, _SHOWN_ITEMS = 20_000, 50, 500
_ITEM_ORDER = (Status.FAILED, Status.CAUGHT, Status.ABORTED, Status.RUNNING, Status.SUCCEEDED, Status.NOT_REACHED)


@dataclass(frozen=True)
class ShownText:
    """An input, output or cause, with JSON indented."""

    text: str
    cut: bool
    """Whether it was cut, by Step Functions or because it is too long for a page."""


@dataclass(frozen=True)
class AttemptDetails:
    """An attempt of a visit."""

    number: int
    started: datetime | None
    seconds: float | None
    waited: float | None
    """Seconds since the end of the previous attempt."""
    error: str
    cause: ShownText | None


@dataclass(frozen=True)
class VisitDetails:
    """A visit to the state."""

    where: str
    """The items and branches around it: "ReserveShortfalls #3, branch 1"."""
    status: Status
    started: datetime | None
    seconds: float | None
    input: ShownText | None
    output: ShownText | None
    error: str
    cause: ShownText | None
    attempts: list[AttemptDetails]
    events: tuple[int, int]
    """The ids of its first and last event."""
    map_run: str


@dataclass(frozen=True)
class Item:
    """An item of a Map."""

    where: str
    index: int
    status: Status
    """CAUGHT if it succeeded after an error was caught."""
    at: str
    """The path of the state where it failed, or of its latest state."""
    error: str
    reason: str
    """The cause on one line; for an exception in a function, its message."""
    seconds: float | None
    events: tuple[int, int]


@dataclass(frozen=True)
class Details:
    """The details of a state."""

    state: State
    summary: Summary
    visits: list[VisitDetails]
    """Failed visits first, then the latest."""
    more_visits: int
    """How many visits were left out."""
    items: list[Item]
    """A Map's items, failed ones first."""
    more_items: int


def details_of(graph: Graph, progress: Progress, path: str, translate: Translate = untranslated) -> Details | None:
    """The details of the state at a path, in the reader's language; None if there is no such state."""
    state = graph.states.get(path)
    if state is None:
        return None
    visits = progress.visits.get(path, [])
    ordered = sorted(visits, key=lambda visit: (_ITEM_ORDER.index(visit.status), -visit.event))
    scopes = [(visit, item) for visit in visits for item in visit.items.values()]
    items = sorted(
        (_item(visit, scope, translate) for visit, scope in scopes),
        key=lambda item: (_ITEM_ORDER.index(item.status), item.events[0]),
    )
    return Details(
        state,
        progress.summary(path),
        [_entering(visit, translate) for visit in ordered[:_SHOWN_VISITS]],
        max(len(ordered) - _SHOWN_VISITS, 0),
        items[:_SHOWN_ITEMS],
        max(len(items) - _SHOWN_ITEMS, 0),
    )


def _entering(visit: Visit, translate: Translate) -> VisitDetails:
    failure = visit.failure
    return VisitDetails(
        _where(visit.scope, translate),
        visit.status,
        visit.started,
        duration(visit.started, visit.ended),
        _payload(visit.input),
        _payload(visit.output),
        failure.error if failure else "",
        _text(failure.cause) if failure and failure.cause else None,
        [_try(number, visit.attempts) for number in range(len(visit.attempts))],
        (visit.event, visit.last_event),
        visit.map_run,
    )


def _try(number: int, attempts: list[Attempt]) -> AttemptDetails:
    attempt = attempts[number]
    return AttemptDetails(
        number + 1,
        attempt.started,
        duration(attempt.started, attempt.ended),
        duration(attempts[number - 1].ended, attempt.started) if number else None,
        attempt.error,
        _text(attempt.cause) if attempt.cause else None,
    )


def _item(visit: Visit, scope: Scope, translate: Translate) -> Item:
    failing = scope.failing_visit
    failure = failing.failure if failing else None
    status = Status.CAUGHT if failing and scope.status is Status.SUCCEEDED else scope.status
    at = failing or (scope.visits[-1] if scope.visits else None)
    return Item(
        _where(visit.scope, translate),
        scope.index,
        status,
        at.state.path if at else "",
        failure.error if failure else "",
        reason_of(failure.cause) if failure else "",
        duration(scope.started, scope.ended),
        (scope.event, scope.last_event),
    )


def _where(scope: Scope, translate: Translate) -> str:
    parts: list[str] = []
    while scope.visit:
        number = (
            f"#{scope.index}"
            if scope.visit.state.kind == "Map"
            else translate("branch {number}", number=scope.index + 1)
        )
        parts.insert(0, f"{scope.visit.state.name} {number}")
        scope = scope.visit.scope
    return ", ".join(parts)


def reason_of(cause: str) -> str:
    """A cause on one line; for an exception in a function, its message."""
    # https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    try:
        content = json.loads(cause)
    except ValueError:
        content = None
    if isinstance(content, dict) and isinstance(content.get("errorMessage"), str):
        cause = clean(content["errorMessage"])
    line = " ".join(cause.split())
    return line if len(line) <= 300 else line[:299] + "\u2026"


def _payload(payload: Payload | None) -> ShownText | None:
    if payload is None:
        return None
    shown = _text(payload.text)
    return ShownText(shown.text, shown.cut or payload.truncated)


def _text(text: str) -> ShownText:
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    text = clean(text)
    return ShownText(text[:_SHOWN_CHARACTERS], len(text) > _SHOWN_CHARACTERS)
