"""Minutes of runs in which everything breaks that can, and after which everything is right."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from localcloud.ec2.faults import FaultKind
from localcloud.stack import OWNER_TAG, Stack
from tests.agreement import Key, Managed, disagreements
from tests.system.chaos import FUNCTIONS, Chaos

IS_LONG = "CHAOS_SECONDS" in os.environ
SECONDS = float(os.environ.get("CHAOS_SECONDS", "40"))
"""On the wall; the cloud's time runs sixty times as fast."""
MORE_SECONDS = 80.0
"""For so much longer it may go on until everything has happened."""
SEED = int(os.environ.get("CHAOS_SEED", "0")) or (random.SystemRandom().randrange(1, 10**6) if IS_LONG else 1)
"""The same in every run of CI; another one in every long run."""
KEYS: list[Key] = [
    ("r5b.2xlarge", "ap-northeast-1c"),
    ("m5.large", "ap-northeast-1a"),
    ("m5.large", "ap-northeast-1c"),
    ("c5.large", "ap-northeast-1a"),
    ("c5.xlarge", "ap-northeast-1c"),
    ("m5.large", "us-east-1a"),
    ("r5.large", "us-east-1b"),
    ("c5.large", "us-east-1b"),
]
REGIONS = ("ap-northeast-1", "us-east-1")
TYPO = ("r5b", "ap-northeast-1c")


def managed(stack: Stack) -> list[Managed]:
    """What the stack holds, by its tag."""
    return [
        Managed(one["CapacityReservationId"], (one["InstanceType"], one["AvailabilityZone"]), one["TotalInstanceCount"])
        for region in REGIONS
        for one in stack.reservations(region)
        if one["State"] in ("active", "pending") and OWNER_TAG in {tag["Key"] for tag in one.get("Tags", [])}
    ]


def missing(stack: Stack, chaos: Chaos) -> set[str]:
    """What has not happened yet."""
    fired = stack.cloud.capacity.fired()
    done = {f"{function} killed" for function in FUNCTIONS} | {"database restarted", "secret rotated", "run stopped"}
    return (done - set(chaos.done)) | {kind.value for kind in FaultKind if not fired[kind]}


def runs(stack: Stack, chaos: Chaos, seconds: float) -> Iterator[str]:
    """Starts run after run, now and then two at once; how each ended."""
    dice = random.Random(SEED)
    deadline = time.monotonic() + seconds
    while (late := time.monotonic() - deadline) < 0 or (late < MORE_SECONDS and missing(stack, chaos)):
        executions = [stack.start_run() for _ in range(1 + (dice.random() < 0.2))]
        yield from (stack.wait(execution, 180)["status"] for execution in executions)


def test_minutes_of_chaos_end_in_order(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    capacity = stack.cloud.capacity
    assert stack.run()["status"] == "SUCCEEDED"
    for number, key in enumerate(KEYS):
        capacity.set_free(*key, number)
        stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, %s, 0)", *key, 3 + number % 4)
    stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, 1, 0)", *TYPO)
    assert stack.run()["status"] == "SUCCEEDED"
    capacity.set_free("c5.large", "ap-northeast-1c", 2)
    foreign = stack.client("ec2").create_capacity_reservation(
        InstanceType="c5.large", InstancePlatform="Linux/UNIX", AvailabilityZone="ap-northeast-1c", InstanceCount=2
    )["CapacityReservation"]["CapacityReservationId"]

    with Chaos(stack, KEYS, SEED) as chaos:
        ended = Counter(runs(stack, chaos, SECONDS))
    fired, missing_after = capacity.fired(), missing(stack, chaos)
    with capsys.disabled():
        print(f"\nseed {SEED}: {dict(ended)}, {dict(chaos.done)}, faults { ({k.value: n for k, n in fired.items()}) }")
    assert chaos.problems == []

    capacity.clear_faults()
    time.sleep(2)
    for key in KEYS:
        capacity.set_free(*key, 3)
    before = {key: sum(one.count for one in managed(stack) if one.key == key) for key in KEYS}
    for _ in range(3):
        assert stack.run()["status"] == "SUCCEEDED"

    wanted = {(row[0], row[1]): row[2] for row in stack.sql("SELECT * FROM odcr_capacity")}
    held = {key: sum(one.count for one in managed(stack) if one.key == key) for key in KEYS}
    assert held == {key: min(wanted[key], min(before[key], wanted[key]) + 3) for key in KEYS}
    assert disagreements(stack.sql, managed(stack), lambda key: capacity.free(*key)) == []
    (untouched,) = (one for one in stack.reservations() if one["CapacityReservationId"] == foreign)
    assert (untouched["State"], untouched["TotalInstanceCount"]) == ("active", 2)

    assert ended["SUCCEEDED"] > 0
    assert missing_after == set()
