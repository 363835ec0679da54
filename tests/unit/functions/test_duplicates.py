"""What was bought twice is given back, and nothing else, against a pool in memory."""

from dataclasses import replace

import pytest

from odcr.domain.outcome import Status
from odcr.domain.refusal import RequestLimitExceeded
from odcr.domain.reservation import Reservation, held
from tests.unit.functions.pool import KEY, Pool, acquire, shortfall_of


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


def test_a_duplicate_that_cannot_be_given_back_is_reported() -> None:
    pool = bought_twice()

    def throttled(_reservation: Reservation) -> None:
        raise RequestLimitExceeded("RequestLimitExceeded", "slow down")

    pool.cancel = throttled  # type: ignore[method-assign]
    with pytest.raises(RequestLimitExceeded) as caught:
        acquire(shortfall_of(KEY, 15, 0), 1, pool)
    assert (caught.value.outcome.reserved, caught.value.outcome.duplicate_ids) == (26, ("cr-2",))
