"""What runs of the deployed stack use: `make bench ONLY=costs`."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench.costs import stacks
from bench.costs.recorder import FIND, Recorder, instrumented
from bench.costs.stack import Key, deployed, expect, hold, log, offered, statuses, want
from bench.costs.usage import BUSY, DRY, HELD, SLOW
from deployment.build import build

CONCURRENCY = 40
"""Functions that ask at once at most, as in the template's MapConcurrency."""

CASES = ((10, 1), (100, 10), (400, 40), (1000, 100))
"""Targets, and how many of them are short in dry pools: one in ten."""

INSTANCES = 5
"""Instances wanted by each target."""

MOST_RUNS = 5
"""Runs in which every target is visited."""

DRY_DAYS = 30
"""A pool that has been dry for so long is asked once a minute."""


def measure() -> dict[str, Any]:
    """Plays everything, in half an hour: at the pace at which the stack would run on AWS.

    Returns:
        `{"runs": [Run], "stacks": {name: StackCounts}, "cold_cpu_ms": {function: ms}}`.
    """
    counts = {name: stacks.count(given) for name, given in stacks.STACKS.items()}
    log("sam build")
    build()
    with deployed(CONCURRENCY) as stack, instrumented() as writes:
        recorder = Recorder(stack, counts[stacks.DEFAULT]["memory_mb"], writes)
        recorder.run()
        _play(recorder)
        return {"runs": recorder.runs, "stacks": counts, "cold_cpu_ms": recorder.cold_starts()}


def _play(recorder: Recorder) -> None:
    stack = recorder.stack
    keys = offered(stack, CASES[-1][0])
    before = 0
    for targets, short in CASES:
        dry = keys[targets - short : targets]
        _add_held(recorder, keys[before : targets - short])
        if not before:
            with _at_work(recorder):
                recorder.record(BUSY, targets - short, 0)
        want(stack, dry, INSTANCES)
        # The first run finds out that a pool is dry, and announces it; from then on each run is like the one before.
        _run_until(recorder, "SHORT", short)
        for case, days in ((DRY, 0), (SLOW, DRY_DAYS)):
            _set_dry_for(recorder, days)
            recorder.record(case, targets, short)
            expect(stack, SHORT=short, FULFILLED=targets - short)
        for key in dry:
            stack.cloud.capacity.set_free(*key, INSTANCES)
        _set_dry_for(recorder, 0)
        _run_until(recorder, "FULFILLED", targets)
        expect(stack, FULFILLED=targets)
        recorder.run()
        recorder.record(HELD, targets, 0)
        before = targets


def _run_until(recorder: Recorder, status: str, count: int) -> None:
    for _ in range(MOST_RUNS):
        if statuses(recorder.stack).get(status, 0) < count:
            recorder.run()


def _set_dry_for(recorder: Recorder, days: int) -> None:
    """Makes it look as if all dry pools had been dry for so long."""
    since = f"UTC_TIMESTAMP() - INTERVAL {days:d} DAY"
    recorder.stack.sql(f"UPDATE odcr_status SET Dry_Since = {since} WHERE Dry_Since IS NOT NULL")  # noqa: S608 - a number


@contextmanager
def _at_work(recorder: Recorder) -> Iterator[None]:
    """Within it, for some seconds, a run holds the lease: Lambda does not run its FindShortfalls."""
    stack = recorder.stack
    with recorder.throttled(FIND):
        execution = stack.start_run()
        while not stack.sql("SELECT 1 FROM odcr_lease WHERE Holder = %s", execution.rpartition(":")[2]):
            time.sleep(0.05)
        yield
    recorder.end(execution)


def _add_held(recorder: Recorder, keys: Sequence[Key]) -> None:
    """Adds targets that already hold what they want, and lets a run record them."""
    hold(recorder.stack, keys, INSTANCES)
    want(recorder.stack, keys, INSTANCES)
    recorder.run()
    expect(recorder.stack, SHORT=0)
