"""Runs of the product's state machine, step by step or side by side."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.pace import REQUESTS_PER_SECOND
from odcr.domain.rounds import outcome_so_far
from odcr.domain.target import TargetKey
from stepper.branch import Branch, TaskFailed
from stepper.execution import Execution as StepperExecution
from stepper.execution import Status as ExecutionStatus
from tests.consistency import Key
from tests.integration.resilience.world import World

_ATTEMPT = "ReserveCapacity"


class Phase(StrEnum):
    """How far a run is, and how it ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SKIPPED = "another run is active"
    FAILED = "failed"


class Execution:
    """One run.

    Args:
        world: where it runs.
        name: unique, as Step Functions requires.
        stepper: its execution, if already started.
    """

    def __init__(self, world: World, name: str, stepper: StepperExecution | None = None) -> None:
        self._world, self.name = world, name
        self.stepper = stepper or world.start(name)

    @property
    def phase(self) -> Phase:
        """The run's phase. Step Functions also calls a run that did not get the lease succeeded; here it is SKIPPED."""
        if not self.stepper.is_over:
            return Phase.RUNNING
        if self.stepper.status is not ExecutionStatus.SUCCEEDED:
            return Phase.FAILED
        return Phase.SUCCEEDED if "RecordResults" in self.stepper.entered else Phase.SKIPPED

    @property
    def is_over(self) -> bool:
        """Whether it has ended in any way."""
        return self.stepper.is_over

    @property
    def failure(self) -> TaskFailed | None:
        """The error that it failed with, if it did."""
        return self.stepper.failure

    @property
    def was_prepared(self) -> bool:
        """Whether it entered PrepareDatabase."""
        return "PrepareDatabase" in self.stepper.entered

    def state_of(self, item: int) -> str:
        """The current or the last state; within the Map, that of one item."""
        branch = self._branch(item)
        return branch.state_name if branch else self.stepper.state

    def key_of(self, item: int) -> Key | None:
        """The target that this item's next attempt is for; None outside the Map and between its rounds."""
        branch = self._branch(item)
        return _key(branch.input["Target"]) if branch and branch.state_name == _ATTEMPT else None

    def begins(self, item: int) -> bool:
        """Whether the next step begins a state, rather than waking one that sleeps."""
        branch = self._branch(item)
        return branch is not None and not branch.is_asleep

    def step_for(self, key: Key) -> None:
        """One step of this target's item if there is one, else of the first."""
        keys = [self.key_of(item) for item in range(len(self.stepper.ready))]
        self.step(keys.index(key) if key in keys else 0)

    def has_met(self, key: Key, since: int = 0) -> bool:
        """Whether an attempt took the target from not met to met, or to an excess.

        Args:
            key: the target.
            since: the first invocation to look at, by its place in `World.answered`.
        """
        met = ("FULFILLED", "EXCESS")
        return any(
            function == _ATTEMPT
            and event["Execution"] == self.name
            and _key(event["Target"]) == key
            and result.get("Status") in met
            and not _was_met(event["Target"])
            for function, event, result in self._world.answered[since:]
        )

    def decline_all(self) -> None:
        """Answers for every item of the Map, in every round, as if EC2 had no capacity."""
        while self.stepper.state == "ReserveShortfalls":
            attempts = self._attempts()
            if not attempts:
                self.stepper.advance()
                continue
            # Requests are paced.
            self._world.pass_time(1 / REQUESTS_PER_SECOND)
            target = attempts[0].input["Target"]
            key = TargetKey(*_key(target))
            outcome = Outcome(key, Status.SHORT, target["TargetCapacity"], 0, calls=1)
            self.stepper.answer(self.stepper.ready.index(attempts[0]), to_round(outcome))

    def run(self) -> "Execution":
        """Makes all steps, each as soon as it is due."""
        self.stepper.run()
        return self

    def step(self, item: int = 0, *, twice: bool = False) -> None:
        """Makes one step: of the current task, or of one item of the Map.

        Args:
            item: its place among the items that are ready.
            twice: whether the function runs a second time with the same event.
        """
        self.stepper.step(item, twice=twice)

    def abort(self) -> None:
        """Stops it, as a person does."""
        self.stepper.abort()

    def _branch(self, item: int) -> Branch | None:
        ready = self.stepper.ready
        return ready[item % len(ready)] if ready else None

    def _attempts(self) -> list[Branch]:
        return [branch for branch in self.stepper.ready if branch.state_name == _ATTEMPT]


def _key(target: dict[str, Any]) -> Key:
    """The row's key; for a group, an empty type and its name."""
    (first, *_) = target.get("Pools") or [target]
    return ("", first["GroupName"]) if "GroupName" in first else (first["InstanceType"], first["AvailabilityZone"])


def _was_met(item: dict[str, Any]) -> bool:
    """Whether an earlier round met it."""
    before = outcome_so_far(item)
    return before is not None and before.status.is_met


def make_tables(world: World) -> None:
    """A first run, which creates the tables."""
    assert Execution(world, "makes-the-tables").run().phase is Phase.SUCCEEDED


def run(world: World, name: str) -> None:
    """A run a minute later, in cold functions, that has to succeed."""
    world.start_cold()
    world.pass_time(61)
    execution = Execution(world, name).run()
    assert execution.phase is Phase.SUCCEEDED, execution.failure


def all_of(world: World) -> list[Execution]:
    """All runs since the world was reset, including those that runs have started."""
    return [Execution(world, name, stepper) for name, stepper in world.machine.executions.items()]


def play(
    world: World,
    is_done: Callable[[], bool],
    *,
    scheduled: float | None = None,
    every: float = 60,
    seconds: float = 1200,
) -> None:
    """Advances all runs side by side as time passes.

    Args:
        world: where they run.
        is_done: whether to stop.
        scheduled: when the schedule starts its next run; None if it starts none.
        every: the schedule's period, in seconds.
        seconds: the longest that this may take.
    """
    ends = world.clock.now() + seconds
    number = len(world.machine.executions)
    while not is_done():
        alive = [run for run in world.machine.executions.values() if not run.is_over]
        following = min(alive, key=lambda run: run.due, default=None)
        due = min(ends, scheduled or ends, following.due if following else ends)
        assert due < ends or scheduled is None, f"not done after {seconds} s"
        if due >= ends:
            return
        if following is None or (scheduled is not None and scheduled < following.due):
            world.machine.wait_until(due)
            number += 1
            world.start(f"scheduled-{number}")
            scheduled = due + every
        else:
            following.advance()
