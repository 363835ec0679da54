"""Attempts at groups, and what a run sees of them: one total over several pools, never exceeded by one attempt."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from odcr.domain.asking import Plan
from odcr.domain.comparison import find_shortfalls
from odcr.domain.group_rows import MAX_MEMBERS
from odcr.domain.outcome import Status, with_record_kept
from odcr.domain.refusal import (
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
from odcr.domain.target import Member, Strategy, Target, TargetKey, Terms, Unit, group_key, units
from odcr.settings import AskSettings
from tests.unit.functions.defaults import compare, plan
from tests.unit.functions.group_cloud import (
    GROUP,
    NOW,
    A,
    B,
    C,
    Ec2,
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


def test_a_refusal_for_good_in_all_pools_is_reported() -> None:
    cloud = ec2()
    cloud.refusals = {key: [RequestRefused("UnauthorizedOperation", "no")] for key in (A, B, C)}
    with pytest.raises(RequestRefused) as caught:
        attempt(group(5), cloud)
    assert (caught.value.outcome.status, caught.value.outcome.is_short) == (Status.FAILED, True)
    assert "role lacks the IAM right" in caught.value.outcome.reason


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
