"""Handles the events that name no state: the attempts of a visit, and how they end.

AWS does not document how the events of failing and repeated Maps and Parallels are linked. LocalStack's tests, which
are validated against AWS, have the histories of real executions:
https://github.com/localstack/localstack/tree/main/tests/aws/services/stepfunctions/v2/scenarios
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odcr_cli.execution_graph.event_types import Meaning, state_kind_of
from odcr_cli.execution_graph.text import clean
from odcr_cli.execution_graph.visits import Attempt, Payload, Scope, Status, Visit


@dataclass(frozen=True)
class Place:
    """Where an event belongs: a scope, and the open visit in it."""

    scope: Scope
    visit: Visit | None = None

    def around(self) -> Iterator[Visit]:
        """The open visit here, then those around it."""
        if self.visit:
            yield self.visit
        scope: Scope | None = self.scope
        while scope and scope.visit:
            yield scope.visit
            scope = scope.visit.scope


@dataclass(frozen=True)
class Event:
    """An event of the history."""

    number: int
    type: str
    moment: datetime | None
    details: dict[str, Any]

    @property
    def name(self) -> str:
        """The state's name; empty if the event names none."""
        return clean(str(self.details.get("name", "")))

    def payload(self, name: str) -> Payload | None:
        """The input or output; None if the history was read without data."""
        if name not in self.details:
            return None
        details = self.details.get(f"{name}Details") or {}
        return Payload(clean(str(self.details[name])), bool(details.get("truncated")))

    def attempt(self) -> Attempt:
        """A failed attempt with the event's error and cause."""
        error, cause = (clean(str(self.details.get(name) or "")) for name in ("error", "cause"))
        return Attempt(self.number, self.moment, self.moment, error, cause, failed=True)


def scope_of(before: Place, event: Event) -> Scope:
    """The scope of an entered state: a new branch of the Parallel, or the nearest scope that has the state."""
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


def visit_of_event(meaning: Meaning, before: Place, event: Event) -> Visit | None:
    """The visit that an event without a state's name is about."""
    kind = state_kind_of(event.type)
    if not kind:
        return before.visit
    around = [visit for visit in before.around() if visit.state.kind == kind and visit.open]
    if meaning is Meaning.STATE_ABORTED:
        # In a failing Map, all aborted tasks name the event of the failure as their predecessor.
        return next((visit for visit in around if visit is before.visit and not visit.failure), None)
    return next((visit for visit in around if not visit.has_failed), around[0] if around else None)


def apply_event(meaning: Meaning, visit: Visit, before: Place, event: Event) -> None:
    """Applies an event to a visit."""
    if meaning is Meaning.MAP_RUN_STARTED:
        visit.map_run = str(event.details.get("mapRunArn", ""))
    elif meaning is Meaning.ATTEMPT_STARTED:
        if visit.state.levels and visit.attempts and not visit.failure:
            # Step Functions retries a Map or a Parallel without an event for its failure.
            fail_attempt(visit, before, event)
        for scope in (*visit.items.values(), *visit.branches.values()):
            scope.superseded = True
        visit.items, visit.branches, visit.has_failed = {}, {}, False
        visit.length = event.details.get("length", visit.length)
        visit.attempts.append(Attempt(event.number, event.moment))
    elif meaning is Meaning.STATE_ABORTED:
        visit.status, visit.ended = Status.ABORTED, event.moment
    elif meaning is Meaning.ATTEMPT_SUCCEEDED:
        if visit.attempts:
            visit.attempts[-1].ended = event.moment
    else:
        fail_attempt(visit, before, event)
        visit.has_failed = event.type in ("MapStateFailed", "ParallelStateFailed")


def fail_attempt(visit: Visit, before: Place, event: Event) -> None:
    """Marks a visit's attempt, and the failed visit inside, as failed."""
    failure = event.attempt()
    inner = before.visit if before.visit is not visit else None
    if inner and inner.open:
        inner.status, inner.ended = Status.FAILED, event.moment
    if not failure.error and visit.state.levels:
        # Map and Parallel fail with the error from inside, but their events do not repeat it.
        scopes = [*visit.items.values(), *visit.branches.values()]
        inside = [scope.failing_visit for scope in scopes if scope.status is not Status.SUCCEEDED]
        cause = next((failed.failure for failed in (visit, inner, *inside) if failed and failed.failure), None)
        failure.error, failure.cause = (cause.error, cause.cause) if cause else ("", "")
    if visit.attempts:
        attempt = visit.attempts[-1]
        attempt.ended, attempt.failed = event.moment, True
        attempt.error, attempt.cause = failure.error, failure.cause
    else:
        visit.attempts.append(failure)
