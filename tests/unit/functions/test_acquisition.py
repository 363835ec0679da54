"""One attempt at one target, against a pool in memory."""

from dataclasses import replace

import pytest

from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    InvalidTarget,
    OutcomeUnknown,
    QuotaExceeded,
    Refusal,
    RequestLimitExceeded,
    RequestRefused,
)
from odcr.domain.reservation import Reservation, held
from odcr.domain.target import TargetKey
from odcr.domain.use import Use
from tests.unit.functions.pool import (
    DRY,
    KEY,
    QUOTA,
    FakePace,
    Pool,
    acquire,
    acquire_at_pace,
    not_met,
    shortfall,
    shortfall_of,
)


def test_one_call_makes_one_reservation_for_the_whole_target() -> None:
    pool = Pool(20)
    outcome = acquire(shortfall(pool), 0, pool)
    assert outcome == Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), acquired=15, calls=1, use=Use(unused=15))
    assert (pool.asks, pool.free) == ([15], 5)


def test_a_pool_with_less_gives_all_it_has() -> None:
    pool = Pool(11)
    outcome = not_met(pool, InsufficientInstanceCapacity)
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.SHORT, 11, 11)
    assert outcome.reason == ("EC2 has no more r5b.2xlarge in ap-northeast-1c: 4 of 15 missing. odcr keeps asking.")
    assert [reservation.count for reservation in pool.reservations] == [11]


def test_freed_capacity_makes_the_same_reservation_grow() -> None:
    pool = Pool(4, [Reservation("cr-1", KEY, 11, "active")])
    outcome = acquire(shortfall(pool, last_status="SHORT"), 0, pool)
    assert (outcome.reserved, outcome.acquired, outcome.reservation_ids) == (15, 4, ("cr-1",))


@pytest.mark.parametrize(("attempt", "last_status"), [(1, None), (0, "SHORT"), (0, "QUOTA_EXCEEDED")])
def test_a_known_dry_pool_costs_one_call(attempt: int, last_status: str | None) -> None:
    pool = Pool(0)
    assert not_met(pool, InsufficientInstanceCapacity, attempt, last_status=last_status).calls == 1
    assert pool.asks == [1]


def test_a_quota_is_used_up_before_it_is_reported() -> None:
    pool = Pool(7)

    def quota(count: int) -> None:
        pool.asks.append(count)
        if count > pool.free:
            raise QuotaExceeded("VcpuLimitExceeded", "You have requested more vCPU capacity than your limit.")
        pool.free -= count

    pool._take = quota  # type: ignore[method-assign]
    outcome = not_met(pool, QuotaExceeded)
    assert (outcome.status, outcome.reserved) == (Status.QUOTA_EXCEEDED, 7)
    assert "Raise the On-Demand quota" in outcome.reason


@pytest.mark.parametrize(
    ("refusals", "last_status", "error"),
    [
        ([QUOTA, DRY], "SHORT", InsufficientInstanceCapacity),
        ([QUOTA, QUOTA], "SHORT", QuotaExceeded),
        ([QUOTA], "QUOTA_EXCEEDED", QuotaExceeded),
        ([DRY, QUOTA, DRY, DRY], None, InsufficientInstanceCapacity),
        ([DRY, DRY, QUOTA, DRY], None, InsufficientInstanceCapacity),
        ([QUOTA] * 4, None, QuotaExceeded),
    ],
)
def test_one_quota_error_between_capacity_errors_does_not_count(
    refusals: list[Refusal], last_status: str | None, error: type[Refusal]
) -> None:
    pool = Pool(20, refusals=list(refusals))
    outcome = not_met(pool, error, last_status=last_status)
    assert (outcome.reserved, outcome.calls) == (0, len(refusals))


def test_a_quota_error_that_passes_costs_nothing() -> None:
    pool = Pool(20, refusals=[QUOTA])
    assert acquire(shortfall(pool, last_status="SHORT"), 0, pool).reserved == 15


def test_a_refused_client_token_is_never_sent_again() -> None:
    pool = Pool(20, refusals=[QUOTA, DRY, DRY, DRY])
    not_met(pool, InsufficientInstanceCapacity)
    assert pool.occasions == ["", "/1", "/2", "/3"]


@pytest.mark.parametrize(
    ("refusal", "error", "status"),
    [
        (RequestLimitExceeded("RequestLimitExceeded", "slow down"), RequestLimitExceeded, Status.THROTTLED),
        (InvalidTarget("Unsupported", "not in this zone"), InvalidTarget, Status.INVALID),
        (OutcomeUnknown("ReadTimeoutError", "silence"), OutcomeUnknown, Status.FAILED),
        (RequestRefused("UnauthorizedOperation", "no right"), RequestRefused, Status.FAILED),
    ],
)
def test_any_other_refusal_ends_the_attempt(refusal: Refusal, error: type[Refusal], status: Status) -> None:
    pool = Pool(20, refusals=[refusal])
    outcome = not_met(pool, error)
    assert (outcome.status, outcome.calls) == (status, 1)
    assert refusal.code in outcome.reason
    assert refusal.message in outcome.reason


def test_capacity_granted_before_a_throttling_has_to_be_seen() -> None:
    pool = Pool(20)
    take, answers = pool._take, iter([DRY, None, RequestLimitExceeded("Throttling", "")])

    def throttled(count: int) -> None:
        if refusal := next(answers):
            raise refusal
        take(count)

    pool._take = throttled  # type: ignore[method-assign]
    pool.find = lambda _key: []  # type: ignore[method-assign]
    assert not_met(pool, OutcomeUnknown).reserved == 7


def test_progress_is_kept_when_the_attempt_ends_early() -> None:
    pool = Pool(20)
    pool.refusals = [InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")]
    take, throttle_third = pool._take, iter([False, False, True])

    def throttled(count: int) -> None:
        if next(throttle_third):
            raise RequestLimitExceeded("RequestLimitExceeded", "slow down")
        take(count)

    pool._take = throttled  # type: ignore[method-assign]
    outcome = not_met(pool, RequestLimitExceeded)
    assert (outcome.reserved, outcome.acquired, outcome.calls) == (7, 7, 3)


def test_the_attempt_looks_again_after_a_change_by_somebody_else() -> None:
    pool = Pool(20, refusals=[Changed("IdempotentParameterMismatch", "other parameters")])
    assert acquire(shortfall(pool), 0, pool).reserved == 15


def test_the_attempt_stops_looking_after_repeated_changes() -> None:
    pool = Pool(20, refusals=[Changed("InvalidState", "ended")] * 10)
    assert "keeps changing" in not_met(pool, RequestRefused).reason


def test_a_target_met_meanwhile_asks_for_nothing() -> None:
    short = shortfall_of(KEY, 15, 4, ("cr-1",))
    pool = Pool(20, [Reservation("cr-1", KEY, 15, "active")])
    met = Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), acquired=11, use=Use(unused=15))
    assert acquire(short, 0, pool) == met
    assert pool.asks == []


@pytest.mark.parametrize("attempt", [0, 1, 2])
def test_a_describe_that_lags_behind_a_fresh_record_does_not_count(attempt: int) -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 4, "active")])
    known = shortfall_of(KEY, 15, 4, ("cr-1",), recorded=11, recorded_ids=("cr-1",), is_fresh=True)
    with pytest.raises(OutcomeUnknown) as caught:
        acquire(known, attempt, pool)
    assert pool.asks == []
    assert "EC2 shows 4 instances where 11 were known" in caught.value.outcome.reason


def test_a_reservation_reduced_a_while_ago_counts_as_reduced() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 4, "active")])
    assert acquire(shortfall_of(KEY, 15, 4, ("cr-1",), recorded_ids=("cr-1",)), 0, pool).reserved == 15


def test_a_lagging_describe_does_not_make_the_attempt_forget() -> None:
    pool = Pool(20)
    take, answers = (
        pool._take,
        iter([None, InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no"), Changed("InvalidState", "")]),
    )

    def then_refused(count: int) -> None:
        if refusal := next(answers):
            raise refusal
        take(count)

    pool._take = then_refused  # type: ignore[method-assign]
    pool.find = lambda _key: []  # type: ignore[method-assign]
    outcome = not_met(pool, OutcomeUnknown, attempt=1)
    assert (outcome.reserved, len(pool.reservations)) == (1, 1)


@pytest.mark.parametrize("attempt", [0, 1])
def test_an_attempt_out_of_time_reports_what_it_holds(attempt: int) -> None:
    pool = Pool(11)
    outcome = acquire(shortfall(pool), attempt, pool, requests=2)
    assert outcome.status == Status.SHORT
    assert (outcome.calls, outcome.reserved, held(pool.reservations)) == (2, outcome.acquired, outcome.reserved)
    assert (
        outcome.reason == f"Time ran out before everything was asked for: {15 - outcome.reserved} of 15 missing. "
        "The next run goes on from here."
    )
    assert outcome.was_tried


def test_a_target_without_a_turn_was_not_tried() -> None:
    pool = Pool(20)
    outcome = acquire(shortfall(pool), 0, pool, requests=0)
    assert (outcome.status, outcome.was_tried) == (Status.SHORT, False)


def test_an_ended_reservation_explains_why_less_is_held() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 11, "cancelled")])
    known = shortfall_of(KEY, 15, 0, (), recorded=11, recorded_ids=("cr-1",), is_fresh=True)
    assert acquire(known, 0, pool).reserved == 15
    assert pool.observed == ["cr-1"]


def test_added_capacity_is_recorded_even_if_describe_lags() -> None:
    pool = Pool(11)
    pool.find = lambda _key: []  # type: ignore[method-assign]
    assert not_met(pool, InsufficientInstanceCapacity).reserved == 11


def test_before_the_first_look_the_outcome_has_what_the_run_saw() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 11, "active")])

    def throttled(_key: TargetKey) -> list[Reservation]:
        raise RequestLimitExceeded("RequestLimitExceeded", "slow down")

    short = shortfall(pool)
    pool.find = throttled  # type: ignore[method-assign]
    with pytest.raises(RequestLimitExceeded) as caught:
        acquire(short, 0, pool)
    assert (caught.value.outcome.reserved, caught.value.outcome.reservation_ids) == (11, ("cr-1",))


def test_the_oldest_active_reservation_grows() -> None:
    managed = [
        Reservation("cr-new", KEY, 3, "active", created="2026-11-02"),
        Reservation("cr-old", KEY, 4, "active", created="2026-11-01"),
        Reservation("cr-pending", KEY, 1, "pending", created="2026-10-01"),
        Reservation("cr-gone", KEY, 9, "cancelled", created="2026-09-01"),
    ]
    pool = Pool(20, managed)
    assert acquire(shortfall(pool), 0, pool).reserved == 15
    assert {reservation.id: reservation.count for reservation in pool.reservations} == {
        "cr-new": 3,
        "cr-old": 11,
        "cr-pending": 1,
        "cr-gone": 9,
    }


def test_a_reservation_for_another_platform_is_left_alone() -> None:
    pool = Pool(20, [Reservation("cr-windows", KEY, 4, "active", platform="Windows")])
    assert acquire(shortfall_of(KEY, 15, 0), 0, pool).reserved == 15
    assert pool.reservations[0].count == 4


@pytest.mark.parametrize(
    ("attempt", "last_status", "occasion"),
    [
        (0, None, ""),
        (0, "FULFILLED", ""),
        (0, "EXCESS", ""),
        *((0, status, "run-1/0/0") for status in ("SHORT", "FAILED", "INVALID", "THROTTLED", "UNSUPPORTED")),
        (0, "QUOTA_EXCEEDED", "run-1/0/0"),
        (1, None, "run-1/1/0"),
    ],
)
def test_after_a_refusal_the_same_intent_is_another_occasion(
    attempt: int, last_status: str | None, occasion: str
) -> None:
    pool = Pool(1)
    assert acquire(shortfall(pool, 1, last_status), attempt, pool).reserved == 1
    assert pool.occasions == [occasion]


def test_a_token_that_did_not_match_is_not_sent_again_after_a_look() -> None:
    pool = Pool(20, refusals=[Changed("IdempotentParameterMismatch", "other parameters")])
    acquire(shortfall(pool), 0, pool)
    assert pool.occasions == ["", "run-1/0/1"]


def test_a_pending_reservation_changes_the_token_of_the_next_one() -> None:
    pool = Pool(7)
    make = pool.create

    def pending(*arguments: object) -> Reservation:
        made = replace(make(*arguments), state="pending")  # type: ignore[arg-type]
        pool.reservations[-1] = made
        return made

    pool.create = pending  # type: ignore[method-assign,assignment]
    assert not_met(pool, InsufficientInstanceCapacity).reserved == 7
    assert pool.observed == ["cr-1"]
    assert [reservation.count for reservation in pool.reservations] == [7]


def test_a_lagging_describe_does_not_hide_what_the_run_has_seen() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 4, "active")])
    short = shortfall(pool)
    pool.find = lambda _key: []  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        acquire(short, 0, pool)
    assert pool.asks == []


def test_a_reservation_that_ends_at_once_does_not_meet_the_target() -> None:
    pool = Pool(20)
    make = pool.create
    pool.create = lambda *arguments: replace(make(*arguments), state="failed")  # type: ignore[method-assign,assignment]
    pool.find = lambda _key: []  # type: ignore[method-assign]
    outcome = not_met(pool, OutcomeUnknown)
    assert outcome.reserved == 0
    assert "EC2 shows 0 of 15" in outcome.reason


def test_capacity_added_by_somebody_during_a_wait_is_not_given_away() -> None:
    pool = Pool(3, [Reservation("cr-1", KEY, 5, "active")])
    pace = FakePace(has_waited=True)
    finds = iter(range(100))
    find = pool.find

    def somebody_adds(key: TargetKey) -> list[Reservation]:
        if next(finds) == 2:
            pool.reservations = [Reservation("cr-1", KEY, 15, "active")]
        return find(key)

    pool.find = somebody_adds  # type: ignore[method-assign]
    outcome = acquire_at_pace(shortfall_of(KEY, 15, 5, ("cr-1",), "SHORT"), "run-1", 0, pool, pace)
    assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 15)
    assert held(pool.reservations) == 15


def test_a_lagging_describe_after_a_wait_changes_nothing() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 5, "active")])
    find, answers = pool.find, iter([None, []])
    pool.find = lambda key: find(key) if (answer := next(answers, None)) is None else answer  # type: ignore[method-assign]
    outcome = acquire_at_pace(shortfall(pool), "run-1", 0, pool, FakePace(has_waited=True))
    assert outcome.reserved == 15


def test_a_repeated_creation_does_not_climb_on_top_of_the_first() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 6, "active")])
    # The function runs a second time with the same event, while a describe does not show what the first has made.
    find, answers = pool.find, iter([[], None])
    pool.find = lambda key: find(key) if (answer := next(answers, None)) is None else answer  # type: ignore[method-assign]
    pool.create = lambda *_: pool.reservations[0]  # type: ignore[method-assign]
    outcome = acquire(shortfall_of(KEY, 6, 0, (), "SHORT"), 0, pool)
    assert (outcome.status, outcome.reserved, held(pool.reservations)) == (Status.FULFILLED, 6, 6)
    assert pool.asks == []
