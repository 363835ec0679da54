"""An execution's progress, from its history as GetExecutionHistory returns it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from odcr_cli.execution_graph.history import Reader
from odcr_cli.execution_graph.model import END, START, Graph
from odcr_cli.execution_graph.visits import Attempt, Payload, Scope, Status, Visit

_WORST_FIRST = (Status.RUNNING, Status.FAILED, Status.ABORTED, Status.CAUGHT, Status.SUCCEEDED)
_STATUSES = {
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    "RUNNING": Status.RUNNING,
    "PENDING_REDRIVE": Status.RUNNING,
    "SUCCEEDED": Status.SUCCEEDED,
    "FAILED": Status.FAILED,
    "TIMED_OUT": Status.FAILED,
    "ABORTED": Status.ABORTED,
}


@dataclass(frozen=True)
class Items:
    """How many items a Map has, by status."""

    total: int
    succeeded: int
    failed: int
    running: int
    aborted: int


@dataclass(frozen=True)
class Summary:
    """A state's status over all its visits."""

    status: Status
    entered: int = 0
    retries: int = 0
    counts: dict[Status, int] = field(default_factory=dict)
    """In how many items or branches it has which status, by its last visit in each."""
    items: Items | None = None


@dataclass(frozen=True)
class Progress:
    """The progress of an execution."""

    status: Status
    scope: Scope
    """The outermost scope: the execution itself."""
    visits: dict[str, list[Visit]]
    """The visits to each state that was reached, by path, in the order of the events."""
    input: Payload | None
    output: Payload | None
    failure: Attempt | None
    """The error that ended the execution."""
    events: int
    """The number of events read."""
    complete: bool
    """Whether the history has its first event and, if the execution has ended, its last."""

    def taken_transitions(self) -> set[tuple[str, str, bool]]:
        """The transitions that the execution made: source, target, and whether an error was caught."""
        made = set()
        for scope in {id(visit.scope): visit.scope for visits in self.visits.values() for visit in visits}.values():
            made |= {
                (before.state.path, two.state.path, before.status is Status.CAUGHT)
                for before, two in pairwise(scope.visits)
            }
            if scope.visits and scope is self.scope:
                made.add((START, scope.visits[0].state.path, False))
                if self.status is not Status.RUNNING and scope.visits[-1].status is not Status.ABORTED:
                    made.add((scope.visits[-1].state.path, END, False))
        return made

    def summary(self, path: str) -> Summary:
        """The summary of the state at a path."""
        visits = self.visits.get(path, [])
        last = list({id(visit.scope): visit for visit in visits if not _is_superseded(visit.scope)}.values())
        if not last:
            return Summary(Status.NOT_REACHED)
        counts = Counter(visit.status for visit in last)
        return Summary(
            next(status for status in _WORST_FIRST if counts[status]),
            len(visits),
            sum(visit.retries for visit in visits),
            dict(counts),
            _items(last) if last[0].state.kind == "Map" and not last[0].state.distributed else None,
        )


def _is_superseded(scope: Scope) -> bool:
    return scope.superseded or (scope.visit is not None and _is_superseded(scope.visit.scope))


def _items(visits: list[Visit]) -> Items:
    counts = Counter(item.status for visit in visits for item in visit.items.values())
    total = sum(len(visit.items) if visit.length is None else max(visit.length, len(visit.items)) for visit in visits)
    return Items(total, counts[Status.SUCCEEDED], counts[Status.FAILED], counts[Status.RUNNING], counts[Status.ABORTED])


def progress_of(graph: Graph, events: list[dict[str, object]], status: str) -> Progress:
    """The progress of an execution.

    Args:
        graph: the definition's graph.
        events: the history as boto3 returns it, in any order; parts may be missing.
        status: the status as DescribeExecution returns it. An Express workflow has no history: give no events.
    """
    reader = Reader(graph)
    for event in sorted(events, key=lambda event: int(str(event["id"]))):
        reader.read(event)
    ended = _STATUSES.get(status, Status.RUNNING)
    _settle(reader.root, ended, reader.failure)
    visits: dict[str, list[Visit]] = {}
    for visit in reader.visits:
        visits.setdefault(visit.state.path, []).append(visit)
    complete = reader.began and (ended is Status.RUNNING or reader.ended)
    return Progress(ended, reader.root, visits, reader.input, reader.output, reader.failure, len(events), complete)


def _settle(scope: Scope, ended: Status, failure: Attempt | None) -> None:
    """Sets a final status for everything still open in a scope that has ended."""
    if scope.status is Status.RUNNING:
        scope.status = ended
    for visit in scope.visits:
        if visit.open and scope.status is not Status.RUNNING:
            if visit.failure or visit.state.kind == "Fail":
                visit.status = Status.FAILED
            else:
                visit.status = Status.SUCCEEDED if scope.status is Status.SUCCEEDED else Status.ABORTED
            visit.ended = visit.ended or scope.ended or (failure.ended if failure else None)
        for inner in (*visit.items.values(), *visit.branches.values()):
            _settle(inner, _inner_status(visit, inner), None)


def _inner_status(visit: Visit, inner: Scope) -> Status:
    """The status of an item or branch without an end event; branches never have one."""
    last = inner.visits[-1] if inner.visits else None
    if last and last.status is Status.FAILED:
        return Status.FAILED
    if visit.open:
        return Status.SUCCEEDED if last and not last.open else Status.RUNNING
    if last and last.open:
        return Status.SUCCEEDED if visit.status is Status.SUCCEEDED else Status.ABORTED
    return Status.SUCCEEDED if last and last.status is not Status.ABORTED else Status.ABORTED


def duration(started: datetime | None, ended: datetime | None) -> float | None:
    """Seconds between two moments, if both are known."""
    return (ended - started).total_seconds() if started and ended else None
