"""One execution of the state machine, step by step, as its definition says, with the real handlers in this process."""

import json
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import find_shortfalls.app
import load_targets.app
import prepare_database.app
import record_results.app
import reserve_capacity.app
from odcr.domain.outcome import Outcome
from odcr.domain.status import Status
from odcr.domain.target import TargetKey
from tests.agreement import Key
from tests.integration.resilience.calls import Killed
from tests.integration.resilience.world import World

STATES = json.loads((Path(__file__).parents[3] / "statemachine" / "acquire_capacity.asl.json").read_text())["States"]
ITEM_STATES = STATES["ReserveShortfalls"]["ItemProcessor"]["States"]
HANDLERS: dict[str, Callable[..., dict[str, Any]]] = {
    "LoadTargets": load_targets.app.handler,
    "PrepareDatabase": prepare_database.app.handler,
    "FindShortfalls": find_shortfalls.app.handler,
    "ReserveCapacity": reserve_capacity.app.handler,
    "RecordResults": record_results.app.handler,
    "ReleaseLease": record_results.app.handler,
}


class Phase(StrEnum):
    """Where an execution is."""

    LOAD = "LoadTargets"
    PREPARE = "PrepareDatabase"
    FIND = "FindShortfalls"
    RESERVE = "ReserveCapacity"
    RECORD = "RecordResults"
    RELEASE = "ReleaseLease"
    SUCCEEDED = "succeeded"
    SKIPPED = "another run is active"
    FAILED = "failed"


class Failed(Exception):  # noqa: N818 - a task ended with an error that nothing retries any more
    """Args: the error's name, and its cause as the state machine sees it."""

    def __init__(self, error: str, cause: dict[str, Any]) -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause


class Task:
    """One task state with its event and its retriers' counters."""

    def __init__(self, world: World, name: str, event: dict[str, Any]) -> None:
        self._world, self.name, self._event = world, name, event
        definition = ITEM_STATES[name] if name in ITEM_STATES else STATES[name]
        self._retriers = definition["Retry"]
        self._used: Counter[int] = Counter()

    @property
    def attempt(self) -> int:
        """How often it was repeated."""
        return sum(self._used.values())

    def invoke(self) -> dict[str, Any]:
        """One invocation, whatever comes of it."""
        event = {**self._event, "Attempt": self.attempt} if self.name == "ReserveCapacity" else self._event
        self._world.age_database()
        result: dict[str, Any] = HANDLERS[self.name](json.loads(json.dumps(event)), Context(self._world))
        return json.loads(json.dumps(result))  # type: ignore[no-any-return]

    def step(self, *, twice: bool = False) -> dict[str, Any] | None:
        """One attempt; None if it is to be repeated, after the time that the retrier says.

        Raises:
            Failed: it is not to be repeated any more.
        """
        try:
            result = self.invoke()
            return self.invoke() if twice else result
        except Killed:
            error, cause = "Runtime.ExitError", {"errorMessage": "Runtime exited"}
        except Exception as exception:  # noqa: BLE001 - whatever a handler raises is an answer
            error, cause = type(exception).__name__, {"errorMessage": str(exception)}
        self._world.start_cold()
        for number, retrier in enumerate(self._retriers):
            if error in retrier["ErrorEquals"] or "States.ALL" in retrier["ErrorEquals"]:
                if self._used[number] == retrier["MaxAttempts"]:
                    break
                self._world.pass_time(_interval(retrier, self._used[number]))
                self._used[number] += 1
                return None
        raise Failed(error, cause)


def _interval(retrier: dict[str, Any], used: int) -> float:
    seconds = min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** used, retrier.get("MaxDelaySeconds", 1e9))
    # Full jitter may wait hardly at all, which is the worst for who looks again.
    return 0.1 if retrier.get("JitterStrategy") == "FULL" else float(seconds)


class Context:
    """Lambda's, of a function that has its time before it."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, world: World) -> None:
        self._world, self._started = world, world.clock.now()

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds of the 120 seconds that ReserveCapacity has."""
        return int(max(0.0, 120 - (self._world.clock.now() - self._started)) * 1000)


class Execution:
    """One run.

    Args:
        world: where it runs.
        name: unique, as Step Functions demands.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world, self.name = world, name
        self.phase = Phase.LOAD
        self.failure: Failed | None = None
        self._found: dict[str, Any] = {}
        self._outcomes: dict[int, dict[str, Any]] = {}
        self.items: dict[int, Task] = {}
        """What is still to be reserved, by its place in the Map."""
        self.was_prepared = False
        """Whether PrepareDatabase was at work."""
        self._task = self._loading()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.phase in (Phase.SUCCEEDED, Phase.SKIPPED, Phase.FAILED)

    def key_of(self, item: int) -> Key | None:
        """Whose turn it is in the Map; None outside of it."""
        if self.phase is not Phase.RESERVE:
            return None
        target = self._found["Shortfalls"][sorted(self.items)[item % len(self.items)]]
        return target["InstanceType"], target["AvailabilityZone"]

    def step_for(self, key: Key) -> None:
        """One attempt at this target if it is among the items, else whatever is next."""
        waiting = [self._found["Shortfalls"][index] for index in sorted(self.items)] if self.items else []
        same = [n for n, one in enumerate(waiting) if (one["InstanceType"], one["AvailabilityZone"]) == key]
        self.step(same[0] if same else 0)

    def is_met(self, key: Key) -> bool:
        """Whether an attempt at the target ended with it met, or in excess."""
        met = [one for one in self._outcomes.values() if one["Status"] in ("FULFILLED", "EXCESS")]
        return key in [(one["InstanceType"], one["AvailabilityZone"]) for one in met]

    def decline_all(self) -> None:
        """As if EC2 had nothing for any item of the Map."""
        for index in list(self.items):
            target = self._found["Shortfalls"][index]
            key = TargetKey.from_event(target)
            self._outcomes[index] = Outcome(key, Status.SHORT, target["TargetCapacity"], 0, calls=1).to_event()
            del self.items[index]
        self._record_if_done()

    def run(self) -> "Execution":
        """All steps, the items one after another."""
        while not self.is_over:
            self.step()
        return self

    def step(self, item: int = 0, *, twice: bool = False) -> None:
        """One attempt of the task at hand, or of one item of the Map.

        Args:
            item: which of the items that are left.
            twice: the function runs a second time with the same event.
        """
        if self.phase is Phase.RESERVE:
            index = sorted(self.items)[item % len(self.items)]
            self._reserve(index, self.items[index], twice=twice)
            return
        try:
            result = self._task.step(twice=twice)
        except Failed as failure:
            self._failed(failure)
            return
        if result is not None:
            self._go_on(result)

    def _loading(self) -> Task:
        lease_seconds = STATES["LoadTargets"]["Parameters"]["LeaseSeconds"]
        return Task(self._world, "LoadTargets", {"Execution": self.name, "LeaseSeconds": lease_seconds})

    def _go_on(self, result: dict[str, Any]) -> None:
        if self.phase is Phase.PREPARE:
            self.phase, self._task, self.was_prepared = Phase.LOAD, self._loading(), True
        elif self.phase is Phase.LOAD:
            if result["Lease"] == "BUSY":
                self.phase = Phase.SKIPPED
                return
            event = {name: result[name] for name in ("Targets", "Rejected", "Complete")}
            self.phase, self._task = Phase.FIND, Task(self._world, "FindShortfalls", event)
        elif self.phase is Phase.FIND:
            self._found = result
            self.phase = Phase.RESERVE
            self.items = {
                index: Task(
                    self._world,
                    "ReserveCapacity",
                    {"Target": one, "Execution": self.name, "Index": index, "Shortfalls": len(result["Shortfalls"])},
                )
                for index, one in enumerate(result["Shortfalls"])
            }
            self._record_if_done()
        else:
            self.phase = Phase.SUCCEEDED if self.phase is Phase.RECORD else Phase.FAILED

    def _reserve(self, index: int, task: Task, *, twice: bool) -> None:
        target = self._found["Shortfalls"][index]
        try:
            outcome = task.step(twice=twice)
        except Failed as failure:
            if failure.error in ITEM_STATES["ReserveCapacity"]["Catch"][0]["ErrorEquals"]:
                outcome = json.loads(failure.cause["errorMessage"])
            else:
                fields = ITEM_STATES["TargetFailed"]["Parameters"]
                copied = {name[:-2]: target[name[:-2]] for name in fields if fields[name].startswith("$.Target.")}
                outcome = {
                    **copied,
                    "Status": fields["Status"],
                    "Reason": f"ReserveCapacity ended with {failure.error}",
                }
        if outcome is not None:
            self._outcomes[index] = outcome
            del self.items[index]
            self._record_if_done()

    def _record_if_done(self) -> None:
        if not self.items:
            event = {
                "Execution": self.name,
                "Outcomes": [self._outcomes[index] for index in sorted(self._outcomes)],
                "Observed": self._found["Observed"],
                "Rejected": self._found["Rejected"],
            }
            self.phase, self._task = Phase.RECORD, Task(self._world, "RecordResults", event)

    def _failed(self, failure: Failed) -> None:
        if self.phase is Phase.RELEASE:
            self.phase = Phase.FAILED
            return
        if self.phase is Phase.LOAD and failure.error == "LoginRefused" and not self.was_prepared:
            self.phase, self._task = Phase.PREPARE, Task(self._world, "PrepareDatabase", {"Execution": self.name})
            return
        self.failure = failure
        event = {"Execution": self.name, "Outcomes": [], "Observed": [], "Rejected": [], "Failure": failure.error}
        self.phase, self._task = Phase.RELEASE, Task(self._world, "ReleaseLease", event)
