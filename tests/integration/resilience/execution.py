"""Executions of the deployed state machine in the tests' world, step by step or side by side."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.target import TargetKey
from stepper.branch import Branch, TaskFailed
from stepper.execution import Execution as Played
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
        played: the run, if it was started already.
    """

    def __init__(self, world: World, name: str, played: Played | None = None) -> None:
        self._world, self.name = world, name
        self.played = played or world.machine.start(name)

    @property
    def phase(self) -> Phase:
        """How it stands. A run that another one's lease kept from its work succeeded as well, but is told apart."""
        if not self.played.is_over:
            return Phase.RUNNING
        if self.played.status is not ExecutionStatus.SUCCEEDED:
            return Phase.FAILED
        return Phase.SUCCEEDED if "RecordResults" in self.played.entered else Phase.SKIPPED

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.played.is_over

    @property
    def state(self) -> str:
        """The state at hand, or the last one; an item's within the Map."""
        ready = self.played.ready
        return ready[0].state_name if ready else self.played.state

    @property
    def failure(self) -> TaskFailed | None:
        """The error by which it failed."""
        return self.played.failure

    @property
    def was_prepared(self) -> bool:
        """Whether PrepareDatabase was at work."""
        return "PrepareDatabase" in self.played.entered

    def keys(self) -> list[Key]:
        """The targets whose attempts are at hand, in the order of the Map's items."""
        return [_key(branch.input["Target"]) for branch in self._attempts()]

    def key_of(self, item: int) -> Key | None:
        """Whose turn it is in the Map; None outside of it."""
        keys = self.keys()
        return keys[item % len(keys)] if keys else None

    def step_for(self, key: Key) -> None:
        """One attempt at this target if it is among the items, else whatever is next."""
        keys = self.keys()
        self.step(keys.index(key) if key in keys else 0)

    def is_met(self, key: Key) -> bool:
        """Whether an attempt at the target ended with it met, or in excess."""
        return any(
            function == _ATTEMPT
            and event["Execution"] == self.name
            and _key(event["Target"]) == key
            and result.get("Status") in ("FULFILLED", "EXCESS")
            for function, event, result in self._world.answered
        )

    def decline_all(self) -> None:
        """As if EC2 had nothing for any item of the Map."""
        while attempts := self._attempts():
            target = attempts[0].input["Target"]
            key = TargetKey.from_event(target)
            outcome = Outcome(key, Status.SHORT, target["TargetCapacity"], 0, calls=1)
            self.played.answer(self.played.ready.index(attempts[0]), to_round(outcome))

    def run(self) -> "Execution":
        """All steps, each as soon as it may be made."""
        self.played.run()
        return self

    def step(self, item: int = 0, *, twice: bool = False) -> None:
        """One attempt of the task at hand, or of one item of the Map.

        Args:
            item: which of those that are ready.
            twice: the function runs a second time with the same event.
        """
        self.played.step(item, twice=twice)

    def abort(self) -> None:
        """Somebody stops it."""
        self.played.abort()

    def _attempts(self) -> list[Branch]:
        return [branch for branch in self.played.ready if branch.state_name == _ATTEMPT]


def _key(target: dict[str, Any]) -> Key:
    return target["InstanceType"], target["AvailabilityZone"]


def all_of(world: World) -> list[Execution]:
    """All runs since the world was reset, also those that runs have started."""
    return [Execution(world, name, played) for name, played in world.machine.executions.items()]


def play(world: World, is_enough: Callable[[], bool], *, scheduled: float | None = None, seconds: float = 1200) -> None:
    """All runs go on side by side, each as time passes.

    Args:
        world: where.
        is_enough: whether to stop there.
        scheduled: when the schedule starts its next run; it starts one each minute. None: it is off.
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
            world.machine.start(f"scheduled-{number}")
            scheduled = due + 60
        else:
            following.advance()
