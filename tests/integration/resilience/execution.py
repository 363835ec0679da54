"""Executions of the deployed state machine in the tests' world, step by step or side by side."""

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
from tests.agreement import Key
from tests.integration.resilience.world import World

_ATTEMPT = "ReserveCapacity"


class Phase(StrEnum):
    """How far an execution is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SKIPPED = "another run is active"
    FAILED = "failed"


class Execution:
    """One run.

    Args:
        world: where it runs.
        name: unique, as Step Functions demands.
        stepper: the run, if it was started already.
    """

    def __init__(self, world: World, name: str, stepper: StepperExecution | None = None) -> None:
        self._world, self.name = world, name
        self.stepper = stepper or world.start(name)

    @property
    def phase(self) -> Phase:
        """How it stands. A run that another one's lease kept from its work succeeded as well, but is told apart."""
        if not self.stepper.is_over:
            return Phase.RUNNING
        if self.stepper.status is not ExecutionStatus.SUCCEEDED:
            return Phase.FAILED
        return Phase.SUCCEEDED if "RecordResults" in self.stepper.entered else Phase.SKIPPED

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.stepper.is_over

    @property
    def failure(self) -> TaskFailed | None:
        """The error by which it failed."""
        return self.stepper.failure

    @property
    def was_prepared(self) -> bool:
        """Whether PrepareDatabase was at work."""
        return "PrepareDatabase" in self.stepper.entered

    def state_of(self, item: int) -> str:
        """The state at hand, or the last one; within the Map, of one of its items."""
        branch = self._branch(item)
        return branch.state_name if branch else self.stepper.state

    def key_of(self, item: int) -> Key | None:
        """Whose attempt is at hand; None outside of the Map, and between its rounds."""
        branch = self._branch(item)
        return _key(branch.input["Target"]) if branch and branch.state_name == _ATTEMPT else None

    def begins(self, item: int) -> bool:
        """Whether the next step begins what is at hand, instead of going on with it after a sleep."""
        branch = self._branch(item)
        return branch is not None and not branch.is_asleep

    def step_for(self, key: Key) -> None:
        """One attempt at this target if it is among the items, else whatever is next."""
        keys = [self.key_of(item) for item in range(len(self.stepper.ready))]
        self.step(keys.index(key) if key in keys else 0)

    def has_met(self, key: Key, since: int = 0) -> bool:
        """Whether an attempt at the target ended with it met, or in excess, that found it not so.

        Args:
            key: the target.
            since: how many invocations had ended before that.
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
        """As if EC2 had nothing for any item of the Map, in any round."""
        while self.stepper.state == "ReserveShortfalls":
            attempts = self._attempts()
            if not attempts:
                self.stepper.advance()
                continue
            # Each request waits for its turn.
            self._world.pass_time(1 / REQUESTS_PER_SECOND)
            target = attempts[0].input["Target"]
            key = TargetKey(*_key(target))
            outcome = Outcome(key, Status.SHORT, target["TargetCapacity"], 0, calls=1)
            self.stepper.answer(self.stepper.ready.index(attempts[0]), to_round(outcome))

    def run(self) -> "Execution":
        """All steps, each as soon as it may be made."""
        self.stepper.run()
        return self

    def step(self, item: int = 0, *, twice: bool = False) -> None:
        """One attempt of the task at hand, or of one item of the Map.

        Args:
            item: which of those that are ready.
            twice: the function runs a second time with the same event.
        """
        self.stepper.step(item, twice=twice)

    def abort(self) -> None:
        """Somebody stops it."""
        self.stepper.abort()

    def _branch(self, item: int) -> Branch | None:
        ready = self.stepper.ready
        return ready[item % len(ready)] if ready else None

    def _attempts(self) -> list[Branch]:
        return [branch for branch in self.stepper.ready if branch.state_name == _ATTEMPT]


def _key(target: dict[str, Any]) -> Key:
    """The row's key; of a group, an empty type and its name."""
    (first, *_) = target.get("Pools") or [target]
    return ("", first["GroupName"]) if "GroupName" in first else (first["InstanceType"], first["AvailabilityZone"])


def _was_met(item: dict[str, Any]) -> bool:
    """Whether an earlier round had met it."""
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
    """All runs since the world was reset, also those that runs have started."""
    return [Execution(world, name, stepper) for name, stepper in world.machine.executions.items()]


def play(
    world: World,
    is_enough: Callable[[], bool],
    *,
    scheduled: float | None = None,
    every: float = 60,
    seconds: float = 1200,
) -> None:
    """All runs go on side by side, each as time passes.

    Args:
        world: where.
        is_enough: whether to stop there.
        scheduled: when the schedule starts its next run; None: it starts none.
        every: seconds from one of these to the next.
        seconds: after how long it has taken too long.
    """
    ends = world.clock.now() + seconds
    number = len(world.machine.executions)
    while not is_enough():
        alive = [one for one in world.machine.executions.values() if not one.is_over]
        following = min(alive, key=lambda one: one.due, default=None)
        due = min(ends, scheduled or ends, following.due if following else ends)
        assert due < ends or scheduled is None, f"after {seconds} s nothing has come of it"
        if due >= ends:
            return
        if following is None or (scheduled is not None and scheduled < following.due):
            world.machine.wait_until(due)
            number += 1
            world.start(f"scheduled-{number}")
            scheduled = due + every
        else:
            following.advance()
