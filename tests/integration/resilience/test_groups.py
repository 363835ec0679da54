"""Groups, run by run: one total over several pools, whatever fails and whoever works at the same time."""

import pytest

from tests.integration.resilience.calls import CallFault, Service
from tests.integration.resilience.execution import Execution, Phase, make_tables, run
from tests.integration.resilience.single_fault import IS_LONG, KILLS, Point, points_of, recover, run_with
from tests.integration.resilience.world import World, pool_of

A, B, C = ("c5.large", "ap-northeast-1a"), ("c5.large", "ap-northeast-1c"), ("r5b.2xlarge", "ap-northeast-1c")
NAME = "sale"
ONES = {A: 1, B: 1, C: 1}


@pytest.fixture(autouse=True)
def _tables(world: World, _empty: None) -> None:
    make_tables(world)
    world.ask_for(15)


def free(world: World, *counts: int) -> None:
    for key, count in zip((A, B, C), counts, strict=True):
        world.capacity.set_free(*key, count)


def held(world: World) -> list[int]:
    reservations = world.managed_of_group(NAME)
    return [
        sum(reservation.instance_count for reservation in reservations if pool_of(reservation) == key)
        for key in (A, B, C)
    ]


def changes(world: World) -> list[str]:
    """The changes in the subjects of the mails."""
    return [message["Subject"].partition(": ")[2] for message in world.published]


def status(world: World) -> tuple[str, float, float]:
    ((status, reserved, target),) = world.sql(
        "SELECT Status, Reserved, Target_Capacity FROM odcr_status WHERE Group_Name = %s AND InstanceType = ''", NAME
    )
    return str(status), reserved, target


def test_pools_fill_up_in_order_and_losses_are_replaced_from_another_pool(world: World) -> None:
    free(world, 4, 3, 1)
    world.set_group(NAME, 10, ONES)
    run(world, "run-1")
    assert (held(world), status(world)) == ([4, 3, 1], ("SHORT", 8, 10))
    free(world, 0, 0, 9)
    run(world, "run-2")
    assert (held(world), status(world)) == ([4, 3, 3], ("FULFILLED", 10, 10))
    world.cancel(world.managed_of_group(NAME)[0].id)
    free(world, 0, 0, 9)
    run(world, "run-3")
    assert (held(world), status(world)) == ([0, 3, 7], ("FULFILLED", 10, 10))
    assert changes(world) == ["1 SHORT", "1 FULFILLED", "1 FULFILLED"]
    assert world.disagreements() == []


def test_a_row_and_two_groups_share_a_pool_and_each_has_its_own_reservation(world: World) -> None:
    free(world, 0, 0, 12)
    world.set_group(NAME, 4, {C: 1})
    world.set_group("other", 6, {C: 2})
    world.set_target(C, 3)
    run(world, "run-1")
    assert (held(world), world.held(C), world.held_of_group("other", {C: 2})) == ([0, 0, 4], 3, 6)
    assert world.disagreements() == []


def test_members_are_added_removed_and_given_another_weight(world: World) -> None:
    free(world, 4, 0, 20)
    world.set_group(NAME, 8, {A: 1, B: 1})
    run(world, "run-1")
    assert held(world) == [4, 0, 0]
    world.set_group(NAME, 8, {C: 2, B: 1})
    run(world, "run-2")
    # What the removed member holds still counts.
    assert (held(world), status(world)) == ([4, 0, 2], ("FULFILLED", 8, 8))
    world.set_group(NAME, 8, {C: 1, B: 1})
    run(world, "run-3")
    assert (held(world), status(world)) == ([4, 0, 4], ("FULFILLED", 8, 8))
    world.set_group(NAME, 8, {C: 2, A: 1})
    run(world, "run-4")
    assert (held(world), status(world)) == ([4, 0, 4], ("EXCESS", 12, 8))
    assert world.disagreements() == []


def test_a_member_whose_zone_becomes_a_zone_id_is_still_the_same_pool(world: World) -> None:
    free(world, 4, 0, 9)
    world.set_group(NAME, 8, {A: 1, C: 1})
    run(world, "run-1")
    by_id = (A[0], "apne1-az4")
    world.set_group(NAME, 8, {by_id: 1, C: 1})
    for number in range(2, 5):
        run(world, f"run-{number}")
    assert (held(world), status(world)) == ([4, 0, 4], ("FULFILLED", 8, 8))
    rows = world.sql("SELECT InstanceType, AvailabilityZone, Reserved FROM odcr_status WHERE InstanceType <> ''")
    assert sorted(rows) == sorted([(*by_id, 4), (*C, 4)])
    assert changes(world) == ["1 FULFILLED"]


def test_a_lowered_total_is_released_by_the_run_after_the_announcement(world: World) -> None:
    world.release_on_lowered_target(is_on=True)
    free(world, 4, 3, 9)
    world.set_group(NAME, 10, ONES)
    run(world, "run-1")
    world.set_group(NAME, 5, ONES)
    run(world, "run-2")
    assert (held(world), status(world)) == ([4, 3, 3], ("EXCESS", 10, 5))
    run(world, "run-3")
    assert (held(world), status(world)) == ([4, 1, 0], ("FULFILLED", 5, 5))
    run(world, "run-4")
    assert world.disagreements() == []


def test_a_deleted_group_is_reported_while_it_holds_something_and_then_forgotten(world: World) -> None:
    free(world, 4, 0, 0)
    world.set_group(NAME, 4, ONES)
    run(world, "run-1")
    world.sql("DELETE FROM odcr_group")
    world.sql("DELETE FROM odcr_group_member")
    run(world, "run-2")
    assert (held(world), status(world)) == ([4, 0, 0], ("EXCESS", 4, 0))
    world.cancel(world.managed_of_group(NAME)[0].id)
    for number in range(3, 7):
        run(world, f"run-{number}")
    assert world.sql("SELECT * FROM odcr_status") == ()


def test_a_reservation_that_lost_its_group_tag_is_neither_bought_again_nor_released(world: World) -> None:
    free(world, 0, 0, 30)
    world.set_group(NAME, 4, {C: 1})
    world.set_target(C, 5)
    run(world, "run-1")
    (reservation,) = world.managed_of_group(NAME)
    world._ec2.delete_tags(Resources=[reservation.id], Tags=[{"Key": "odcr:group"}])
    for number in range(2, 5):
        run(world, f"run-{number}")
    assert reservation.id in {held.id for held in world.reservations()}
    assert status(world)[:2] == ("ASTRAY", 4)
    assert world.held(C) <= 9


@pytest.mark.parametrize("who", ["a rival", "a person"])
def test_unrecorded_growth_is_released_if_a_rival_run_made_it_and_kept_if_a_person_did(world: World, who: str) -> None:
    free(world, 1, 0, 1)
    world.set_group(NAME, 6, ONES)
    run(world, "run-1")
    assert held(world) == [1, 0, 1]
    late = Execution(world, "late") if who == "a rival" else None
    if late:
        while late.state_of(0) != "ReserveCapacity":
            late.step()
        world.sql("UPDATE odcr_lease SET Holder = ''")
    free(world, 4, 0, 4)
    run(world, "run-2")
    assert (held(world), status(world)) == ([5, 0, 1], ("FULFILLED", 6, 6))
    # As if by the late attempt, whose request was under way when the other run described the reservations.
    world._ec2.modify_capacity_reservation(CapacityReservationId=world.managed_of_group(NAME)[1].id, InstanceCount=5)
    run(world, "run-3")
    if late:
        assert (held(world), status(world)) == ([5, 0, 1], ("FULFILLED", 6, 6))
    else:
        assert (held(world), status(world)) == ([5, 0, 5], ("EXCESS", 10, 6))
    assert world.disagreements() == []


# Each fault of each call


def set_up(world: World) -> None:
    """A group after a first run: one pool is recorded and can grow, the others are new."""
    world.reset()
    world.ask_for(10)
    free(world, 2, 0, 0)
    world.set_group(NAME, 6, {A: 1, B: 1, C: 2})
    assert Execution(world, "run-before").run().phase is Phase.SUCCEEDED
    world.pass_time(61)
    free(world, 1, 1, 9)


def problems_after(world: World, snapshot: object, point: Point) -> list[str]:
    world.restore(snapshot)  # type: ignore[arg-type]
    before = sum(world.injector.fired.values())
    run_with(world, point)
    if sum(world.injector.fired.values()) == before:
        return ["the fault did not fire"]
    if point.fault not in (CallFault.MEANWHILE, *KILLS) and world.held_of_group(NAME, {A: 1, B: 1, C: 2}) > 6:
        return ["one attempt exceeded the total"]
    recover(world)
    # What two attempts bought too much is released by the first run after both ended.
    units = world.held_of_group(NAME, {A: 1, B: 1, C: 2})
    return [*world.disagreements(), *([f"{units} held"] if units != 6 else [])]


def test_after_any_fault_of_any_call_the_total_is_met_and_not_exceeded(world: World) -> None:
    set_up(world)
    snapshot = world.snapshot()
    calls = run_with(world, None)
    recover(world)
    assert world.disagreements() == []
    assert held(world) == [3, 1, 1]
    points = [point for point in points_of(calls) if IS_LONG or point.call.service in (Service.EC2, Service.LAMBDA)]
    failures = {point: problems for point in points if (problems := problems_after(world, snapshot, point))}
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())
    assert {"CreateCapacityReservation", "ModifyCapacityReservation"} <= {point.call.operation for point in points}
