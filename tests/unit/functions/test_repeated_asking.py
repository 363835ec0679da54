"""One attempt asks again and again until its time is up, against a pool in memory."""

from dataclasses import replace

import pytest

from odcr.domain import acquisition
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pace import Action
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    OutcomeUnknown,
    QuotaExceeded,
    RequestLimitExceeded,
)
from odcr.domain.reservation import Reservation, held
from tests.unit.functions.pool import DRY, KEY, QUOTA, FakePace, Pool, acquire_at_pace, not_met, shortfall


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
