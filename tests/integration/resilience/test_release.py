"""Release on a lowered target, run by run, and with every fault of every call."""

from dataclasses import replace
from typing import Any

import pytest

from odcr.domain.target import USUAL_OPTIONS, TargetKey
from odcr.gateways.ec2 import Ec2Gateway
from tests.integration.resilience.calls import Call, CallFault, Service
from tests.integration.resilience.execution import make_tables, run
from tests.integration.resilience.single_fault import KILLS, Point, run_with
from tests.integration.resilience.world import OWNER, World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
OTHER = ("c5.large", "ap-northeast-1a")


def hold(world: World, *counts: int, announced: int | None = None) -> None:
    """Holds and records reservations of these counts, then switches the parameter on.

    Args:
        world: has the reservations.
        counts: the instances of each reservation, the oldest first.
        announced: the lowered target that the last run announced, if it did.
    """
    world.capacity.set_free(*KEY, sum(counts))
    observed: list[Any] = []
    for count in counts:
        observed.append(Ec2Gateway(OWNER, "123456789012").create(TargetKey(*KEY), USUAL_OPTIONS, count, observed, ""))
        world.pass_time(1)
    target = sum(counts) if announced is None else announced
    world.set_target(KEY, target)
    world.sql("UPDATE odcr_capacity SET Current_Capacity = %s", sum(counts))
    world.sql(
        "INSERT INTO odcr_status (InstanceType, AvailabilityZone, Status, Since, Target_Capacity, Reserved, Reason, "
        "Reservation_Ids, Duplicate_Ids, Announced_Reserved, Announced_Target, Execution) "
        "VALUES (%s, %s, %s, UTC_TIMESTAMP(), %s, %s, '', %s, '', %s, %s, 'run-1')",
        *KEY,
        "FULFILLED" if announced is None else "EXCESS",
        target,
        sum(counts),
        ",".join(one.id for one in observed),
        None if announced is None else sum(counts),
        announced,
    )
    assert (world.held(KEY), world.disagreements()) == (sum(counts), [])
    world.release_on_lowered_target(is_on=True)


def status(world: World) -> tuple[Any, ...]:
    ((*row,),) = world.sql("SELECT Status, Reserved, Reason FROM odcr_status")
    return tuple(row)


@pytest.fixture(autouse=True)
def _tables(world: World, _empty: None) -> None:
    make_tables(world)


def test_a_lowered_target_is_announced_then_released_and_reported(world: World) -> None:
    hold(world, 15)
    world.set_target(KEY, 10)
    run(world, "run-2")
    assert status(world) == (
        "EXCESS",
        15,
        "15 held, 10 wanted. Unless it is raised, the next run releases 5 if unused.",
    )
    assert world.held(KEY) == 15
    run(world, "run-3")
    reason = "Released 5, as the target was lowered to 10."
    assert status(world) == ("FULFILLED", 10, reason)
    assert (world.held(KEY), world.free(KEY)) == (10, 5)
    assert world.sql(
        "SELECT Previous_Status, Status, Reserved, Acquired, Calls, Reason FROM odcr_history WHERE Execution = 'run-3'"
    ) == (("EXCESS", "FULFILLED", 10, -5, 1, reason),)
    # After that nothing more is released or reported.
    run(world, "run-4")
    assert world.held(KEY) == 10
    assert world.sql("SELECT * FROM odcr_history WHERE Execution = 'run-4'") == ()
    assert world.disagreements() == []


def test_a_target_that_is_raised_again_before_the_next_run_loses_nothing(world: World) -> None:
    hold(world, 15)
    world.set_target(KEY, 1)
    run(world, "run-2")
    world.set_target(KEY, 15)
    run(world, "run-3")
    assert status(world) == ("FULFILLED", 15, "")
    assert world.held(KEY) == 15


def test_a_target_of_0_releases_all_and_can_be_raised_again(world: World) -> None:
    hold(world, 10, 5)
    world.set_target(KEY, 0)
    run(world, "run-2")
    run(world, "run-3")
    assert status(world) == ("FULFILLED", 0, "Released 15, as the target was lowered to 0.")
    assert world.managed(KEY) == []
    world.set_target(KEY, 15)
    run(world, "run-4")
    assert (world.held(KEY), world.disagreements()) == (15, [])


def test_a_deleted_row_releases_nothing_until_two_runs_have_seen_a_0(world: World) -> None:
    hold(world, 15)
    world.sql("TRUNCATE odcr_capacity")
    for number in range(2, 5):
        run(world, f"run-{number}")
    assert (world.held(KEY), status(world)[0]) == (15, "EXCESS")
    assert "one with a target of 0 to release it" in status(world)[2]
    # The recorded excess of a deleted row does not count as an announcement.
    world.set_target(KEY, 0)
    run(world, "run-5")
    assert world.held(KEY) == 15
    run(world, "run-6")
    assert world.held(KEY) == 0


def test_an_excess_from_before_the_parameter_was_switched_on_is_announced_first(world: World) -> None:
    hold(world, 15)
    world.release_on_lowered_target(is_on=False)
    world.set_target(KEY, 10)
    run(world, "run-2")
    assert "Nothing is given back unasked" in status(world)[2]
    world.release_on_lowered_target(is_on=True)
    run(world, "run-3")
    assert world.held(KEY) == 15
    run(world, "run-4")
    assert world.held(KEY) == 10


def test_another_target_is_served_when_a_release_fails(world: World) -> None:
    hold(world, 15)
    world.set_target(KEY, 10)
    run(world, "run-2")
    world.set_target(OTHER, 2)
    world.capacity.set_free(*OTHER, 2)

    def choose(call: Call) -> CallFault | None:
        return CallFault.SERVER_ERROR if call.operation == "ModifyCapacityReservation" else None

    with world.injector.watching(choose):
        run(world, "run-3")
    rows = world.rows()
    # By the last attempt the run is too old to release anything.
    assert (rows[KEY].status, rows[OTHER].status) == ("EXCESS", "FULFILLED")
    assert (world.held(KEY), world.held(OTHER)) == (15, 2)
    # The announcement still stands.
    run(world, "run-4")
    assert (world.held(KEY), world.disagreements()) == (10, [])


def test_after_any_fault_of_a_release_exactly_the_excess_is_released(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never more than the excess; all of it after two more runs."""

    def set_up() -> None:
        world.reset()
        hold(world, 4, 4, 4, announced=6)
        world.pass_time(61)

    set_up()
    calls = run_with(world, None)
    assert world.held(KEY) == 6
    # The other calls are the same in every run.
    asked = [(number, call) for number, call in enumerate(calls) if call.service is Service.EC2]
    points = [Point(number, call, fault) for number, call in asked for fault in call.faults]
    points += [replace(point, aborted=True) for point in points if point.fault in KILLS]
    failures: dict[Point, str] = {}
    for point in points:
        set_up()
        run_with(world, point)
        if world.held(KEY) < 6:
            failures[point] = f"{world.held(KEY)} held after the run"
            continue
        world.pass_time(1400)
        for number in range(2):
            run(world, f"run-after-{number}")
        if world.held(KEY) != 6 or world.disagreements():
            failures[point] = f"{world.held(KEY)} held, {world.disagreements()}"
    with capsys.disabled():
        print(f"\n{len(points)} points of a release, {len(asked)} calls")
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
