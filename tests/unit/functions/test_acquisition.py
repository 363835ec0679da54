"""One attempt at one target, against a pool in memory."""

from dataclasses import replace

import pytest

from odcr.domain import acquisition
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pace import Action
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
from tests.unit.functions.pool import KEY, FakePace, Pool, acquire, acquire_at_pace, not_met, shortfall, shortfall_of


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


QUOTA = QuotaExceeded("VcpuLimitExceeded", "quota")
DRY = InsufficientInstanceCapacity("InsufficientInstanceCapacity", "dry")


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


def test_more_than_wanted_is_an_excess() -> None:
    pool = Pool(20, [Reservation("cr-1", KEY, 16, "active")])
    assert acquire(shortfall_of(KEY, 15, 4, ("cr-1",)), 0, pool).status == Status.EXCESS


def bought_twice(**second: object) -> Pool:
    first = Reservation("cr-1", KEY, 15, "active", created="2026-11-01")
    return Pool(0, [first, replace(Reservation("cr-2", KEY, 11, "active", created="2026-11-02"), **second)])  # type: ignore[arg-type]


def test_a_duplicate_is_given_back_and_reported() -> None:
    pool = bought_twice()
    outcome = acquire(shortfall_of(KEY, 15, 0), 1, pool)
    assert (outcome.status, outcome.reserved, outcome.reservation_ids) == (Status.FULFILLED, 15, ("cr-1",))
    assert outcome.reason == "11 instances were bought twice and have been given back."
    assert pool.free == 11


def test_only_the_excess_of_a_duplicate_is_given_back() -> None:
    pool = bought_twice()
    outcome = acquire(shortfall_of(KEY, 20, 0), 1, pool)
    assert (outcome.status, outcome.reserved, outcome.reservation_ids) == (Status.FULFILLED, 20, ("cr-1", "cr-2"))


def test_a_duplicate_made_in_this_attempt_is_noticed() -> None:
    pool = Pool(30, [Reservation("cr-1", KEY, 15, "active", created="2026-11-01")])
    answers = iter([[], None])
    find = pool.find
    pool.find = lambda key: answer if (answer := next(answers)) is not None else find(key)  # type: ignore[method-assign]
    outcome = acquire(shortfall_of(KEY, 15, 0), 0, pool)
    assert (outcome.reserved, held(pool.reservations)) == (15, 15)


@pytest.mark.parametrize("second", [{"is_adopted": True}, {"state": "pending"}])
def test_a_reservation_that_is_no_duplicate_is_kept(second: dict[str, object]) -> None:
    pool = bought_twice(**second)
    assert acquire(shortfall_of(KEY, 15, 0), 1, pool).status == Status.EXCESS
    assert held(pool.reservations) == 26


def test_a_recorded_reservation_is_kept() -> None:
    pool = bought_twice()
    recorded = shortfall_of(KEY, 15, 26, ("cr-1", "cr-2"), recorded=26, recorded_ids=("cr-1", "cr-2"))
    assert acquire(recorded, 0, pool).status == Status.EXCESS
    assert held(pool.reservations) == 26


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


def test_a_duplicate_that_cannot_be_given_back_is_reported() -> None:
    pool = bought_twice()

    def throttled(_reservation: Reservation) -> None:
        raise RequestLimitExceeded("RequestLimitExceeded", "slow down")

    pool.cancel = throttled  # type: ignore[method-assign]
    with pytest.raises(RequestLimitExceeded) as caught:
        acquire(shortfall_of(KEY, 15, 0), 1, pool)
    assert (caught.value.outcome.reserved, caught.value.outcome.duplicate_ids) == (26, ("cr-2",))


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


# Asking again


def asking(pool: Pool, askings: int, requests: int = 1000, last_status: str | None = None) -> tuple[Outcome, FakePace]:
    pace = FakePace(requests, askings=askings)
    return acquire_at_pace(shortfall(pool, last_status=last_status), "run-1", 0, pool, pace), pace


def test_a_dry_pool_is_asked_for_one_instance_until_the_attempt_ends() -> None:
    pool = Pool(0)
    outcome, _ = asking(pool, 3)
    assert pool.asks == [15, 7, 3, 1, 1, 1, 1]
    assert (outcome.status, outcome.calls, outcome.refusals) == (Status.SHORT, 7, 7)
    # No creation bears the token of one that was refused.
    assert len(set(pool.occasions)) == len(pool.occasions) == 7


def test_capacity_that_frees_up_between_two_askings_is_taken() -> None:
    pool = Pool(0)
    ask = FakePace.await_asking
    freed = iter([0, 5, 10])

    class Market(FakePace):
        def await_asking(self, *, looks: bool) -> bool:
            pool.free += next(freed, 0)
            return ask(self, looks=looks)

    outcome = acquire_at_pace(shortfall(pool), "run-1", 0, pool, Market(askings=9))
    assert (outcome.status, outcome.reserved, held(pool.reservations)) == (Status.FULFILLED, 15, 15)
    assert len(pool.reservations) == 1


@pytest.mark.parametrize(
    ("held_before", "expected"),
    [([], [False, True, False, False, True, False]), ([Reservation("cr-1", KEY, 5, "active")], [True] * 6)],
    ids=["nothing held", "some held"],
)
def test_the_attempt_looks_before_it_asks_again_if_it_holds_anything(
    held_before: list[Reservation], expected: list[bool]
) -> None:
    pool, pace = Pool(0, held_before), FakePace(askings=5)
    acquire_at_pace(shortfall(pool), "run-1", 0, pool, pace)
    assert pace.looks == expected


def test_no_request_follows_a_look_that_took_too_long() -> None:
    class Slow(FakePace):
        def is_late(self) -> bool:
            return True

    pool = Pool(20, [Reservation("cr-1", KEY, 5, "active")])
    outcome = acquire_at_pace(shortfall(pool), "run-1", 0, pool, Slow(1000, has_waited=True))
    assert (outcome.reserved, pool.asks) == (5, [])


def test_no_second_reservation_is_made_while_ec2_does_not_show_the_first() -> None:
    """Nothing was held, so the second asking made it without a look; EC2 then says that it knows of none."""
    pool = Pool(0)

    class Market(FakePace):
        def await_asking(self, *, looks: bool) -> bool:
            pool.free = 3
            pool.refusals = []
            return super().await_asking(looks=looks)

    resize, refused = pool.resize, iter([Changed("InvalidCapacityReservationId.NotFound", "none")])

    def not_found(reservation: Reservation, count: int) -> None:
        for refusal in refused:
            raise refusal
        resize(reservation, count)

    pool.resize = not_found  # type: ignore[method-assign]
    outcome = acquire_at_pace(shortfall(pool, 3), "run-1", 0, pool, Market(askings=9))
    assert (outcome.reserved, len(pool.reservations)) == (3, 1)


def test_capacity_added_by_somebody_between_two_askings_is_not_given_away() -> None:
    pool = Pool(3, [Reservation("cr-1", KEY, 5, "active")])

    class Somebody(FakePace):
        def await_asking(self, *, looks: bool) -> bool:
            pool.reservations = [Reservation("cr-1", KEY, 12, "active")]
            pool.free = 99
            return super().await_asking(looks=looks)

    outcome = acquire_at_pace(shortfall(pool), "run-1", 0, pool, Somebody(askings=1))
    assert (outcome.reserved, held(pool.reservations)) == (15, 15)


def test_each_asking_allows_its_own_looks_after_changes_by_others() -> None:
    pool = Pool(0, [Reservation("cr-1", KEY, 1, "active")])

    class Somebody(FakePace):
        def await_asking(self, *, looks: bool) -> bool:
            goes_on = super().await_asking(looks=looks)
            (before,) = pool.reservations
            pool.reservations = [replace(before, count=before.count + goes_on)]
            return goes_on

    outcome = acquire_at_pace(shortfall(pool), "run-1", 0, pool, Somebody(askings=2 * acquisition.MAX_LOOKS))
    assert (outcome.status, outcome.reserved) == (Status.SHORT, 1 + 2 * acquisition.MAX_LOOKS)


def test_a_lagging_describe_between_two_askings_changes_nothing() -> None:
    pool = Pool(4)
    find, answers = pool.find, iter([None, []])
    pool.find = lambda key: find(key) if (answer := next(answers, None)) is None else answer  # type: ignore[method-assign]
    outcome, _ = asking(pool, 1)
    assert (outcome.status, outcome.reserved, held(pool.reservations)) == (Status.SHORT, 4, 4)


def test_a_dry_pool_stays_dry_if_time_runs_out_before_the_next_asking() -> None:
    outcome, _ = asking(Pool(0), 9, requests=2, last_status="SHORT")
    assert outcome.calls == 2
    assert outcome.reason.startswith("EC2 has no more r5b.2xlarge")


def test_one_quota_error_between_dry_askings_does_not_count() -> None:
    outcome, _ = asking(Pool(0, refusals=[DRY, QUOTA, DRY, DRY]), 2, last_status="SHORT")
    assert (outcome.status, outcome.calls) == (Status.SHORT, 4)
    with pytest.raises(QuotaExceeded):
        asking(Pool(0, refusals=[DRY, QUOTA, QUOTA]), 2, last_status="SHORT")


def test_each_request_takes_a_token_of_its_own_action() -> None:
    pool = Pool(11)
    _, pace = asking(pool, 1)
    assert pace.actions == [Action.CREATE, Action.CREATE, *[Action.MODIFY] * (len(pool.asks) - 2)]


def test_refusals_are_counted_and_lost_answers_are_not() -> None:
    assert not_met(Pool(0), InsufficientInstanceCapacity).refusals == 4
    assert not_met(Pool(20, refusals=[OutcomeUnknown("ReadTimeoutError", "silence")]), OutcomeUnknown).refusals == 0
    assert not_met(Pool(20, refusals=[RequestLimitExceeded("Throttling", "")]), RequestLimitExceeded).refusals == 1
