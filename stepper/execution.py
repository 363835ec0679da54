"""Executions of a state machine that run one attempt at a time, in simulated time."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from stepper.branch import Branch, TaskFailed, carry, iso

Task = Callable[[Any], Any]
"""A Task state's resource: takes the payload, and returns the result or raises TaskFailed."""


class Clock(Protocol):
    """The simulated time of executions."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def wait_until(self, moment: float) -> None:
        """Lets time pass until then; does nothing if that is past."""


class Status(StrEnum):
    """An execution's status, as in DescribeExecution."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class StateMachine:
    """A deployed state machine.

    Args:
        definition: in the States Language, with JSONPath.
        arn: the state machine's ARN.
        tasks: the tasks by `Resource`.
        clock: the time.
        jitter: the seconds that a retrier with full jitter waits, from the most that it may wait.
        carry: the value that the next state gets for one that a state returns; by default a copy after JSON.
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
        """All started executions, by name."""
        self._asleep: list[tuple[float, int, int, Branch]] = []
        """Sleeping tasks, as a heap. An entry is valid if its second number still is its branch's `planned`."""
        self._numbers = count()

    def start(self, name: str, execution_input: Any = None) -> "Execution":
        """StartExecution. No attempt is made yet.

        Raises:
            ValueError: if the name exists.
        """
        if name in self.executions:
            raise ValueError(f"ExecutionAlreadyExists: {name}")
        self.executions[name] = Execution(self, name, {} if execution_input is None else execution_input)
        return self.executions[name]

    def sleeps(self, branch: Branch) -> None:
        """Notes that the branch's task sleeps until the branch is due."""
        heappush(self._asleep, (branch.due, next(self._numbers), branch.planned, branch))

    @property
    def asleep(self) -> list[Branch]:
        """Branches with a sleeping task, even if their execution is over."""
        return [branch for _, _, planned, branch in self._asleep if branch.planned == planned]

    def wait_until(self, moment: float) -> None:
        """Lets time pass until then. Sleeping tasks continue when they are due, even if their execution is over."""
        while self._asleep and self._asleep[0][0] < moment:
            due, _, planned, branch = heappop(self._asleep)
            if branch.planned == planned:
                self.clock.wait_until(max(due, self.clock.now()))
                branch.advance()
        self.clock.wait_until(max(moment, self.clock.now()))


class Execution:
    """One execution. Each branch in `ready` waits for its next attempt, and `step` makes one.

    Args:
        machine: the state machine.
        name: unique.
        execution_input: the input.
    """

    def __init__(self, machine: StateMachine, name: str, execution_input: Any) -> None:
        self.machine, self.name = machine, name
        self.arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        self.started = machine.clock.now()
        self.stopped: float | None = None
        """When it ended; None while it runs."""
        self.status = Status.RUNNING
        self.output: Any = None
        self.failure: TaskFailed | None = None
        """The error of an execution that failed."""
        self.entered: dict[str, float] = {}
        """The time when each state was first entered."""
        self.context = {
            "Execution": {"Id": self.arn, "Input": execution_input, "Name": name, "StartTime": iso(self.started)},
            "StateMachine": {"Id": machine.arn, "Name": machine.arn.split(":")[-1]},
        }
        limit = machine.definition.get("TimeoutSeconds")
        self._deadline = float("inf") if limit is None else self.started + limit
        self._plan: list[tuple[float, int, Branch]] = []
        """What happens next, as a heap. An entry is valid if its number still is its branch's `planned`."""
        self._numbers = count(1)
        self._root = Branch(self, machine.definition, execution_input, {}, self._succeed, self._fail)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.status is not Status.RUNNING

    @property
    def state(self) -> str:
        """The current or last state; a Map, not a state of its items."""
        return self._root.state_name

    @property
    def ready(self) -> list[Branch]:
        """The branches that can be stepped: one, or one for each active item of a Map."""
        return [] if self.is_over else self._root.ready()

    def step(self, which: int = 0, *, twice: bool = False) -> None:
        """Makes one attempt after the wait before it, or continues a sleeping task.

        Args:
            which: index into `ready`, modulo its length.
            twice: runs the task a second time with the same payload; the second answer counts.
        """
        if not (ready := self.ready):
            return
        branch = ready[which % len(ready)]
        planned = branch.planned
        self.machine.wait_until(min(branch.due, self._deadline))
        if not self.is_over_by_now() and branch.planned == planned:
            branch.advance(twice=twice)

    def answer(self, which: int, result: Any) -> None:
        """Continues as if the current task had returned this at once."""
        ready = self.ready
        ready[which % len(ready)].answer(result)

    @property
    def due(self) -> float:
        """When something happens next, in seconds since the epoch; infinity once it is over."""
        while self._plan and (self.is_over or self._plan[0][2].planned != self._plan[0][1]):
            heappop(self._plan)
        return self._plan[0][0] if self._plan else float("inf")

    def plan(self, branch: Branch) -> None:
        """Plans the branch's next attempt for when it is due."""
        branch.planned = next(self._numbers)
        heappush(self._plan, (branch.due, branch.planned, branch))

    def advance(self) -> None:
        """Does what is due first. Tasks that sleep with `stepper.strand.sleep_until` run side by side."""
        self.machine.wait_until(min(self.due, self._deadline))
        if not self.is_over_by_now() and self.due <= self.machine.clock.now():
            _, _, branch = heappop(self._plan)
            branch.advance()

    def run(self) -> "Execution":
        """Makes all attempts, each as soon as possible."""
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
