"""What happened in an execution: visits of states, attempts, items of Maps and branches of Parallels."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from odcr_cli.execution_graph.model import Level, State


class Status(StrEnum):
    """How a state, an item or an execution stands."""

    NOT_REACHED = "not reached"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CAUGHT = "caught error"
    ABORTED = "aborted"
    FAILED = "failed"


@dataclass(frozen=True)
class Payload:
    """An input or output as the history has it."""

    text: str
    truncated: bool = False
    """Whether Step Functions cut it, as it does in CloudWatch's logs, not in answers of its API.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEventExecutionDataDetails.html
    """


@dataclass
class Attempt:
    """One try of a state's work."""

    event: int
    started: datetime | None
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    failed: bool = False


@dataclass
class Visit:
    """One entering of a state."""

    state: State
    scope: "Scope"
    event: int
    """The id of the event by which the state was entered."""
    last_event: int
    started: datetime | None = None
    ended: datetime | None = None
    status: Status = Status.RUNNING
    input: Payload | None = None
    output: Payload | None = None
    attempts: list[Attempt] = field(default_factory=list)
    items: dict[int, "Scope"] = field(default_factory=dict)
    """A Map's items of its last attempt, by their index."""
    branches: dict[int, "Scope"] = field(default_factory=dict)
    """A Parallel's branches of its last attempt."""
    length: int | None = None
    """How many items a Map has in all."""
    has_failed: bool = False
    """Whether a Map or Parallel said itself that it failed, so that what fails next is around it."""
    map_run: str = ""
    """The ARN of a distributed Map's own run."""

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
    """One execution of a level: the machine itself, one item of a Map, one branch of a Parallel."""

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
    """Whether a later attempt did it once more."""

    @property
    def failing_visit(self) -> Visit | None:
        """The visit whose error tells most: one that failed, else one whose error was caught."""
        for statuses in ((Status.FAILED, Status.RUNNING), (Status.CAUGHT,)):
            for visit in reversed(self.visits):
                if visit.status in statuses and visit.failure:
                    return visit
        return None
