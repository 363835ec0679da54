"""Plays runs on the local cloud, with the deployed stack, and takes down what each used."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.benchmark import Results
from bench.costs.counting import STACKS, standing
from bench.costs.instruments import instrumented
from bench.costs.recorder import FIND, Recorder, tell
from bench.costs.results import BUSY, DRY, HELD, MET, SLOW
from bench.costs.standing import DEFAULT, Standing
from bench.given_prices import give_prices
from bench.local_runs import offered
from localcloud.cloud import LocalCloud
from localcloud.ec2 import PLENTY
from localcloud.services import ACCOUNT_ID
from localcloud.stack import OWNER_TAG, Stack, build
from odcr.settings import StackSettings

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
"""That each target wants."""

_MOST_RUNS = 5
"""In which every target has been visited."""

_DAYS = 30
"""Dry for so long, a pool is asked once a minute."""

_Key = tuple[str, str]


def measure() -> Results:
    """Plays everything, in some twenty minutes on two processors.

    Returns:
        `{"runs": [{"case", "targets", "short", "regions", "used"}], "stacks": {name: Standing}, "cold_cpu_ms":
        {function: ms}}`.
    """
    stacks = {name: standing(given) for name, given in STACKS.items()}
    tell("sam build")
    build()
    with _deployed(stacks[DEFAULT], SPEED) as recorder:
        _one_region(recorder)
        runs, cold_starts = recorder.runs, recorder.cold_starts()
    for play in (_many, _over_regions):
        with _deployed(stacks[DEFAULT], SPEED_OF_MANY) as recorder:
            play(recorder)
            runs += recorder.runs
    return {
        "runs": runs,
        "stacks": {name: one.to_json() for name, one in stacks.items()},
        "cold_cpu_ms": cold_starts,
    }


@contextmanager
def _deployed(stack_has: Standing, speed: float) -> Iterator[Recorder]:
    with LocalCloud(speed=speed, concurrency=AT_ONCE, vcpu_quota=PLENTY) as cloud, instrumented(cloud.clock) as writes:
        # The functions are to find it enabled, but runs are started here.
        cloud.schedules.stop()
        tell("sam deploy")
        stack = Stack(cloud)
        stack.deploy()
        recorder = Recorder(stack, stack_has, writes)
        recorder.run()
        yield recorder


def _one_region(recorder: Recorder) -> None:
    keys = offered(recorder.stack, CASES[-1][0])
    there = 0
    for targets, short in CASES:
        dry = keys[targets - short : targets]
        _hold(recorder, keys[there : targets - short])
        if not there:
            with _at_work(recorder):
                recorder.take_down(BUSY, targets - short, 0)
        _want(recorder.stack, dry)
        _take_down_dry(recorder, dry, targets)
        _let_dry_for(recorder.stack, 0)
        for key in dry:
            recorder.stack.cloud.capacity.set_free(*key, INSTANCES)
        recorder.take_down(MET, targets, short)
        _run_until(recorder, "FULFILLED", targets)
        _expect(recorder, FULFILLED=targets)
        recorder.run()
        recorder.take_down(HELD, targets, 0)
        there = targets


def _many(recorder: Recorder) -> None:
    keys = offered(recorder.stack, CASES[-1][0])
    _hold(recorder, keys[MANY:])
    _want(recorder.stack, keys[:MANY])
    _take_down_dry(recorder, keys[:MANY], len(keys))


def _over_regions(recorder: Recorder) -> None:
    each = 1 + SHORT_OVER_REGIONS[-1] // len(REGIONS)
    offers = [offered(recorder.stack, each, region) for region in REGIONS]
    # In turns, so that any number of them is spread evenly.
    keys = [key for of_each in zip(*offers, strict=True) for key in of_each]
    held = len(REGIONS)
    _hold(recorder, keys[:held])
    recorder.run()
    recorder.take_down(HELD, held, 0, held)
    there = held
    for short in SHORT_OVER_REGIONS:
        _want(recorder.stack, keys[there : held + short])
        there = held + short
        _let_dry_for(recorder.stack, 0)
        _take_down_dry(recorder, keys[held:there], there, held)


def _take_down_dry(recorder: Recorder, dry: Sequence[_Key], targets: int, regions: int = 1) -> None:
    # The first run finds out that a pool is dry, and tells of it; from then on each run asks as the one before.
    _run_until(recorder, "SHORT", len(dry))
    recorder.take_down(DRY, targets, len(dry), regions)
    _expect(recorder, SHORT=len(dry), FULFILLED=targets - len(dry))
    _let_dry_for(recorder.stack, _DAYS)
    recorder.take_down(SLOW, targets, len(dry), regions)
    _expect(recorder, SHORT=len(dry), FULFILLED=targets - len(dry))


def _run_until(recorder: Recorder, status: str, count: int) -> None:
    for _ in range(_MOST_RUNS):
        if recorder.statuses().get(status, 0) < count:
            recorder.run()


def _let_dry_for(stack: Stack, days: int) -> None:
    """Makes as if all dry pools had been dry for so long."""
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


def _expect(recorder: Recorder, **statuses: int) -> None:
    standing = recorder.statuses()
    if any(standing.get(status, 0) != count for status, count in statuses.items()):
        raise RuntimeError(f"The targets do not stand as they should ({statuses}): {standing}")


def _hold(recorder: Recorder, keys: Sequence[_Key]) -> None:
    """Adds targets that hold already what they want, and lets a run record it."""
    stack = recorder.stack
    owner = StackSettings(stack.name, stack.cloud.region, ACCOUNT_ID).owner
    for key in keys:
        stack.cloud.capacity.plant(*key, INSTANCES, {OWNER_TAG: owner, "odcr:made": "0" * 64})
    _want(stack, keys)
    recorder.run()
    _expect(recorder, SHORT=0)


def _want(stack: Stack, keys: Sequence[_Key]) -> None:
    give_prices(stack, keys)
    values = ", ".join(f"('{instance_type}', '{zone}', {INSTANCES}, 0)" for instance_type, zone in keys)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {values}")  # noqa: S608 - of EC2's own names
