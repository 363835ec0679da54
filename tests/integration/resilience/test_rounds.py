"""With more short targets than places, a run visits them in rounds, and each round continues the last one."""

from collections import Counter
from dataclasses import dataclass

import pytest

from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import Execution, make_tables, play
from tests.integration.resilience.single_fault import IS_LONG
from tests.integration.resilience.world import World

KEYS = [(instance_type, "ap-northeast-1c") for instance_type in ("c5.large", "m5.large", "r5b.2xlarge")]
FIRST = KEYS[0]
TARGET = 4
BEGINS = 4.0
"""Seconds after a run's start, between its first and its second round."""
ENDS = 12.0
"""Seconds after a run's start, between its second and its third round."""
SECOND_ROUND = (CallFault.KILLED_AFTER, CallFault.LOST_AFTER, CallFault.LATE, CallFault.THROTTLED, CallFault.STALE)


@dataclass(frozen=True)
class Point:
    """One call of the second round, and its fault."""

    number: int
    call: Call
    fault: CallFault
    lasts: bool
    """Whether every later call of the kind has the fault, until the run ends."""


@pytest.fixture(autouse=True)
def _more_targets_than_places(world: World, _empty: None) -> None:
    make_tables(world)
    set_up(world)


def set_up(world: World) -> None:
    """One instance free for each of three targets, and two places."""
    world.reset()
    world.ask_every(5, places=2)
    world.schedule(state="DISABLED")
    world.pass_time(61)
    for key in KEYS:
        world.capacity.set_free(*key, 1)
        world.set_target(key, TARGET)


def play_run(world: World, point: Point | None = None, lags_until: float = 0.0) -> list[Call]:
    """Plays a run, frees more capacity before its second round, and returns the calls of that round.

    Args:
        world: where it runs.
        point: the fault, if any.
        lags_until: seconds after the run's start until which describes are stale, from the second round on.

    Raises:
        AssertionError: more was held than wanted at some moment.
    """
    run = Execution(world, "run", world.machine.start("run"))
    began = run.stepper.started
    calls: list[Call] = []

    def choose(call: Call) -> CallFault | None:
        age = world.clock.now() - began
        if BEGINS < age < lags_until and CallFault.STALE in call.faults:
            return CallFault.STALE
        if age <= BEGINS:
            return None
        number = len(calls)
        if age < ENDS:
            calls.append(call)
        if point is None or call != point.call:
            return None
        is_hit = number == point.number and age < ENDS
        return point.fault if is_hit or (point.lasts and number > point.number) else None

    def is_over() -> bool:
        for key in KEYS:
            assert world.held(key) <= TARGET, f"{key}: bought twice"
        return run.is_over

    with world.injector.watching(choose):
        play(world, lambda: is_over() or world.clock.now() > began + BEGINS, seconds=BEGINS + 1)
        assert {key: world.held(key) for key in KEYS} == dict.fromkeys(KEYS, 1)
        world.machine.wait_until(began + BEGINS)
        for key in KEYS:
            world.capacity.set_free(*key, 1)
        play(world, is_over)
    return calls


def acquired(world: World) -> dict[tuple[str, str], int]:
    """Instances bought for each target, as the history says."""
    rows = world.sql("SELECT InstanceType, AvailabilityZone, SUM(Acquired) FROM odcr_history GROUP BY 1, 2")
    return {(instance_type, zone): int(count) for instance_type, zone, count in rows}


def test_each_round_visits_every_target_once_and_the_results_are_recorded_together(world: World) -> None:
    play_run(world)
    visits = Counter(
        (event["EnteredAt"], event["Target"]["InstanceType"])
        for function, event, _ in world.answered
        if function == "ReserveCapacity"
    )
    assert set(visits.values()) == {1}
    of_each = Counter(instance_type for _, instance_type in visits)
    assert len(set(of_each.values())) == 1
    assert of_each[FIRST[0]] > 5
    assert acquired(world) == dict.fromkeys(KEYS, 2)
    assert world.disagreements() == []


def test_what_a_round_bought_is_not_bought_again_while_ec2_does_not_show_it(world: World) -> None:
    # Without the result of the first round, a second reservation would be made.
    play_run(world, lags_until=25)
    for key in KEYS:
        assert (world.held(key), len(world.managed(key))) == (2, 1)
    assert acquired(world) == dict.fromkeys(KEYS, 2)
    assert world.disagreements() == []


def test_a_target_that_is_met_in_a_round_is_left_alone_in_the_next_ones(world: World) -> None:
    world.capacity.set_free(*FIRST, TARGET)
    world.set_target(FIRST, 1)
    calls = play_run(world)
    assert [call for call in calls if call.service is Service.EC2] != []
    assert (world.held(FIRST), world.rows()[FIRST].status) == (1, "FULFILLED")
    asked = Counter(
        event["Target"]["InstanceType"]
        for function, event, result in world.answered
        if function == "ReserveCapacity" and result.get("Calls", 0) > 1
    )
    assert asked[FIRST[0]] == 0
    assert world.disagreements() == []


def test_after_any_fault_in_a_round_nothing_is_bought_twice_or_forgotten(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = play_run(world)
    # The visits are alike: in a short run the first call of each kind is enough.
    earlier = [calls[:number].count(call) for number, call in enumerate(calls)]
    points = [
        Point(number, call, fault, lasts)
        for number, call in enumerate(calls)
        for fault in call.faults
        if fault in SECOND_ROUND
        for lasts in (False, True)
        if IS_LONG or not earlier[number]
    ]
    assert {point.call.service for point in points} == {Service.EC2, Service.BUCKETS, Service.LAMBDA}
    failures: dict[Point, object] = {}
    for point in points:
        set_up(world)
        world.ask_for(20)
        play_run(world, point)
        rows, recorded = world.rows(), acquired(world)
        for key in KEYS:
            ids = {reservation.id for reservation in world.managed(key)}
            # If a function died, nobody knows what it bought in this round.
            least = 1 if rows[key].status == "FAILED" else world.held(key)
            if not least <= rows[key].reserved <= world.held(key) or rows[key].ids != ids or recorded[key] < least:
                failures[point] = (key, rows[key], world.held(key), ids, recorded)
        world.start_cold()
        world.pass_time(61)
        Execution(world, "run-after", world.machine.start("run-after")).run()
        if world.disagreements() or any(world.held(key) != 2 for key in KEYS):
            failures[point] = world.disagreements()
    with capsys.disabled():
        print(f"\n{len(points)} points in a round of {len(calls)} calls")
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
