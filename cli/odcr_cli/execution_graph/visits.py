"""What happened in an execution: visits to states, attempts, items of Maps and branches of Parallels."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from odcr_cli.execution_graph.model import Level, State


class Status(StrEnum):
    """The status of a state, an item or an execution."""

    NOT_REACHED = "not reached"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CAUGHT = "caught error"
    ABORTED = "aborted"
    FAILED = "failed"


@dataclass(frozen=True)
class Payload:
    """An input or output, as in the history."""

    text: str
    truncated: bool = False
    """Whether Step Functions cut it, as in CloudWatch's logs but not in its API.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEventExecutionDataDetails.html
    """


@dataclass
class Attempt:
    """An attempt of a visit."""

    event: int
    started: datetime | None
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    failed: bool = False


@dataclass
class Visit:
    """A visit: a state was entered once."""

    state: State
    scope: "Scope"
    event: int
    """The id of the event that entered the state."""
    last_event: int
    started: datetime | None = None
    ended: datetime | None = None
    status: Status = Status.RUNNING
    input: Payload | None = None
    output: Payload | None = None
    attempts: list[Attempt] = field(default_factory=list)
    items: dict[int, "Scope"] = field(default_factory=dict)
    """The items of a Map's last attempt, by index."""
    branches: dict[int, "Scope"] = field(default_factory=dict)
    """The branches of a Parallel's last attempt, by number."""
    length: int | None = None
    """A Map's total number of items."""
    has_failed: bool = False
    """Whether a Map or Parallel has its own failure event, so that the next failure is in a state around it."""
    map_run: str = ""
    """The ARN of a distributed Map's run."""

    @property
    def retries(self) -> int:
        return max(len(self.attempts) - 1, 0)

    @property
    def failure(self) -> Attempt | None:
        """The last attempt, if it failed."""
        return self.attempts[-1] if self.attempts and self.attempts[-1].failed else None

    @property
    def open(self) -> bool:
        return self.status is Status.RUNNING


@dataclass
class Scope:
    """An execution of a level: the machine itself, an item of a Map, or a branch of a Parallel."""

    level: Level
    visit: Visit | None = None
    """The visit of the Map or Parallel around it."""
    index: int = 0
    event: int = 0
    last_event: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    status: Status = Status.RUNNING
    visits: list[Visit] = field(default_factory=list)
    superseded: bool = False
    """Whether a later attempt has repeated it."""

    @property
    def failing_visit(self) -> Visit | None:
        """The last visit that failed, or else whose error was caught."""
        for statuses in ((Status.FAILED, Status.RUNNING), (Status.CAUGHT,)):
            for visit in reversed(self.visits):
                if visit.status in statuses and visit.failure:
                    return visit
        return None
