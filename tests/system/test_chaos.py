"""Runs during which everything breaks that can. Afterwards, everything is right."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from deployment.stack import OWNER_TAG, Stack
from tests.agreement import Key, Managed, disagreements
from tests.system.chaos import Chaos

IS_LONG = "CHAOS_SECONDS" in os.environ
SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
"""Real time; the cloud's time runs faster."""
MORE_SECONDS = 300.0
"""Further real time, at most, until everything has happened; a minute is usual."""
SEED = int(os.environ.get("CHAOS_SEED", "0")) or (random.SystemRandom().randrange(1, 10**6) if IS_LONG else 1)
"""The same in every run of CI, another in every long run."""
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
    """The stack's active and pending reservations, by its tag."""
    return [
        Managed(
            reservation["CapacityReservationId"],
            (reservation["InstanceType"], reservation["AvailabilityZone"]),
            reservation["TotalInstanceCount"],
        )
        for region in REGIONS
        for reservation in stack.reservations(region)
        if reservation["State"] in ("active", "pending")
        and OWNER_TAG in {tag["Key"] for tag in reservation.get("Tags", [])}
    ]


def held_by_key(stack: Stack) -> dict[Key, int]:
    reservations = managed(stack)
    return {key: sum(reservation.count for reservation in reservations if reservation.key == key) for key in KEYS}


def runs(stack: Stack, chaos: Chaos, seconds: float) -> Iterator[str]:
    """Starts run after run, now and then two at once, and yields the status of each."""
    dice = random.Random(SEED)
    deadline = time.monotonic() + seconds
    while (late := time.monotonic() - deadline) < 0 or (late < MORE_SECONDS and chaos.missing()):
        if late >= 0:
            chaos.end()
        executions = [stack.start_run() for _ in range(1 + (dice.random() < 0.2))]
        yield from (stack.wait(execution, 180)["status"] for execution in executions)


def test_everything_is_right_after_minutes_of_chaos(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
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
    fired, missing = capacity.fired(), chaos.missing()
    with capsys.disabled():
        print(f"\nseed {SEED}: {dict(ended)}, {dict(chaos.done)}, faults { ({k.value: n for k, n in fired.items()}) }")
    assert chaos.problems == []

    chaos.settle()
    for key in KEYS:
        capacity.set_free(*key, 3)
    before = held_by_key(stack)
    for _ in range(3):
        assert stack.run()["status"] == "SUCCEEDED"

    wanted = {(row[0], row[1]): row[2] for row in stack.sql("SELECT * FROM odcr_capacity")}
    assert held_by_key(stack) == {key: min(wanted[key], min(before[key], wanted[key]) + 3) for key in KEYS}
    assert disagreements(stack.sql, managed(stack), lambda key: capacity.free(*key)) == []
    (untouched,) = (item for item in stack.reservations() if item["CapacityReservationId"] == foreign)
    assert (untouched["State"], untouched["TotalInstanceCount"]) == ("active", 2)

    assert ended["SUCCEEDED"] > 0
    assert missing == set()
