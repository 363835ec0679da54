"""Reads the events of a history one after the other.

Each event names the one before it in its own strand (previousEventId), for items and branches run side by side. So each
event has a place: a scope, and the visit that is open in it. What an event does not say follows from the place of the
one before it. Where that one is missing, the name of the state decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odcr_cli.execution_graph.event_types import SENSES, Sense, details_of_event, kind_of
from odcr_cli.execution_graph.model import Graph, State
from odcr_cli.execution_graph.text import clean
from odcr_cli.execution_graph.visits import Attempt, Payload, Scope, Status, Visit


@dataclass(frozen=True)
class _Place:
    scope: Scope
    visit: Visit | None = None

    def around(self) -> Iterator[Visit]:
        """The visit that is open here, and those around it."""
        if self.visit:
            yield self.visit
        scope: Scope | None = self.scope
        while scope and scope.visit:
            yield scope.visit
            scope = scope.visit.scope


@dataclass(frozen=True)
class _Event:
    number: int
    type: str
    moment: datetime | None
    details: dict[str, Any]

    @property
    def name(self) -> str:
        return clean(str(self.details.get("name", "")))

    def payload(self, name: str) -> Payload | None:
        """The input or the output; none if the history was read without them."""
        if name not in self.details:
            return None
        said = self.details.get(f"{name}Details") or {}
        return Payload(clean(str(self.details[name])), bool(said.get("truncated")))

    def attempt(self) -> Attempt:
        """The failure that the event tells of."""
        error, cause = (clean(str(self.details.get(name) or "")) for name in ("error", "cause"))
        return Attempt(self.number, self.moment, self.moment, error, cause, failed=True)


class Reader:
    """Takes events in the order of their ids."""

    def __init__(self, graph: Graph) -> None:
        self.root = Scope(graph.level)
        self.visits: list[Visit] = []
        self.input: Payload | None = None
        self.output: Payload | None = None
        self.failure: Attempt | None = None
        self.began = self.ended = False
        self._graph = graph
        self._places: dict[int, _Place] = {}
        self._latest: dict[str, Visit] = {}
        """The last visit of each state, by name, for events whose predecessor is missing."""

    def read(self, given: dict[str, Any]) -> None:
        """Takes in one event; a type that is newer than this is passed over."""
        event = _Event(int(given["id"]), str(given["type"]), given.get("timestamp"), details_of_event(given))
        before = self._places.get(int(given.get("previousEventId", 0)), _Place(self.root))
        place = self._read(SENSES.get(event.type, Sense.PASSING), before, event)
        self._places[event.number] = place
        for visit in place.around():
            visit.last_event = event.number
            visit.scope.last_event = event.number
        place.scope.last_event = event.number

    def _read(self, sense: Sense, before: _Place, event: _Event) -> _Place:
        match sense:
            case Sense.STATE_ENTERED:
                return self._enter(before, event)
            case Sense.STATE_EXITED:
                return self._exit(before, event)
            case Sense.ITEM_STARTED:
                return self._start_item(before, event)
            case Sense.ITEM_SUCCEEDED | Sense.ITEM_FAILED | Sense.ITEM_ABORTED:
                return self._end_item(sense, before, event)
            case Sense.EXECUTION_STARTED:
                self.began, self.input, self.root.started = True, event.payload("input"), event.moment
            case Sense.EXECUTION_SUCCEEDED | Sense.EXECUTION_ENDED:
                self._end(sense, before, event)
            case Sense.EXECUTION_REDRIVEN:
                self.ended, self.failure, self.root.ended = False, None, None
                if before.visit:
                    before.visit.status, before.visit.ended = Status.RUNNING, None
            case Sense.PASSING:
                pass
            case _:
                visit = _worked_on(sense, before, event)
                if visit:
                    _work(sense, visit, before, event)
                    return _Place(visit.scope, visit)
        return before

    def _enter(self, before: _Place, event: _Event) -> _Place:
        scope = _scope_of(before, event)
        state = scope.level.states.get(event.name) or self._state_anywhere(event.name)
        if state is None:
            return before
        visit = Visit(state, scope, event.number, event.number, event.moment, input=event.payload("input"))
        if state.kind == "Fail":
            said = Attempt(
                event.number, event.moment, event.moment, clean(state.error), clean(state.cause), failed=True
            )
            visit.attempts, visit.status, visit.ended = [said], Status.FAILED, event.moment
        scope.visits.append(visit)
        scope.started = scope.started or event.moment
        self.visits.append(visit)
        self._latest[event.name] = visit
        return _Place(scope, visit)

    def _state_anywhere(self, name: str) -> State | None:
        return next((state for state in self._graph.states.values() if state.name == name), None)

    def _named(self, before: _Place, event: _Event) -> Visit | None:
        """The visit of the state that the event names."""
        around = (visit for visit in before.around() if visit.state.name == event.name)
        return next(around, None) or self._latest.get(event.name)

    def _exit(self, before: _Place, event: _Event) -> _Place:
        visit = self._named(before, event)
        if visit is None:
            return before
        visit.ended, visit.output = event.moment, event.payload("output")
        visit.status = Status.CAUGHT if visit.failure else Status.SUCCEEDED
        return _Place(visit.scope)

    def _start_item(self, before: _Place, event: _Event) -> _Place:
        visit, index = self._named(before, event), int(event.details.get("index", 0))
        if visit is None or not visit.state.levels:
            return before
        if index in visit.items:
            visit.items[index].superseded = True
        item = Scope(visit.state.levels[0], visit, index, event.number, event.number, event.moment)
        visit.items[index] = item
        return _Place(item)

    def _end_item(self, sense: Sense, before: _Place, event: _Event) -> _Place:
        visit = self._named(before, event)
        item = visit.items.get(int(event.details.get("index", 0))) if visit else None
        if visit is None or item is None:
            return before
        item.ended = event.moment
        item.last_event = event.number
        match sense:
            case Sense.ITEM_SUCCEEDED:
                item.status = Status.SUCCEEDED
            case Sense.ITEM_FAILED:
                item.status = Status.FAILED
                if before.scope is item and before.visit and before.visit.open:
                    before.visit.status, before.visit.ended = Status.FAILED, event.moment
            case _:
                item.status = Status.ABORTED
        return _Place(visit.scope, visit)

    def _end(self, sense: Sense, before: _Place, event: _Event) -> None:
        self.ended, self.root.ended = True, event.moment
        if sense is Sense.EXECUTION_SUCCEEDED:
            self.output = event.payload("output")
            return
        self.failure = event.attempt()
        visit = before.visit
        if event.type == "ExecutionFailed" and visit:
            failure = visit.failure
            if failure is None:
                visit.attempts.append(event.attempt())
            elif not failure.error:
                failure.error, failure.cause = self.failure.error, self.failure.cause
            visit.status, visit.ended = Status.FAILED, event.moment


def _scope_of(before: _Place, event: _Event) -> Scope:
    """The scope of the state that is entered: this one, a new branch of the Parallel, or the nearest around it."""
    parallel = before.visit
    if parallel and parallel.state.kind == "Parallel" and parallel.open:
        for number, level in enumerate(parallel.state.levels):
            if number not in parallel.branches:
                branch = Scope(level, parallel, number, event.number, event.number, event.moment)
                if event.name in level.states:
                    parallel.branches[number] = branch
                    return branch
    scope: Scope | None = before.scope
    while scope:
        if event.name in scope.level.states:
            return scope
        scope = scope.visit.scope if scope.visit else None
    return before.scope


def _worked_on(sense: Sense, before: _Place, event: _Event) -> Visit | None:
    """The visit that an event is about which names no state."""
    kind, named = kind_of(event.type), clean(str(event.details.get("state") or ""))
    for visit in before.around():
        if named:
            if visit.state.name == named:
                return visit
        elif not kind:
            return visit if visit is before.visit else None
        elif visit.state.kind == kind and visit.open:
            # A Map that has failed inside another one, which now fails as well.
            if sense is Sense.ATTEMPT_FAILED and visit.failure and not visit.state.distributed:
                continue
            return visit
    return None


def _work(sense: Sense, visit: Visit, before: _Place, event: _Event) -> None:
    if sense is Sense.MAP_RUN_STARTED:
        visit.map_run = str(event.details.get("mapRunArn", ""))
    elif sense is Sense.ATTEMPT_STARTED:
        for scope in (*visit.items.values(), *visit.branches.values()):
            scope.superseded = True
        visit.items, visit.branches = {}, {}
        visit.length = event.details.get("length", visit.length)
        visit.attempts.append(Attempt(event.number, event.moment))
    elif sense is Sense.STATE_ABORTED:
        visit.status, visit.ended = Status.ABORTED, event.moment
    elif sense is Sense.ATTEMPT_SUCCEEDED:
        if visit.attempts:
            visit.attempts[-1].ended = event.moment
    else:
        _fail(visit, before, event)


def _fail(visit: Visit, before: _Place, event: _Event) -> None:
    failure = event.attempt()
    inner = before.visit if before.visit is not visit else None
    if inner and inner.open:
        inner.status, inner.ended = Status.FAILED, event.moment
    if not failure.error and visit.state.levels:
        # Map and Parallel fail with the error of what failed inside, and their events do not repeat it.
        scopes = [*visit.items.values(), *visit.branches.values()]
        inside = [scope.failing_visit for scope in scopes if scope.status is not Status.SUCCEEDED]
        cause = next((one.failure for one in (inner, *inside) if one and one.failure), visit.failure)
        failure.error, failure.cause = (cause.error, cause.cause) if cause else ("", "")
    if visit.attempts:
        attempt = visit.attempts[-1]
        attempt.ended, attempt.failed = event.moment, True
        attempt.error, attempt.cause = failure.error, failure.cause
    else:
        visit.attempts.append(failure)
