"""Plays runs on the local cloud, with the deployed stack, and takes down what each used."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.benchmark import Results
from bench.costs.counting import STACKS, standing
from bench.costs.recorder import Recorder, tell
from bench.costs.results import BUSY, DRY, HELD, MET
from bench.costs.standing import DEFAULT
from bench.local_runs import offered
from localcloud.cloud import LocalCloud
from localcloud.stack import Stack, build

SPEED = 60
"""Cloud seconds in a second: the quarter of a minute between two attempts lasts a quarter of a second."""

CASES = ((10, 1), (100, 10), (1000, 100))
"""Targets, and how many of them are short in dry pools: one in ten."""

MANY = 500
"""The most shortfalls that a run works on; of the last case's targets."""

INSTANCES = 5
"""That each target wants."""

_MOST_RUNS = 5
"""In which everything that is to be had is held; a run works on `MANY` targets."""

_Key = tuple[str, str]


def measure() -> Results:
    """Plays everything, in five to twelve minutes on two processors.

    Returns:
        `{"runs": [{"case", "targets", "short", "used"}], "stacks": {name: Standing}, "cold_cpu_ms": {function: ms}}`.
    """
    stacks = {name: standing(given) for name, given in STACKS.items()}
    with LocalCloud(speed=SPEED) as cloud:
        tell("sam build, sam deploy")
        build()
        stack = Stack(cloud)
        stack.deploy({"ScheduleState": "DISABLED"})
        recorder = Recorder(stack, stacks[DEFAULT])
        recorder.run()
        _play(recorder)
        return {
            "runs": recorder.runs,
            "stacks": {name: one.to_json() for name, one in stacks.items()},
            "cold_cpu_ms": recorder.cold_starts(),
        }


def _play(recorder: Recorder) -> None:
    keys = offered(recorder.stack, CASES[-1][0])
    there = 0
    for targets, short in CASES:
        dry = keys[targets - short : targets]
        _want(recorder.stack, keys[there : targets - short], free=INSTANCES)
        for _ in range(_MOST_RUNS):
            if recorder.statuses().get("FULFILLED", 0) < targets - short:
                recorder.run()
        _expect(recorder, FULFILLED=targets - short)
        _want(recorder.stack, dry, free=0)
        _dry_then_met(recorder, dry, targets)
        recorder.take_down(HELD, targets, 0)
        there = targets
    more = keys[:MANY]
    values = ", ".join(f"('{instance_type}', '{zone}')" for instance_type, zone in more)
    recorder.stack.sql(
        f"UPDATE odcr_capacity SET Target_Capacity = {2 * INSTANCES} "  # noqa: S608 - of EC2's own names
        f"WHERE (InstanceType, AvailabilityZone) IN ({values})"
    )
    _dry_then_met(recorder, more, there)
    with _at_work(recorder.stack):
        recorder.take_down(BUSY, there, 0)


@contextmanager
def _at_work(stack: Stack) -> Iterator[None]:
    """Within it, for some seconds, a run holds the lease: Lambda does not run its FindShortfalls."""
    functions, throttled = stack.client("lambda"), f"{stack.name}-FindShortfalls"
    functions.put_function_concurrency(FunctionName=throttled, ReservedConcurrentExecutions=0)
    try:
        execution = stack.start_run()
        while not stack.sql("SELECT 1 FROM odcr_lease WHERE Holder = %s", execution.rpartition(":")[2]):
            time.sleep(0.05)
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=throttled)
    stack.wait(execution)


def _dry_then_met(recorder: Recorder, keys: list[_Key], targets: int) -> None:
    # The first run finds out that a pool is dry, and tells of it; from then on each run asks as the one before.
    recorder.run()
    recorder.take_down(DRY, targets, len(keys))
    _expect(recorder, SHORT=len(keys))
    for key in keys:
        recorder.stack.cloud.capacity.set_free(*key, INSTANCES)
    recorder.take_down(MET, targets, len(keys))
    _expect(recorder, SHORT=0)


def _expect(recorder: Recorder, **statuses: int) -> None:
    standing = recorder.statuses()
    if any(standing.get(status, 0) != count for status, count in statuses.items()):
        raise RuntimeError(f"The targets do not stand as they should ({statuses}): {standing}")


def _want(stack: Stack, keys: list[_Key], free: int) -> None:
    for key in keys:
        stack.cloud.capacity.set_free(*key, free)
    values = ", ".join(f"('{instance_type}', '{zone}', {INSTANCES}, 0)" for instance_type, zone in keys)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")  # noqa: S608 - of EC2's own names
