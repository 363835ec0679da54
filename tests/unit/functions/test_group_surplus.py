"""What a group holds in excess: what is given back, from which pool, and what stays."""

from dataclasses import replace
from datetime import timedelta

from odcr.domain.allocation import Allocation, PoolState
from odcr.domain.outcome import Status
from odcr.domain.reservation import Reservation
from odcr.domain.target import Announcement, Member, Strategy, TargetKey, Terms, Unit
from odcr.settings import AskSettings
from tests.unit.functions.defaults import compare, plan
from tests.unit.functions.group_cloud import (
    GROUP,
    NOW,
    A,
    B,
    C,
    attempt,
    counts,
    ec2,
    group,
    recorded,
    seen,
    shortfall,
    token,
)
from tests.unit.functions.pool import FakePace, acquire_at_pace


def test_a_surplus_of_two_attempts_in_two_pools_is_given_back_from_the_last_pool() -> None:
    target = group(10, has_rivals=True)
    cloud = ec2(a=99, b=99, c=99)
    first = shortfall(target, cloud)
    acquire_at_pace(first, "run-1", 0, cloud, FakePace())
    cloud.reservations, before = [], cloud.reservations
    cloud.free[A] = 0
    acquire_at_pace(first, "run-2", 0, cloud, FakePace())
    cloud.reservations += before
    assert {reservation.key: reservation.count for reservation in cloud.reservations} == {B: 10, A: 10}
    outcome = attempt(target, cloud)
    assert (outcome.status, outcome.reserved, counts(outcome)) == ("FULFILLED", 10, [10, 0, 0])
    assert "10 instances were bought twice and have been given back." in outcome.reason
    assert outcome.acquired == 0


def test_growth_by_two_attempts_is_given_back_down_to_the_total() -> None:
    target = group(10)
    cloud = ec2(2, 2, a=6, b=6)
    after = recorded(target, acquire_at_pace(shortfall(target, cloud), "run-0", 0, cloud, FakePace(left=0)))
    assert (after.members[0].last_reserved, after.members[1].last_reserved) == (2, 2)
    cloud._put(replace(cloud.reservations[0], count=8))
    cloud._put(replace(cloud.reservations[1], count=8))
    outcome = attempt(after, cloud)
    assert (outcome.reserved, counts(outcome)) == (10, [8, 2, 0])


def test_growth_by_a_person_is_reported_and_stays() -> None:
    target = group(10)
    cloud = ec2(a=99)
    after = recorded(target, attempt(target, cloud))
    cloud._put(replace(cloud.reservations[0], count=15))
    (outcome,) = seen(after, cloud).observed
    assert (outcome.status, outcome.reserved) == (Status.EXCESS, 15)
    assert outcome.reason.startswith("15 held, 10 wanted. Nothing is given back unasked")


def test_without_a_record_only_a_second_reservation_in_a_pool_is_surplus() -> None:
    cloud = ec2(10, 10)
    for target in (group(10), group(10, last_capacity=10, last_status="EXCESS")):
        members = (Member(A, 1, last_reserved=10, last_kept=10, last_ids=("cr-1",)), *target.members[1:])
        for demand in (target, replace(target, members=members)):
            if demand.last_capacity is None or demand.members[0].last_ids:
                (observed,) = seen(demand, cloud).observed
                assert (observed.status, observed.reserved) == (Status.EXCESS, 20)
    cloud.reservations.append(Reservation("cr-9", B, 5, "active", made=token(9), created="2026-11-09"))
    assert counts(attempt(group(10), cloud)) == [10, 10, 0]


def test_a_typo_in_the_first_member_does_not_stop_giving_back() -> None:
    typo = Member(TargetKey("m5.large", "Tokyo", group="sale"), 1, fault="Correct it.")
    target = group(10, typo, Member(A, 1, is_removed=True), has_rivals=True, last_capacity=10, last_status="SHORT")
    cloud = ec2(16)
    short = shortfall(target, cloud)
    planned = plan([short], {GROUP: target}, AskSettings(5.0, 24.0, 40), NOW, NOW + timedelta(seconds=110))
    assert planned.asked == 1
    assert counts(acquire_at_pace(short, "run-1", 0, cloud, FakePace())) == [0, 10]


def test_a_balanced_release_of_much_takes_few_steps() -> None:
    pools = [PoolState(TargetKey("m5.large", f"us-east-1{zone}", group="g"), 25_000) for zone in "abcd"]
    released = Allocation(pools, 0, Strategy.balanced).to_give_back(100_000, {pool.key: 25_000 for pool in pools})
    assert list(released.values()) == [25_000] * 4


def test_capacity_in_use_or_a_persons_is_never_given_back() -> None:
    target = group(10, has_rivals=True)
    cloud = ec2(10, 10)
    cloud._put(replace(cloud.reservations[1], in_use=7))
    assert counts(attempt(target, cloud)) == [3, 7, 0]
    cloud = ec2(10, 10)
    cloud._put(replace(cloud.reservations[1], is_adopted=True))
    assert counts(attempt(target, cloud)) == [0, 10, 0]


def test_a_part_split_off_by_a_person_is_no_surplus() -> None:
    target, cloud = group(10), ec2(a=10)
    after = recorded(target, attempt(target, cloud))
    (reservation,) = cloud.reservations
    cloud.reservations = [replace(reservation, count=8), replace(reservation, id="cr-9", count=5, created="2026-11-09")]
    (outcome,) = seen(after, cloud).observed
    assert (outcome.status, outcome.reserved) == (Status.EXCESS, 13)


def test_a_lowered_total_gives_nothing_back_unasked() -> None:
    target = group(10)
    cloud = ec2(a=6, b=9)
    after = replace(recorded(target, attempt(target, cloud)), capacity=7)
    (outcome,) = seen(after, cloud).observed
    assert (outcome.status, outcome.announced) == (Status.EXCESS, None)
    # Not even what no run has recorded, for it was wanted then.
    unrecorded = replace(group(7), last_capacity=10, last_status="SHORT")
    assert seen(unrecorded, cloud).shortfalls == []


def test_a_lowered_total_is_announced_and_then_released_from_the_last_pools() -> None:
    target = group(20, Member(A, 1), Member(B, 1, least=2), Member(C, 1))
    cloud = ec2(a=6, b=9, c=99)
    after = replace(recorded(target, attempt(target, cloud)), capacity=7)
    (outcome,) = seen(after, cloud, releases=True).observed
    assert outcome.announced == Announcement(20, 7)
    due = recorded(after, outcome)
    outcome = acquire_at_pace(shortfall(due, cloud, releases=True), "run-3", 0, cloud, FakePace())
    assert (outcome.reserved, outcome.acquired, counts(outcome)) == (7, -13, [5, 2, 0])
    assert [pool.acquired for pool in outcome.pools] == [-1, -7, -5]


def test_a_total_between_two_instances_is_no_excess() -> None:
    members = (Member(A, 8),)
    target, cloud = group(64, *members, unit=Unit.vcpus), ec2(a=8)
    after = replace(recorded(target, attempt(target, cloud)), capacity=60)
    (outcome,) = seen(after, cloud, releases=True).observed
    assert (outcome.status, outcome.announced) == (Status.FULFILLED, None)
    assert outcome.reason == "4 vCPUs more than the total are held, which is less than any instance's weight."


def test_a_removed_member_counts_and_gives_back_first() -> None:
    cloud = ec2(4, 4, a=99)
    members = (Member(B, 1), Member(A, 1, is_removed=True))
    after = group(10, *members)
    outcome = attempt(after, cloud)
    assert (outcome.status, outcome.reserved, counts(outcome)) == (Status.SHORT, 8, [4, 4])
    lowered = replace(recorded(after, outcome), capacity=6)
    observed = recorded(lowered, seen(lowered, cloud, releases=True).observed[0])
    released = acquire_at_pace(shortfall(observed, cloud, releases=True), "run-3", 0, cloud, FakePace())
    assert counts(released) == [4, 2]


def test_a_deleted_group_is_reported_with_its_pools() -> None:
    cloud = ec2(3, 4)
    deleted = group(0, Member(A, 1, last_reserved=3, last_ids=("cr-1",)), Member(B, 2), withdrawn=True)
    (outcome,) = seen(deleted, cloud).observed
    assert (outcome.key, outcome.status, outcome.reserved, counts(outcome)) == (GROUP, Status.EXCESS, 11, [3, 4])
    (unlisted,) = compare([], [], cloud.reservations).observed
    assert (unlisted.key, unlisted.status, counts(unlisted)) == (GROUP, Status.EXCESS, [3, 4])


def test_capacity_for_a_missed_deadline_is_given_back_in_all_pools() -> None:
    terms = Terms(deadline="2026-11-30T20:00:00", releases_if_missed=True)
    target, cloud = group(20, terms=terms), ec2(a=6, b=4)
    after = recorded(target, attempt(target, cloud))
    (outcome,) = seen(after, cloud, now="2026-11-30T20:01:00").observed
    assert (outcome.status, outcome.announced) == (Status.STOPPED, Announcement(10, 0))
    due = shortfall(recorded(after, outcome), cloud, now="2026-11-30T20:02:00")
    outcome = acquire_at_pace(due, "run-3", 0, cloud, FakePace())
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.STOPPED, 0, -10)


def test_a_pending_reservation_in_one_pool_stops_giving_back_in_another() -> None:
    cloud = ec2(10, 10)
    cloud._put(replace(cloud.reservations[0], state="pending"))
    target = group(10, has_rivals=True)
    outcome = attempt(target, cloud)
    assert (outcome.status, counts(outcome)) == (Status.EXCESS, [10, 10, 0])
    # Yet it is remembered that it is too much.
    assert [pool.target for pool in outcome.pools] == [10, 0, 0]
    cloud._put(replace(cloud.reservations[0], state="active"))
    assert counts(attempt(recorded(target, outcome), cloud)) == [10, 0, 0]
