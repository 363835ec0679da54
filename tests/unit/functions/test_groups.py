"""Attempts at groups, and what a run sees of them: one total over several pools, never exceeded by one attempt."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from odcr.domain.allocation import Allocation, PoolState
from odcr.domain.amounts import Amount
from odcr.domain.asking import Plan
from odcr.domain.comparison import Comparison, find_shortfalls
from odcr.domain.group_rows import MAX_MEMBERS
from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import (
    InsufficientInstanceCapacity,
    InvalidTarget,
    OutcomeUnknown,
    QuotaExceeded,
    Refusal,
    RequestRefused,
    Unsupported,
)
from odcr.domain.regions import Findings
from odcr.domain.reservation import Reservation, held
from odcr.domain.rounds import combined, resumed
from odcr.domain.run_share import RunShare
from odcr.domain.shortfall import Limit, Shortfall
from odcr.domain.target import (
    Announcement,
    Member,
    ReservationOptions,
    Strategy,
    Target,
    TargetKey,
    Terms,
    Unit,
    group_key,
    units,
)
from odcr.settings import AskSettings
from tests.unit.functions.defaults import compare, plan
from tests.unit.functions.pool import FakePace, acquire_at_pace

NUMBERS = itertools.count(100)
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
GROUP = group_key("sale")
A, B, C = (TargetKey("r5b.2xlarge", f"ap-northeast-1{zone}", group="sale") for zone in "acd")


def token(number: int) -> str:
    return f"{number:064}"


@dataclass
class Ec2:
    """EC2 for several pools, in memory."""

    free: dict[TargetKey, int]
    reservations: list[Reservation] = field(default_factory=list)
    refusals: dict[TargetKey, list[Refusal]] = field(default_factory=dict)
    """Answers to give in a pool instead of the true ones, first to last."""
    asked: list[tuple[TargetKey, int]] = field(default_factory=list)

    def find(self, *keys: TargetKey) -> list[Reservation]:
        return [reservation for reservation in self.reservations if reservation.key in keys and reservation.is_managed]

    def find_all(self, key: TargetKey) -> list[Reservation]:
        return [reservation for reservation in self.reservations if reservation.key == key]

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        del options, observed, occasion
        self._take(key, count)
        number = len(self.reservations) + 1
        made = Reservation(
            f"cr-{number}", key, count, "active", made=token(next(NUMBERS)), created=f"2026-11-{number:02}"
        )
        self.reservations.append(made)
        return made

    def resize(self, reservation: Reservation, count: int) -> None:
        self._take(reservation.key, count - self._own(reservation).count)
        self._put(replace(self._own(reservation), count=count))

    def cancel(self, reservation: Reservation) -> None:
        self.free[reservation.key] += self._own(reservation).count
        self.reservations = [one for one in self.reservations if one.id != reservation.id]

    def _own(self, reservation: Reservation) -> Reservation:
        return next(one for one in self.reservations if one.id == reservation.id)

    def _put(self, reservation: Reservation) -> None:
        self.reservations = [reservation if one.id == reservation.id else one for one in self.reservations]

    def _take(self, key: TargetKey, count: int) -> None:
        if count > 0:
            self.asked.append((key, count))
        if refusals := self.refusals.get(key):
            raise refusals.pop(0)
        if count > self.free[key]:
            raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")
        self.free[key] -= count


def ec2(*counts: int, **free: int) -> Ec2:
    """EC2 with reservations of so many instances in A, B and C, and so much free."""
    cloud = Ec2({key: free.get(name, 0) for key, name in zip((A, B, C), "abc", strict=True)})
    cloud.reservations = [
        Reservation(f"cr-{number}", key, count, "active", made=token(number), created=f"2026-11-{number:02}")
        for number, (key, count) in enumerate(zip((A, B, C), counts, strict=False), 1)
        if count
    ]
    return cloud


def group(total: Amount, *members: Member, **fields: Any) -> Target:
    """A group with a total, as LoadTargets and FindShortfalls know it."""
    return Target(GROUP, total, members=members or (Member(A, 1), Member(B, 1), Member(C, 1)), **fields)


def recorded(target: Target, outcome: Outcome) -> Target:
    """The group as it is loaded after an outcome of it was recorded."""
    by_key = {pool.key: pool for pool in outcome.pools}
    members = tuple(
        replace(
            member,
            last_reserved=int(pool.reserved),
            last_kept=int(pool.target or 0),
            last_ids=tuple(id_ for id_ in pool.reservation_ids if id_ not in pool.duplicate_ids),
            last_status=str(pool.status),
            last_reason=pool.reason,
            last_use=pool.use,
        )
        for member in target.members
        if (pool := by_key.get(member.key))
    )
    return replace(
        target,
        members=members,
        last_status=str(outcome.status),
        last_reason=outcome.reason,
        last_capacity=outcome.target,
        last_announced=outcome.announced,
        last_judgement=outcome.judgement or target.last_judgement,
    )


def seen(target: Target, cloud: Ec2, **how: Any) -> Comparison:
    """What a run makes of it."""
    return compare([target], [], cloud.reservations, **how)


def shortfall(target: Target, cloud: Ec2, **how: Any) -> Shortfall:
    """The item of the Map."""
    (short,) = seen(target, cloud, **how).shortfalls
    return short


def attempt(target: Target, cloud: Ec2, number: int = 0, pace: FakePace | None = None) -> Outcome:
    return acquire_at_pace(shortfall(target, cloud), "run-1", number, cloud, pace or FakePace())


def counts(outcome: Outcome) -> list[Amount]:
    return [pool.reserved for pool in outcome.pools]


def test_the_first_pool_gives_all_it_has_and_the_next_ones_the_rest() -> None:
    cloud = ec2(a=4, b=3, c=99)
    outcome = attempt(group(10), cloud)
    assert (outcome.status, outcome.reserved, outcome.acquired, counts(outcome)) == ("FULFILLED", 10, 10, [4, 3, 3])
    assert (outcome.key, outcome.reservation_ids, len(outcome.ids)) == (GROUP, (), 3)
    # Each is asked for all that is missing then, and what it refuses by the ladder.
    assert list(dict.fromkeys(key for key, _ in cloud.asked)) == [A, B, C]
    assert [next(count for key, count in cloud.asked if key == pool) for pool in (A, B, C)] == [10, 6, 3]


def test_dry_pools_are_asked_in_turn_for_as_long_as_the_attempt_has_time() -> None:
    cloud = ec2()
    outcome = attempt(group(10), cloud, 0, FakePace(askings=2))
    assert (outcome.status, outcome.reserved) == (Status.SHORT, 0)
    assert outcome.reason == "EC2 has no more in 3 pools: 10 of 10 missing. odcr keeps asking."
    assert [pool.status for pool in outcome.pools] == [Status.SHORT] * 3
    later = cloud.asked[-6:]
    assert later == [(A, 1), (B, 1), (C, 1)] * 2


def test_balanced_over_the_zones() -> None:
    outcome = attempt(group(10, strategy=Strategy.balanced), ec2(a=99, b=99, c=99))
    assert counts(outcome) == [4, 3, 3]
    outcome = attempt(group(10, strategy=Strategy.balanced), ec2(a=99, b=1, c=99))
    assert (outcome.status, counts(outcome)) == ("FULFILLED", [5, 1, 4])


def test_a_rest_smaller_than_any_weight_is_left() -> None:
    members = (Member(A, 8), Member(B, 16))
    outcome = attempt(group(60, *members, unit=Unit.vcpus), ec2(a=2, b=99))
    # Another of the smaller ones would fit.
    assert (outcome.status, outcome.reserved, counts(outcome)) == (Status.SHORT, 48, [2, 2])
    assert outcome.reason == "EC2 has no more in 2 pools: 12 of 60 vCPUs missing. odcr keeps asking."
    cloud = ec2(a=9, b=99)
    outcome = attempt(group(60, *members, unit=Unit.vcpus), cloud)
    assert (outcome.status, outcome.reserved, counts(outcome)) == ("FULFILLED", 56, [7, 0])
    assert outcome.reason == "4 vCPUs of the total are less than any member's weight."
    after = recorded(group(60, *members, unit=Unit.vcpus), outcome)
    assert (seen(after, cloud).shortfalls, seen(after, cloud).observed) == ([], [])
    over = replace(after, allows_overshoot=True)
    outcome = attempt(over, cloud)
    assert (outcome.status, outcome.reserved, counts(outcome)) == ("FULFILLED", 64, [8, 0])
    assert seen(recorded(over, outcome), cloud).shortfalls == []


def test_half_units() -> None:
    members = (Member(A, Decimal("0.5")), Member(B, Decimal("1.5")))
    outcome = attempt(group(Decimal("2.5"), *members), ec2(a=2, b=9))
    assert (outcome.status, outcome.reserved, counts(outcome)) == ("FULFILLED", Decimal("2.5"), [2, 1])


def test_a_pool_that_cannot_be_asked_does_not_stop_the_others() -> None:
    faulty = Member(replace(A, instance_type="r5b.typo"), 1, fault="Correct it.")
    outcome = attempt(group(5, faulty, Member(B, 1), Member(C, 1)), ec2(b=3, c=9))
    assert (outcome.status, outcome.reserved, counts(outcome)) == ("FULFILLED", 5, [0, 3, 2])
    assert (outcome.pools[0].status, outcome.pools[0].reason) == ("INVALID", "Correct it.")


@pytest.mark.parametrize("refusal", [InvalidTarget, Unsupported, RequestRefused])
def test_a_pool_that_ec2_refuses_for_good_is_passed_over(refusal: type[Refusal]) -> None:
    cloud = ec2(a=9, b=3, c=9)
    cloud.refusals[A] = [refusal("Code", "never")]
    outcome = attempt(group(5), cloud, pace=FakePace(askings=3))
    assert (outcome.status, outcome.reserved, counts(outcome)) == ("FULFILLED", 5, [0, 3, 2])
    assert outcome.pools[0].status == refusal.status
    assert [key for key, _ in cloud.asked].count(A) == 1


def test_a_quota_in_one_pool_and_dryness_in_another_is_short() -> None:
    cloud = ec2()
    cloud.refusals[A] = [QuotaExceeded("InstanceLimitExceeded", "full")] * 9
    outcome = attempt(group(5), cloud)
    assert (outcome.status, outcome.pools[0].status) == (Status.SHORT, Status.QUOTA_EXCEEDED)


def test_an_unknown_outcome_ends_the_attempt_before_another_pool_is_asked() -> None:
    cloud = ec2(a=9, b=9)
    cloud.refusals[A] = [OutcomeUnknown("Timeout", "?")]
    with pytest.raises(OutcomeUnknown) as caught:
        attempt(group(5), cloud)
    assert cloud.asked == [(A, 5)]
    assert (caught.value.outcome.key, len(caught.value.outcome.pools)) == (GROUP, 3)


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


def test_a_refusal_for_good_in_all_pools_is_reported() -> None:
    cloud = ec2()
    cloud.refusals = {key: [RequestRefused("UnauthorizedOperation", "no")] for key in (A, B, C)}
    with pytest.raises(RequestRefused) as caught:
        attempt(group(5), cloud)
    assert (caught.value.outcome.status, caught.value.outcome.is_short) == (Status.FAILED, True)
    assert "role lacks the IAM right" in caught.value.outcome.reason


def test_a_typo_in_the_first_member_does_not_stop_giving_back() -> None:
    typo = Member(TargetKey("m5.large", "Tokyo", group="sale"), 1, fault="Correct it.")
    target = group(10, typo, Member(A, 1, is_removed=True), has_rivals=True, last_capacity=10, last_status="SHORT")
    cloud = ec2(16)
    short = shortfall(target, cloud)
    planned = plan([short], {GROUP: target}, AskSettings(5.0, 24.0, 40), NOW, NOW + timedelta(seconds=110))
    assert planned.asked == 1
    assert counts(acquire_at_pace(short, "run-1", 0, cloud, FakePace())) == [0, 10]


def test_reservations_of_an_unseen_group_are_not_unlisted() -> None:
    far = replace(A, availability_zone="us-east-1a")
    target = group(10, Member(A, 1), Member(far, 1, last_reserved=3, last_ids=("cr-9",)))
    silent = {"us-east-1": OutcomeUnknown("Timeout", "?")}
    findings = Findings(reservations={"ap-northeast-1": ec2(5).reservations}, silent=silent)
    unseen = with_record_kept(target, Status.FAILED, "us-east-1 does not answer.")
    comparison = find_shortfalls(
        RunShare([target], [], is_complete=True, prices=[]),
        findings,
        [unseen],
        "ap-northeast-1",
        releases=False,
        now=NOW,
        stack_tags={},
    )
    assert (comparison.shortfalls, comparison.observed) == ([], [unseen])


def test_a_balanced_release_of_much_takes_few_steps() -> None:
    pools = [PoolState(TargetKey("m5.large", f"us-east-1{zone}", group="g"), 25_000) for zone in "abcd"]
    given = Allocation(pools, 0, Strategy.balanced).to_give_back(100_000, {pool.key: 25_000 for pool in pools})
    assert list(given.values()) == [25_000] * 4


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
    (one,) = cloud.reservations
    cloud.reservations = [replace(one, count=8), replace(one, id="cr-9", count=5, created="2026-11-09")]
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


def test_a_loss_in_one_pool_is_bought_in_another() -> None:
    target = group(10)
    cloud = ec2(a=6, b=19)
    after = recorded(target, attempt(target, cloud))
    cloud.reservations = [replace(cloud.reservations[0], state="cancelled"), *cloud.reservations[1:]]
    outcome = attempt(after, cloud)
    assert (outcome.status, outcome.reserved, outcome.lost) == ("FULFILLED", 10, 6)
    assert outcome.reason.startswith("6 that were held are gone; 6 were bought again.")
    assert [pool.lost for pool in outcome.pools] == [6, 0, 0]


def test_a_group_with_full_pools_is_reported_as_such() -> None:
    outcome = attempt(group(10, Member(A, 1, most=2), Member(B, 1, most=1)), ec2(a=9, b=9))
    assert (outcome.status, outcome.reserved, outcome.is_short) == (Status.INVALID, 3, True)
    assert outcome.reason == (
        "Raise Max_Instances or add a member: all hold the most they may, and 7 instances are missing."
    )


def test_a_deleted_group_is_reported_with_its_pools() -> None:
    cloud = ec2(3, 4)
    gone = group(0, Member(A, 1, last_reserved=3, last_ids=("cr-1",)), Member(B, 2), withdrawn=True)
    (outcome,) = seen(gone, cloud).observed
    assert (outcome.key, outcome.status, outcome.reserved, counts(outcome)) == (GROUP, Status.EXCESS, 11, [3, 4])
    (unlisted,) = compare([], [], cloud.reservations).observed
    assert (unlisted.key, unlisted.status, counts(unlisted)) == (GROUP, Status.EXCESS, [3, 4])


def test_a_row_and_a_group_in_one_pool_keep_what_is_theirs() -> None:
    cloud = ec2(5)
    row = TargetKey("r5b.2xlarge", "ap-northeast-1a")
    mine = Reservation("cr-9", row, 4, "active", made=token(9))
    comparison = compare(
        [Target(row, 4, 4, "FULFILLED", last_ids=("cr-9",)), group(5)], [], [*cloud.reservations, mine]
    )
    assert [outcome.key for outcome in comparison.observed] == [row, GROUP] or [
        outcome.key for outcome in comparison.observed
    ] == [GROUP]
    assert comparison.shortfalls == []


def test_a_round_goes_on_where_the_previous_one_ended() -> None:
    target, cloud = group(10), ec2(a=2, b=1)
    short = shortfall(target, cloud)
    first = acquire_at_pace(short, "run-1", 0, cloud, FakePace())
    cloud.free[C] = 4
    again = resumed(short, first)
    assert [pool.reserved for pool in again.pools] == [2, 1, 0]
    second = combined(first, acquire_at_pace(again, "run-1/2", 0, cloud, FakePace()))
    assert (second.reserved, second.acquired, counts(second)) == (7, 7, [2, 1, 4])
    assert [pool.acquired for pool in second.pools] == [2, 1, 4]


def test_a_cap_is_kept_pool_by_pool() -> None:
    cloud = ec2(a=99, b=99, c=99)
    short = shortfall(group(10), cloud)
    prices = ("3", "1", "")
    pools = tuple(replace(pool, price=price) for pool, price in zip(short.pools, prices, strict=True))
    limited = replace(short, pools=pools, limit=Limit(None, "Over the cap.", cost="7.5", price=""))
    outcome = acquire_at_pace(limited, "run-1", 0, cloud, FakePace())
    assert (outcome.status, counts(outcome)) == (Status.CAPPED, [2, 1, 0])
    assert outcome.reason == "7 of 10 missing. Over the cap."


def test_a_verdict_on_a_group_with_a_rest_is_met() -> None:
    terms = Terms(deadline="2026-11-30T20:00:00")
    target = group(10, Member(A, 4), terms=terms)
    cloud = ec2(2)
    after = recorded(target, replace(seen(target, cloud).standings[GROUP], status=Status.FULFILLED))
    (outcome,) = seen(after, cloud, now="2026-11-30T20:01:00").observed
    assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 8)
    assert outcome.judgement is not None
    assert outcome.judgement.verdict == "MET"


@pytest.mark.parametrize("left", range(12))
def test_an_attempt_that_runs_out_of_time_anywhere_reports_what_is_held(left: int) -> None:
    cloud = ec2(a=2, b=2, c=99)
    outcome = attempt(group(10), cloud, pace=FakePace(left=left))
    assert outcome.reserved == units((held([reservation]), 1) for reservation in cloud.reservations) <= 10


def test_capacity_without_its_tag_in_one_pool_is_not_bought_in_another() -> None:
    target, cloud = group(10), ec2(a=6, b=9)
    after = recorded(target, attempt(target, cloud))
    cloud._put(replace(cloud.reservations[0], is_managed=False))
    comparison = compare([after], [], [reservation for reservation in cloud.reservations if reservation.is_managed])
    outcome = acquire_at_pace(comparison.shortfalls[0], "run-2", 0, cloud, FakePace())
    assert (outcome.status, outcome.reserved, counts(outcome)) == (Status.ASTRAY, 10, [6, 4, 0])
    assert outcome.reason.startswith("6 are held in cr-1 without this stack's tag odcr:stack, or odcr:group")


def test_split_off_and_lent_capacity_of_a_pool_still_counts() -> None:
    target, cloud = group(10), ec2(a=6, b=9)
    after = recorded(target, attempt(target, cloud))
    first, second = cloud.reservations
    cloud._put(replace(first, count=4))
    cloud.reservations.append(replace(first, id="cr-9", count=2, is_managed=False, made="", created="2026-11-09"))
    cloud._put(replace(second, count=1, lent=3))
    comparison = compare([after], [], [reservation for reservation in cloud.reservations if reservation.is_managed])
    outcome = acquire_at_pace(comparison.shortfalls[0], "run-2", 0, cloud, FakePace())
    assert (outcome.status, outcome.reserved, counts(outcome)) == (Status.ASTRAY, 10, [6, 4, 0])
    assert cloud.free[A] == 0


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


def test_each_pool_counts_for_the_bucket_that_it_is_asked_from() -> None:
    far = replace(A, availability_zone="us-east-1a")
    members = [Member(key, 1) for key in (A, B, C, far)]
    cloud = Ec2({})
    targets = {
        key: replace(
            group(5, *members), key=key, members=tuple(replace(m, key=replace(m.key, group=key.group)) for m in members)
        )
        for key in (group_key(f"g{number}") for number in range(16))
    }
    comparison = compare(list(targets.values()), [], cloud.reservations)

    def planned(shortfalls: Sequence[Shortfall], places: int = 40) -> Plan:
        return plan(shortfalls, targets, AskSettings(5.0, 24.0, places), NOW, NOW + timedelta(seconds=110))

    (branch,) = planned(comparison.shortfalls[:8]).branches
    # 24 pools in one Region at four requests a second.
    assert (len(branch.shortfalls), branch.every) == (8, 6.0)
    assert planned(comparison.shortfalls[:1]).branches[0].every == 5.0
    # 64 requests take 16 seconds.
    (visited,) = planned(comparison.shortfalls).branches
    assert (visited.every, visited.pause) == (0, 0)
    assert visited.visits(NOW) == 16 * 8


def test_an_error_of_the_largest_group_fits_into_its_cause() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionFailedEventDetails.html"""
    keys = [
        TargetKey(f"u7in-16tb.{number}xlarge", "ap-northeast-1c", group="\N{CJK UNIFIED IDEOGRAPH-53CC}" * 128)
        for number in range(MAX_MEMBERS)
    ]
    cloud = Ec2(dict.fromkeys(keys, 0))
    cloud.reservations = [
        Reservation(f"cr-{number:017}{index:02}", key, 100_000, "active", in_use=9, created="2026-11-01")
        for index, key in enumerate(keys)
        for number in range(20)
    ]
    target = replace(
        group(10**9, *(Member(key, Decimal("0.125")) for key in keys)),
        key=group_key("\N{CJK UNIFIED IDEOGRAPH-53CC}" * 128),
    )
    short = shortfall(target, cloud)
    cloud.refusals = {key: [RequestRefused("Blocked", '"' * 300)] for key in keys[:-1]}
    cloud.refusals[keys[-1]] = [OutcomeUnknown("Timeout", "?")]
    with pytest.raises(OutcomeUnknown) as caught:
        acquire_at_pace(short, "run-1", 0, cloud, FakePace())
    assert len(json.dumps({"errorMessage": str(caught.value), "errorType": "OutcomeUnknown"})) < 32_768
