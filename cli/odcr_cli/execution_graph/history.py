"""Reads the events of a history in order.

Items and branches run side by side, so each event names its predecessor in the same strand (previousEventId). Each
event has a place: a scope, and the open visit in it. What an event does not say follows from its predecessor's place.
If the predecessor is missing, the state's name decides.
"""

from typing import Any

from odcr_cli.execution_graph.attempts import Event, Place, apply_event, fail_attempt, scope_of, visit_of_event
from odcr_cli.execution_graph.event_types import MEANINGS, Meaning, details_of_event
from odcr_cli.execution_graph.model import Graph, State
from odcr_cli.execution_graph.text import clean
from odcr_cli.execution_graph.visits import Attempt, Payload, Scope, Status, Visit


class Reader:
    """Collects visits from the events, in the order of their ids."""

    def __init__(self, graph: Graph) -> None:
        self.root = Scope(graph.level)
        self.visits: list[Visit] = []
        self.input: Payload | None = None
        self.output: Payload | None = None
        self.failure: Attempt | None = None
        self.began = self.ended = False
        self._graph = graph
        self._places: dict[int, Place] = {}
        self._latest: dict[str, Visit] = {}
        """The last visit of each state by name, for events without a known predecessor."""

    def read(self, given: dict[str, Any]) -> None:
        """Reads an event; unknown types are ignored."""
        event = Event(int(given["id"]), str(given["type"]), given.get("timestamp"), details_of_event(given))
        before = self._places.get(int(given.get("previousEventId", 0)), Place(self.root))
        place = self._read(MEANINGS.get(event.type, Meaning.NO_EFFECT), before, event)
        self._places[event.number] = place
        for visit in place.around():
            visit.last_event = event.number
            visit.scope.last_event = event.number
        place.scope.last_event = event.number

    def _read(self, meaning: Meaning, before: Place, event: Event) -> Place:
        match meaning:
            case Meaning.STATE_ENTERED:
                return self._enter(before, event)
            case Meaning.STATE_EXITED:
                return self._exit(before, event)
            case Meaning.ITEM_STARTED:
                return self._start_item(before, event)
            case Meaning.ITEM_SUCCEEDED | Meaning.ITEM_FAILED | Meaning.ITEM_ABORTED:
                return self._end_item(meaning, before, event)
            case Meaning.EXECUTION_STARTED:
                self.began, self.input, self.root.started = True, event.payload("input"), event.moment
            case Meaning.EXECUTION_SUCCEEDED | Meaning.EXECUTION_ENDED:
                self._end(meaning, before, event)
            case Meaning.EXECUTION_REDRIVEN:
                self.ended, self.failure, self.root.ended = False, None, None
                if before.visit:
                    before.visit.status, before.visit.ended = Status.RUNNING, None
            case Meaning.STATE_EVALUATION_FAILED:
                return self._fail_evaluation(before, event)
            case Meaning.NO_EFFECT:
                pass
            case _:
                visit = visit_of_event(meaning, before, event)
                if visit:
                    apply_event(meaning, visit, before, event)
                    return Place(visit.scope, visit)
        return before

    def _enter(self, before: Place, event: Event) -> Place:
        scope = scope_of(before, event)
        state = scope.level.states.get(event.name) or self._state_anywhere(event.name)
        if state is None:
            return before
        visit = Visit(state, scope, event.number, event.number, event.moment, input=event.payload("input"))
        if state.kind == "Fail":
            failure = Attempt(
                event.number, event.moment, event.moment, clean(state.error), clean(state.cause), failed=True
            )
            visit.attempts, visit.status, visit.ended = [failure], Status.FAILED, event.moment
        scope.visits.append(visit)
        scope.started = scope.started or event.moment
        self.visits.append(visit)
        self._latest[event.name] = visit
        return Place(scope, visit)

    def _state_anywhere(self, name: str) -> State | None:
        return next((state for state in self._graph.states.values() if state.name == name), None)

    def _named(self, before: Place, event: Event) -> Visit | None:
        """The open visit of the state that an event names."""
        around = (visit for visit in before.around() if visit.state.name == event.name)
        return next(around, None) or self._latest.get(event.name)

    def _exit(self, before: Place, event: Event) -> Place:
        visit = self._named(before, event)
        if visit is None:
            return before
        visit.ended, visit.output = event.moment, event.payload("output")
        visit.status = Status.CAUGHT if visit.failure else Status.SUCCEEDED
        return Place(visit.scope)

    def _start_item(self, before: Place, event: Event) -> Place:
        visit, index = self._named(before, event), int(event.details.get("index", 0))
        if visit is None or not visit.state.levels:
            return before
        if index in visit.items:
            visit.items[index].superseded = True
        item = Scope(visit.state.levels[0], visit, index, event.number, event.number, event.moment)
        visit.items[index] = item
        return Place(item)

    def _end_item(self, meaning: Meaning, before: Place, event: Event) -> Place:
        visit = self._named(before, event)
        item = visit.items.get(int(event.details.get("index", 0))) if visit else None
        if visit is None or item is None:
            return before
        item.ended = event.moment
        item.last_event = event.number
        match meaning:
            case Meaning.ITEM_SUCCEEDED:
                item.status = Status.SUCCEEDED
            case Meaning.ITEM_FAILED:
                item.status = Status.FAILED
                if before.scope is item and before.visit and before.visit.open:
                    before.visit.status, before.visit.ended = Status.FAILED, event.moment
            case _:
                item.status = Status.ABORTED
        return Place(visit.scope, visit)

    def _fail_evaluation(self, before: Place, event: Event) -> Place:
        # The predecessor of this event is the event before the state was entered.
        name = clean(str(event.details.get("state") or ""))
        visit = next((visit for visit in reversed(before.scope.visits) if visit.state.name == name), before.visit)
        visit = visit or self._latest.get(name)
        if visit is None:
            return before
        fail_attempt(visit, Place(visit.scope, visit), event)
        return Place(visit.scope, visit)

    def _end(self, meaning: Meaning, before: Place, event: Event) -> None:
        self.ended, self.root.ended = True, event.moment
        if meaning is Meaning.EXECUTION_SUCCEEDED:
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
