"""Reservations that are not what they seem: each kind is counted, grown and given back for what it is."""

from dataclasses import replace

import pytest

from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    InvalidTarget,
    OutcomeUnknown,
    Refusal,
    RequestLimitExceeded,
    RequestRefused,
    Unsupported,
)
from odcr.domain.reservation import Kind, Reservation, duplicates, held
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target
from odcr.domain.use import Use
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import KEY, Pool, acquire, not_met, shortfall, shortfall_of

OLD = Reservation("cr-1", KEY, 4, "active", created="2026-11-01", made="a" * 64)


def recorded(
    pool: Pool, wanted: int = 15, count: int = 15, ids: tuple[str, ...] = ("cr-1",), **more: object
) -> Shortfall:
    """A target of which a run has recorded so much in these reservations, as the pool shows it now."""
    short = shortfall(replace_pool(pool), wanted, "FULFILLED")
    (seen,) = short.pools
    return replace(short, pools=(replace(seen, recorded=count, recorded_ids=ids),), **more)  # type: ignore[arg-type]


def replace_pool(pool: Pool) -> Pool:
    return Pool(0, [reservation for reservation in pool.reservations if reservation.is_managed])


class Stubborn(Pool):
    """An EC2 that will not change some reservations."""

    def __init__(self, free: int, reservations: list[Reservation], refusal: Refusal, *unchangeable: str) -> None:
        super().__init__(free, reservations)
        self.refusal, self.unchangeable = refusal, unchangeable

    def resize(self, reservation: Reservation, count: int) -> None:
        if reservation.id in self.unchangeable:
            self.asks.append(0)
            raise self.refusal
        super().resize(reservation, count)


REFUSALS = [
    RequestRefused("OperationNotPermitted", "not permitted"),
    RequestRefused("UnauthorizedOperation", "no right to this one"),
    InvalidTarget("UnsupportedOperation", "unsupported"),
    InvalidTarget("InvalidParameterCombination", "not together"),
    Unsupported("Unsupported", "unsupported"),
    Changed("InvalidState", "not in this state"),
    Changed("InvalidCapacityReservationId.NotFound", "not found"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_a_reservation_that_ec2_will_not_change_never_blocks_the_target(refusal: Refusal) -> None:
    pool = Stubborn(40, [OLD], refusal, "cr-1")
    outcome = acquire(shortfall(pool), 0, pool)
    assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 15)
    assert [reservation.count for reservation in pool.reservations] == [4, 11]
    assert "EC2 does not change cr-1: " in outcome.reason
    assert refusal.code in outcome.reason


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_a_second_reservation_grows_if_the_first_cannot_change(refusal: Refusal) -> None:
    pool = Stubborn(8, [OLD, replace(OLD, id="cr-2", created="2026-11-02", made="b" * 64)], refusal, "cr-1")
    outcome = not_met(pool, InsufficientInstanceCapacity, attempt=1, target=20)
    assert outcome.reserved == 16
    assert [reservation.count for reservation in pool.reservations] == [4, 12]


def test_nothing_is_bought_beside_a_modification_that_may_still_be_applied() -> None:
    pool = Pool(40, [replace(OLD, is_adjusting=True), replace(OLD, id="cr-2", created="2026-11-02", made="b" * 64)])
    outcome = not_met(pool, OutcomeUnknown)
    assert (outcome.reserved, outcome.calls) == (8, 0)
    assert "has not decided about the last modification of cr-1" in outcome.reason


def test_unchangeable_reservations_do_not_use_up_the_looks() -> None:
    stuck = [replace(OLD, id=f"cr-{number}", count=1, made=str(number) * 64) for number in range(1, 5)]
    pool = Stubborn(40, stuck, Changed("InvalidState", "no"), *(reservation.id for reservation in stuck))
    assert acquire(shortfall(pool), 0, pool).reserved == 15


def test_a_dry_pool_is_still_dry_beside_a_reservation_that_cannot_be_changed() -> None:
    pool = Stubborn(0, [OLD], REFUSALS[0], "cr-1")
    outcome = not_met(pool, InsufficientInstanceCapacity, attempt=1)
    assert (outcome.reserved, outcome.calls) == (4, 2)


@pytest.mark.parametrize(
    ("fields", "counts", "grows"),
    [
        ({}, True, True),
        ({"kind": Kind.FLEET}, True, False),
        ({"is_committed": True}, True, True),
        ({"ends": "2026-11-27T00:00:00+00:00"}, True, False),
        ({"match_criteria": "targeted"}, True, True),
        ({"lent": 2}, True, True),
        ({"kind": Kind.BLOCK}, False, False),
        ({"kind": Kind.OUTPOST}, False, False),
        ({"kind": Kind.PLACEMENT_GROUP, "placement_group": "cluster"}, False, False),
        ({"kind": Kind.INTERRUPTIBLE}, False, False),
        *(({"state": state}, False, False) for state in ("scheduled", "assessing", "delayed", "unsupported")),
        *(({"state": state}, False, False) for state in ("cancelling", "unavailable", "payment-pending")),
    ],
    ids=str,
)
def test_each_kind_counts_and_grows_as_it_should(fields: dict[str, object], counts: bool, grows: bool) -> None:
    pool = Pool(40, [replace(OLD, **fields)])  # type: ignore[arg-type]
    outcome = acquire(shortfall(pool), 0, pool)
    own = [reservation for reservation in pool.reservations if reservation.id == "cr-1"]
    assert outcome.reserved == 15
    assert held(reservation for reservation in pool.reservations if reservation.serves(USUAL_OPTIONS)) == 15
    assert own[0].count == (15 if grows else 4)
    assert ("cr-1" in outcome.reservation_ids) is counts


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": Kind.BLOCK}, "Not counted: cr-1, a Capacity Block"),
        ({"kind": Kind.OUTPOST}, "Not counted: cr-1, on an Outpost"),
        ({"state": "scheduled"}, "Not counted yet: 4 in cr-1, which begin later."),
        ({"ends": "2026-11-27T00:00:00+00:00"}, "4 are held in cr-1 only until 2026-11-27 00:00 UTC."),
        ({"match_criteria": "targeted"}, "cr-1: targeted, so instances have to name it; the row says open."),
    ],
    ids=str,
)
def test_remarks_are_in_the_reason(fields: dict[str, object], said: str) -> None:
    pool = Pool(40, [replace(OLD, **fields)])  # type: ignore[arg-type]
    assert said in acquire(shortfall(pool), 0, pool).reason


@pytest.mark.parametrize(
    "fields", [{"ends": "2026-11-27T00:00:00+00:00"}, {"match_criteria": "targeted"}, {"kind": Kind.FLEET}], ids=str
)
def test_remarks_are_recorded_once_for_a_target_that_needs_nothing(fields: dict[str, object]) -> None:
    reservation = replace(OLD, **fields)  # type: ignore[arg-type]
    target = Target(KEY, 4, 4, "FULFILLED", last_reserved=4, last_ids=("cr-1",), last_use=Use(unused=4))
    observed = compare([target], [], [reservation]).observed
    if "kind" in fields:
        assert observed == []
        return
    (outcome,) = observed
    assert (outcome.status, outcome.lost) == (Status.FULFILLED, 0)
    assert compare([replace(target, last_reason=outcome.reason)], [], [reservation]).observed == []


def test_an_open_reservation_is_reported_to_a_row_that_says_targeted() -> None:
    target = Target(KEY, 4, 4, "FULFILLED", ReservationOptions(match_criteria="targeted"))
    (outcome,) = compare([target], [], [OLD]).observed
    assert "open, so any instance that matches uses it; the row says targeted." in outcome.reason


@pytest.mark.parametrize(
    "fields", [{"is_committed": True}, {"lent": 1}, {"kind": Kind.FLEET}, {"is_adopted": True}], ids=str
)
def test_a_reservation_that_cannot_be_given_back_is_an_excess(fields: dict[str, object]) -> None:
    first = replace(OLD, count=15)
    second = replace(OLD, id="cr-2", created="2026-11-02", made="b" * 64, **fields)  # type: ignore[arg-type]
    pool = Pool(0, [first, second])
    outcome = acquire(shortfall_of(KEY, 15, 0), 1, pool)
    assert outcome.status == Status.EXCESS
    assert held(pool.reservations) == 19


# What a run recorded, and the stack's tag does not show any more


def test_a_reservation_that_lost_its_tag_is_not_bought_again() -> None:
    pool = Pool(40, [replace(OLD, count=15, is_managed=False)])
    outcome = acquire(recorded(pool), 0, pool)
    assert (outcome.status, outcome.reserved, outcome.reservation_ids) == (Status.ASTRAY, 15, ("cr-1",))
    assert (outcome.acquired, outcome.lost, pool.asks) == (0, 0, [])
    assert "15 are held in cr-1 without this stack's tag odcr:stack: tag them again" in outcome.reason


def test_astray_capacity_keeps_counting_and_a_raised_target_buys_only_the_difference() -> None:
    pool = Pool(40, [replace(OLD, count=15, is_managed=False)])
    first = acquire(recorded(pool), 0, pool)
    again = replace(recorded(pool, 18), last_status=str(first.status))
    outcome = acquire(again, 0, pool)
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.ASTRAY, 18, 3)
    assert set(outcome.reservation_ids) == {"cr-1", "cr-2"}


def test_a_split_off_part_is_not_bought_again() -> None:
    parent = replace(OLD, count=11)
    part = replace(OLD, id="cr-2", count=4, created="2026-11-09", is_managed=False, is_adopted=True, made="")
    pool = Pool(40, [parent, part])
    outcome = acquire(recorded(pool), 0, pool)
    assert (outcome.status, outcome.reserved, pool.asks) == (Status.ASTRAY, 15, [])
    assert "4 are held in cr-2 without this stack's tag" in outcome.reason
    next_run = replace(recorded(pool, ids=outcome.reservation_ids), last_status="ASTRAY")
    assert acquire(next_run, 0, pool).reserved == 15
    assert pool.asks == []


@pytest.mark.parametrize(
    "other",
    [
        {"count": 5},
        {"created": "2026-10-01"},
        {"match_criteria": "targeted"},
        {"platform": "Windows"},
        {"state": "cancelled"},
    ],
    ids=str,
)
def test_somebody_elses_reservation_does_not_count_as_missing_capacity(other: dict[str, object]) -> None:
    part = replace(OLD, id="cr-2", count=4, created="2026-11-09", is_managed=False)
    pool = Pool(40, [replace(OLD, count=11), replace(part, **other)])  # type: ignore[arg-type]
    outcome = acquire(recorded(pool), 0, pool)
    assert (outcome.status, outcome.reserved, outcome.acquired, outcome.lost) == (Status.FULFILLED, 15, 4, 4)
    assert "4 that were held are gone; 4 were bought again." in outcome.reason


def test_lent_capacity_is_not_bought_again() -> None:
    pool = Pool(40, [replace(OLD, count=11, lent=4)])
    outcome = acquire(recorded(pool), 0, pool)
    assert (outcome.status, outcome.reserved, outcome.lost, pool.asks) == (Status.ASTRAY, 15, 0, [])
    assert "4 are lent out by cr-1: reclaim them in EC2" in outcome.reason


def test_only_lost_capacity_is_bought_again_and_reported() -> None:
    pool = Pool(40, [replace(OLD, state="cancelled"), replace(OLD, id="cr-2", count=6, is_managed=False)])
    outcome = acquire(recorded(pool, ids=("cr-1", "cr-2")), 0, pool)
    assert (outcome.status, outcome.reserved, outcome.acquired, outcome.lost) == (Status.ASTRAY, 15, 9, 9)
    assert "9 that were held are gone; 9 were bought again." in outcome.reason


def test_a_loss_is_reported_together_with_a_shortage() -> None:
    pool = Pool(2)
    outcome = acquire(recorded(pool), 1, pool)
    assert (outcome.status, outcome.lost, outcome.reserved) == (Status.SHORT, 15, 2)


def test_a_replaced_loss_that_was_not_recorded_is_reported_by_the_next_run() -> None:
    target = Target(KEY, 15, 15, "FULFILLED", last_reserved=15, last_ids=("cr-0",))
    (outcome,) = compare([target], [], [replace(OLD, count=15)]).observed
    assert (outcome.status, outcome.lost) == (Status.FULFILLED, 15)
    assert "15 that were held are gone" in outcome.reason


@pytest.mark.parametrize(("wanted", "lost"), [(15, 5), (12, 2), (10, 0)])
def test_capacity_given_up_on_purpose_is_not_lost(wanted: int, lost: int) -> None:
    pool = Pool(40, [replace(OLD, count=10)])
    outcome = acquire(recorded(pool, wanted), 0, pool)
    assert outcome.lost == lost


def test_a_lagging_describe_by_tag_is_corrected_by_one_without() -> None:
    pool = Pool(40, [replace(OLD, count=15)])
    pool.find = lambda _key: []  # type: ignore[method-assign]
    outcome = acquire(shortfall_of(KEY, 15, 0, (), "FULFILLED", recorded=15, recorded_ids=("cr-1",)), 0, pool)
    assert (outcome.status, outcome.reserved, pool.asks) == (Status.FULFILLED, 15, [])


def test_nothing_is_bought_while_recorded_reservations_cannot_be_looked_up() -> None:
    pool = Pool(40)

    def throttled(_key: object) -> list[Reservation]:
        raise RequestLimitExceeded("RequestLimitExceeded", "slow down")

    pool.find_all = throttled  # type: ignore[method-assign]
    pool.find = lambda _key: []  # type: ignore[method-assign]
    with pytest.raises(RequestLimitExceeded) as caught:
        acquire(recorded(Pool(0)), 0, pool)
    assert pool.asks == []
    assert (caught.value.outcome.reserved, caught.value.outcome.reservation_ids) == (15, ("cr-1",))


# What looks as if it had been bought twice


def test_a_part_split_off_with_all_tags_is_no_duplicate() -> None:
    part = replace(OLD, id="cr-2", created="2026-11-09")
    assert duplicates([OLD, part], ["cr-1"], more_ids=0) == []
    pool = Pool(0, [replace(OLD, count=15), part])
    assert acquire(recorded(pool), 0, pool).status == Status.EXCESS
    assert held(pool.reservations) == 19


def test_kept_reservations_are_confirmed_before_a_duplicate_goes() -> None:
    second = replace(OLD, id="cr-2", count=11, created="2026-11-09", made="b" * 64)
    pool = Pool(0, [replace(OLD, count=15), second])
    shown = list(pool.reservations)
    # The describe lags: a person has reduced the first.
    pool.reservations[0] = replace(OLD, count=4)
    answers = iter([shown, shown])
    pool.find = lambda _key: next(answers, pool.reservations)  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        acquire(shortfall_of(KEY, 15, 26, ("cr-1", "cr-2"), recorded=15, recorded_ids=("cr-1",)), 0, pool)
    assert held(pool.reservations) == 15


# Pending


def test_a_target_held_by_a_pending_reservation_is_pending() -> None:
    pending = replace(OLD, count=15, state="pending")
    pool = Pool(0, [pending])
    assert acquire(shortfall(pool), 0, pool).status == Status.PENDING
    target = Target(KEY, 15)
    (outcome,) = compare([target], [], [pending]).observed
    assert outcome.status == Status.PENDING
    recorded_target = Target(KEY, 15, 15, "PENDING", last_reserved=15, last_ids=("cr-1",), last_reason=outcome.reason)
    assert compare([recorded_target], [], [pending]).observed == []
    (outcome,) = compare([recorded_target], [], [replace(pending, state="active")]).observed
    assert outcome.status == Status.FULFILLED


def test_a_reservation_that_fails_after_pending_is_bought_again_and_reported() -> None:
    pool = Pool(40, [replace(OLD, count=15, state="failed")])
    outcome = acquire(recorded(pool), 0, pool)
    assert (outcome.status, outcome.acquired, outcome.lost) == (Status.FULFILLED, 15, 15)


# Unsupported


def test_an_unsupported_target_rests_and_is_asked_again_later() -> None:
    pool = Pool(40, refusals=[Unsupported("Unsupported", "The requested configuration is not supported.")])
    outcome = not_met(pool, InvalidTarget)
    assert outcome.status == Status.UNSUPPORTED
    assert "asked again every ten minutes" in outcome.reason
    resting = Target(KEY, 15, 0, "UNSUPPORTED", is_resting=True)
    assert compare([resting], [], []).shortfalls == []
    assert compare([replace(resting, is_resting=False)], [], []).shortfalls != []
    # Something else has happened to it meanwhile.
    assert compare([replace(resting, last_reserved=4)], [], []).shortfalls != []


def test_zones_that_ec2_suggests_are_in_the_reason() -> None:
    message = (
        "We currently do not have sufficient r5b.2xlarge capacity in the Availability Zone you requested "
        "(ap-northeast-1c). You can currently get r5b.2xlarge capacity by not specifying an Availability Zone in your "
        "request or choosing ap-northeast-1a, ap-northeast-1d."
    )
    pool = Pool(0, refusals=[InsufficientInstanceCapacity("InsufficientInstanceCapacity", message)] * 9)
    outcome = not_met(pool, InsufficientInstanceCapacity, attempt=1)
    assert "EC2 suggests ap-northeast-1a, ap-northeast-1d, which may be dry as well." in outcome.reason


# Run after run


def runs(pool: Pool, reserved: int, status: str = "SHORT") -> list[Outcome]:
    """Four runs a minute apart, each from what the one before recorded; a record is fresh if it was tried."""
    outcomes: list[Outcome] = []
    target = Target(KEY, 15, reserved, status, last_reserved=reserved, is_fresh=True, last_ids=("cr-1",))
    for _ in range(4):
        shown = [reservation for reservation in pool.reservations if reservation.is_managed]
        work = compare([target], [], shown).shortfalls
        for attempt in range(3 if work else 0):
            try:
                outcome = acquire(Shortfall.from_event(work[0].to_event()), attempt, pool)
                break
            except Refusal as error:
                outcome = error.outcome
        if work:
            outcomes.append(outcome)
            target = replace(
                target,
                last_status=str(outcome.status),
                last_reserved=outcome.reserved,
                last_ids=outcome.reservation_ids,
                is_fresh=outcome.was_tried,
            )
    return outcomes


@pytest.mark.parametrize(
    ("now", "status", "last"),
    [
        (replace(OLD, count=6), "SHORT", Status.FULFILLED),
        (replace(OLD, count=10, is_managed=False, state="cancelled"), "ASTRAY", Status.FULFILLED),
        (replace(OLD, count=6, is_managed=False), "ASTRAY", Status.ASTRAY),
    ],
    ids=["reduced", "cancelled without the tag", "reduced without the tag"],
)
def test_less_than_a_fresh_record_counts_in_the_next_run(now: Reservation, status: str, last: Status) -> None:
    outcomes = runs(Pool(40, [now]), 10, status)
    assert (outcomes[-1].status, outcomes[-1].reserved) == (last, 15)
    assert sum(outcome.lost for outcome in outcomes) == 10 - (now.count if now.is_held else 0)


def test_a_describe_that_lags_is_no_loss() -> None:
    short = shortfall_of(KEY, 15, 0, (), "SHORT", recorded=10, recorded_ids=("cr-1",), is_fresh=True)
    with pytest.raises(OutcomeUnknown) as caught:
        acquire(short, 0, Pool(40))
    assert caught.value.outcome.lost == 0


def test_a_loss_replaced_by_a_dead_attempt_is_reported_by_the_repeated_one() -> None:
    pool = Pool(40, [replace(OLD, state="cancelled", count=15)])
    acquire(recorded(pool), 0, pool)
    assert acquire(recorded(Pool(0)), 1, pool).lost == 15


@pytest.mark.parametrize(
    "target",
    [
        Target(KEY, 0, 15, "ASTRAY", last_reserved=15, last_ids=("cr-1",)),
        Target(KEY, 0, 15, "ASTRAY", last_reserved=15, last_ids=("cr-1",), withdrawn=True),
        Target(KEY, 0, 15, "FAILED", last_reserved=15, last_ids=("cr-1",)),
    ],
    ids=["lowered", "row deleted", "after an attempt that died"],
)
def test_astray_capacity_is_not_forgotten_when_the_target_is_0(target: Target) -> None:
    (work,) = compare([target], [], []).shortfalls
    astray = acquire(work, 0, Pool(0, [replace(OLD, count=15, is_managed=False)]))
    assert (astray.status, astray.reserved, astray.reservation_ids) == (Status.ASTRAY, 15, ("cr-1",))
    gone = acquire(work, 0, Pool(0, [replace(OLD, count=15, is_managed=False, state="cancelled")]))
    assert (gone.status, gone.reserved, gone.reservation_ids) == (Status.FULFILLED, 0, ())


def test_a_reservation_that_ended_without_its_tag_counts_as_ended_at_once() -> None:
    ended = replace(OLD, count=10, is_managed=False, state="cancelled")
    short = shortfall_of(KEY, 15, 0, (), "ASTRAY", recorded=10, recorded_ids=("cr-1",), is_fresh=True)
    outcome = acquire(short, 0, Pool(40, [ended]))
    assert (outcome.status, outcome.reserved, outcome.lost) == (Status.FULFILLED, 15, 10)


def test_a_loss_replaced_by_dead_attempts_is_reported_despite_a_fresh_record() -> None:
    target = Target(KEY, 15, 15, "FAILED", last_reserved=15, is_fresh=True, last_ids=("cr-1",))
    (work,) = compare([target], [], [replace(OLD, id="cr-2", count=15)]).shortfalls
    outcome = acquire(work, 0, Pool(0, [replace(OLD, id="cr-2", count=15)]))
    assert (outcome.status, outcome.lost) == (Status.FULFILLED, 15)


def test_an_ended_reservation_was_not_split_off() -> None:
    first, ended = replace(OLD, count=10), replace(OLD, id="cr-2", count=5, state="cancelled", made="b" * 64)
    others = replace(OLD, id="cr-3", count=5, created="2026-11-09", is_managed=False)
    outcome = acquire(
        recorded(Pool(40, [first, ended, others]), ids=("cr-1", "cr-2")), 0, Pool(40, [first, ended, others])
    )
    assert (outcome.status, outcome.lost, outcome.acquired) == (Status.FULFILLED, 5, 5)


def test_growth_of_an_astray_reservation_does_not_count() -> None:
    first = replace(OLD, count=10)
    grown = replace(OLD, id="cr-2", count=100, created="2026-11-09", is_managed=False)
    pool = Pool(40, [first, grown])
    outcome = acquire(recorded(pool, 20, ids=("cr-1", "cr-2")), 0, pool)
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.ASTRAY, 20, 5)


def test_a_lender_is_astray_in_the_attempt_as_in_the_comparison() -> None:
    lender = replace(OLD, count=15, lent=5)
    outcome = acquire(recorded(Pool(40, [lender]), 16), 0, Pool(40, [lender]))
    assert (outcome.status, outcome.reserved) == (Status.ASTRAY, 16)
    grown = replace(lender, count=16)
    record = Target(KEY, 16, 16, "ASTRAY", last_reserved=16, last_ids=("cr-1",), last_use=Use(unused=16))
    target = replace(record, last_reason=outcome.reason)
    assert compare([target], [], [grown]).observed == []
