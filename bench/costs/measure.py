"""What runs use, of which the months are reckoned: `make bench ONLY=costs`."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench.costs import stacks
from bench.costs.recorder import FIND, Recorder, instrumented
from bench.costs.usage import BUSY, DRY, HELD, MET, SLOW, Run
from bench.runs import stack as runs
from bench.runs.stack import Key, expect, log, offered, statuses, want
from demo.build import build
from demo.stack import Stack

SPEED = 5
"""Cloud seconds in a second. EC2's request rate and a run's length are in cloud time, but a function's work is not."""

SPEED_OF_MANY = 2
"""Where many are asked for at EC2's rate, or in four Regions; this computer answers no faster."""

AT_ONCE = 40
"""Functions that ask at once at most, as the template's MapConcurrency has it."""

CASES = ((10, 1), (100, 10), (400, 40), (1000, 100))
"""Targets, and how many of them are short in dry pools: one in ten."""

MANY = 500
"""The most shortfalls that a run works on; of as many targets as the last case has."""

REGIONS = ("ap-northeast-1", "eu-west-1", "us-east-1", "us-west-2")
SHORT_OVER_REGIONS = (10, 40, 100, 500)

INSTANCES = 5
"""Wanted by each target."""

MOST_RUNS = 5
"""In which every target has been visited."""

DRY_DAYS = 30
"""A pool that has been dry for so long is asked once a minute."""


def measure() -> dict[str, Any]:
    """Plays everything, in some twenty minutes on two processors.

    Returns:
        `{"runs": [Run], "stacks": {name: StackCounts}, "cold_cpu_ms": {function: ms}}`.
    """
    counts = {name: stacks.count(given) for name, given in stacks.STACKS.items()}
    log("sam build")
    build()
    plays: tuple[tuple[Callable[[Recorder], None], float], ...] = (
        (_one_region, SPEED),
        (_many, SPEED_OF_MANY),
        (_over_regions, SPEED_OF_MANY),
    )
    played: list[Run] = []
    cold_starts: dict[str, int] = {}
    for play, speed in plays:
        with runs.deployed(speed, AT_ONCE) as stack, instrumented(stack.cloud.clock) as writes:
            recorder = Recorder(stack, counts[stacks.DEFAULT]["memory_mb"], writes)
            recorder.run()
            play(recorder)
            played += recorder.runs
            cold_starts = cold_starts or recorder.cold_starts()
    return {"runs": played, "stacks": counts, "cold_cpu_ms": cold_starts}


def _one_region(recorder: Recorder) -> None:
    stack = recorder.stack
    keys = offered(stack, CASES[-1][0])
    before = 0
    for targets, short in CASES:
        dry = keys[targets - short : targets]
        _hold(recorder, keys[before : targets - short])
        if not before:
            with _at_work(recorder):
                recorder.record(BUSY, targets - short, 0)
        want(stack, dry, INSTANCES)
        _record_dry(recorder, dry, targets)
        _set_dry_for(stack, 0)
        for key in dry:
            stack.cloud.capacity.set_free(*key, INSTANCES)
        recorder.record(MET, targets, short)
        _run_until(recorder, "FULFILLED", targets)
        expect(stack, FULFILLED=targets)
        recorder.run()
        recorder.record(HELD, targets, 0)
        before = targets


def _many(recorder: Recorder) -> None:
    keys = offered(recorder.stack, CASES[-1][0])
    _hold(recorder, keys[MANY:])
    want(recorder.stack, keys[:MANY], INSTANCES)
    _record_dry(recorder, keys[:MANY], len(keys))


def _over_regions(recorder: Recorder) -> None:
    each = 1 + SHORT_OVER_REGIONS[-1] // len(REGIONS)
    offers = [offered(recorder.stack, each, region) for region in REGIONS]
    # By turns, so that any number of them is spread evenly.
    keys = [key for of_each in zip(*offers, strict=True) for key in of_each]
    held = len(REGIONS)
    _hold(recorder, keys[:held])
    recorder.run()
    recorder.record(HELD, held, 0, held)
    before = held
    for short in SHORT_OVER_REGIONS:
        want(recorder.stack, keys[before : held + short], INSTANCES)
        before = held + short
        _set_dry_for(recorder.stack, 0)
        _record_dry(recorder, keys[held:before], before, held)


def _record_dry(recorder: Recorder, dry: Sequence[Key], targets: int, regions: int = 1) -> None:
    # The first run finds out that a pool is dry, and announces it; from then on each run is like the one before.
    _run_until(recorder, "SHORT", len(dry))
    for case in (DRY, SLOW):
        recorder.record(case, targets, len(dry), regions)
        expect(recorder.stack, SHORT=len(dry), FULFILLED=targets - len(dry))
        _set_dry_for(recorder.stack, DRY_DAYS)


def _run_until(recorder: Recorder, status: str, count: int) -> None:
    for _ in range(MOST_RUNS):
        if statuses(recorder.stack).get(status, 0) < count:
            recorder.run()


def _set_dry_for(stack: Stack, days: int) -> None:
    """Makes it look as if all dry pools had been dry for so long."""
    stack.sql(f"UPDATE odcr_status SET Dry_Since = UTC_TIMESTAMP() - INTERVAL {days:d} DAY WHERE Dry_Since IS NOT NULL")  # noqa: S608


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


def _hold(recorder: Recorder, keys: Sequence[Key]) -> None:
    """Adds targets that already hold what they want, and lets a run record them."""
    runs.hold(recorder.stack, keys, INSTANCES)
    want(recorder.stack, keys, INSTANCES)
    recorder.run()
    expect(recorder.stack, SHORT=0)
