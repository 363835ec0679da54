"""Executions of a state machine that are played one attempt at a time, in a time that somebody else lets pass."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from stepper.branch import Branch, TaskFailed, carry, iso

Task = Callable[[Any], Any]
"""What a Task state's resource does: takes the payload, returns the result, or raises TaskFailed."""


class Clock(Protocol):
    """The time that an execution lives in."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def wait_until(self, moment: float) -> None:
        """Lets time pass until then, if it is not past."""


class Status(StrEnum):
    """As DescribeExecution has it."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class StateMachine:
    """A deployed state machine.

    Args:
        definition: in the States Language, with JSONPath.
        arn: its own.
        tasks: what each Task state's `Resource` does.
        clock: the time.
        jitter: the seconds that a retrier with full jitter waits, of those that it may.
        carry: what arrives of a value that one state hands to the next; by default as JSON, if it is not too large.
    """

    def __init__(
        self,
        definition: Mapping[str, Any],
        arn: str,
        tasks: Mapping[str, Task],
        clock: Clock,
        jitter: Callable[[float], float] = lambda _seconds: 0.0,
        carry: Callable[[Any], Any] = carry,
    ) -> None:
        self.definition, self.arn, self.tasks, self.clock = definition, arn, tasks, clock
        self.jitter, self.carry = jitter, carry
        self.executions: dict[str, Execution] = {}
        """All that were started, by name."""
        self._asleep: list[tuple[float, int, int, Branch]] = []
        """Tasks that sleep, as a heap; an entry counts if its branch still names the second number."""
        self._numbers = count()

    def start(self, name: str, given: Any = None) -> "Execution":
        """StartExecution; nothing is done yet.

        Raises:
            ValueError: there was one of this name.
        """
        if name in self.executions:
            raise ValueError(f"ExecutionAlreadyExists: {name}")
        self.executions[name] = Execution(self, name, {} if given is None else given)
        return self.executions[name]

    def sleeps(self, branch: Branch) -> None:
        """The branch's task sleeps until the branch is due."""
        heappush(self._asleep, (branch.due, next(self._numbers), branch.planned, branch))

    @property
    def asleep(self) -> list[Branch]:
        """What has a task that sleeps, though its execution may be over."""
        return [branch for _, _, planned, branch in self._asleep if branch.planned == planned]

    def wait_until(self, moment: float) -> None:
        """Lets time pass until then. Each task that sleeps goes on when it is due, though its execution is over."""
        while self._asleep and self._asleep[0][0] < moment:
            due, _, planned, branch = heappop(self._asleep)
            if branch.planned == planned:
                self.clock.wait_until(max(due, self.clock.now()))
                branch.advance()
        self.clock.wait_until(max(moment, self.clock.now()))


class Execution:
    """One execution. It stands before an attempt of each branch in `ready`, and `step` makes one.

    Args:
        machine: whose.
        name: unique.
        given: its input.
    """

    def __init__(self, machine: StateMachine, name: str, given: Any) -> None:
        self.machine, self.name = machine, name
        self.arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        self.started = machine.clock.now()
        self.stopped: float | None = None
        """When it ended."""
        self.status = Status.RUNNING
        self.output: Any = None
        self.failure: TaskFailed | None = None
        """The error of an execution that failed."""
        self.entered: dict[str, float] = {}
        """The states that were entered, with the time when each was first."""
        self.context = {
            "Execution": {"Id": self.arn, "Input": given, "Name": name, "StartTime": iso(self.started)},
            "StateMachine": {"Id": machine.arn, "Name": machine.arn.split(":")[-1]},
        }
        limit = machine.definition.get("TimeoutSeconds")
        self._deadline = float("inf") if limit is None else self.started + limit
        self._plan: list[tuple[float, int, Branch]] = []
        """What happens next, as a heap; an entry counts if its branch still names its number."""
        self._numbers = count(1)
        self._root = Branch(self, machine.definition, given, {}, self._succeed, self._fail)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.status is not Status.RUNNING

    @property
    def state(self) -> str:
        """The state that it is in, or ended in; a Map's, not its items'."""
        return self._root.state_name

    @property
    def ready(self) -> list[Branch]:
        """What may be stepped: the Task or Wait states at hand, one for each item of a Map that is worked on."""
        return [] if self.is_over else self._root.ready()

    def step(self, which: int = 0, *, twice: bool = False) -> None:
        """One attempt, after the wait that comes before it, or what follows a task's sleep; up to the next of these.

        Args:
            which: of those that are ready, counted round.
            twice: the task runs a second time with the same payload, and the second answer counts.
        """
        if not (ready := self.ready):
            return
        branch = ready[which % len(ready)]
        planned = branch.planned
        self.machine.wait_until(min(branch.due, self._deadline))
        if not self.is_over_by_now() and branch.planned == planned:
            branch.advance(twice=twice)

    def answer(self, which: int, result: Any) -> None:
        """As if the task at hand had returned this at once."""
        ready = self.ready
        ready[which % len(ready)].answer(result)

    @property
    def due(self) -> float:
        """When something happens next, in seconds since the epoch; never, once it is over."""
        while self._plan and (self.is_over or self._plan[0][2].planned != self._plan[0][1]):
            heappop(self._plan)
        return self._plan[0][0] if self._plan else float("inf")

    def plan(self, branch: Branch) -> None:
        """Something happens to the branch when it is due."""
        branch.planned = next(self._numbers)
        heappush(self._plan, (branch.due, branch.planned, branch))

    def advance(self) -> None:
        """Lets happen what is due first. Where tasks sleep by `stepper.strand.sleep_until`, they run side by side."""
        self.machine.wait_until(min(self.due, self._deadline))
        if not self.is_over_by_now() and self.due <= self.machine.clock.now():
            _, _, branch = heappop(self._plan)
            branch.advance()

    def run(self) -> "Execution":
        """All attempts, each as soon as it may be made."""
        while not self.is_over:
            self.advance()
        return self

    def abort(self) -> None:
        """StopExecution."""
        if not self.is_over:
            self._end(Status.ABORTED)

    def is_over_by_now(self) -> bool:
        if not self.is_over and self.machine.clock.now() >= self._deadline:
            self._end(Status.TIMED_OUT)
        return self.is_over

    def _succeed(self, output: Any) -> None:
        self.output = output
        self._end(Status.SUCCEEDED)

    def _fail(self, failure: TaskFailed) -> None:
        self.failure = failure
        self._end(Status.FAILED)

    def _end(self, status: Status) -> None:
        self.status, self.stopped = status, min(self.machine.clock.now(), self._deadline)
