import json
from dataclasses import replace

import pytest

from odcr.domain.attempt import Attempt
from odcr.domain.attempt_outcome import outcome_of
from odcr.domain.bounds import MAX_SHORTFALLS, _bytes, _item_bytes, bounded
from odcr.domain.comparison import Comparison
from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.reservation import Reservation
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import ReservationOptions, Target, TargetKey
from odcr.domain.use import Use
from odcr.domain.wire import MAX_STATE_BYTES, ROOM
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import FakePace, Pool, shortfall_of

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
OTHER = TargetKey("m5.large", "us-east-1a")


NOTHING_WANTED = Target(KEY, 0, 0, "FULFILLED", last_reason="The target is 0, so nothing is reserved.")


def reservation(count: int, state: str = "active", key: TargetKey = KEY, name: str = "cr-1") -> Reservation:
    return Reservation(name, key, count, state)


def test_missing_capacity_is_a_shortfall() -> None:
    comparison = compare([Target(KEY, 15, 0, "SHORT")], [], [reservation(4)])
    assert comparison.shortfalls == [shortfall_of(KEY, 15, 4, ("cr-1",), "SHORT")]
    assert comparison.observed == []


def test_a_target_without_reservations_misses_all_of_it() -> None:
    assert compare([Target(KEY, 15)], [], []).shortfalls == [shortfall_of(KEY, 15, 0)]


def test_only_active_and_pending_reservations_count() -> None:
    states = ["active", "pending", "expired", "cancelled", "failed", "scheduled", "assessing", "delayed", "unavailable"]
    managed = [reservation(1, state, name=f"cr-{state}") for state in states]
    assert compare([Target(KEY, 15)], [], managed).shortfalls[0].reserved == 2


def test_several_reservations_are_summed_up() -> None:
    comparison = compare([Target(KEY, 15)], [], [reservation(4, name="cr-1"), reservation(6, name="cr-2")])
    assert (comparison.shortfalls[0].reserved, comparison.shortfalls[0].reservation_ids) == (10, ("cr-1", "cr-2"))


WINDOWS = Target(KEY, 15, options=ReservationOptions(platform="Windows"))


def test_another_platform_does_not_serve_the_target() -> None:
    assert compare([WINDOWS], [], [reservation(14)]).shortfalls[0].reserved == 0


def test_capacity_of_another_platform_is_reported() -> None:
    windows = Reservation("cr-2", KEY, 15, "active", platform="Windows")
    (outcome,) = compare([WINDOWS], [], [reservation(4), windows]).observed
    assert (outcome.status, outcome.reserved, outcome.reservation_ids) == (Status.EXCESS, 15, ("cr-1", "cr-2"))
    assert "4 are held in cr-1 with another platform" in outcome.reason


def test_changed_options_do_not_buy_a_target_again() -> None:
    comparison = compare([WINDOWS], [], [reservation(15)])
    assert comparison.shortfalls == []
    (outcome,) = comparison.observed
    assert (outcome.status, outcome.reserved, outcome.reservation_ids) == (Status.INVALID, 0, ("cr-1",))
    assert "Cancel these in EC2, or correct odcr_option" in outcome.reason


def test_a_fulfilled_target_is_observed_only_if_its_record_is_wrong() -> None:
    right = Target(KEY, 15, 15, "FULFILLED", last_ids=("cr-1",), last_use=Use(unused=15))
    assert compare([right], [], [reservation(15)]).observed == []
    for stale in (
        replace(right, current=5),
        replace(right, last_status="SHORT"),
        replace(right, last_status=None),
        replace(right, last_ids=("cr-0",)),
        replace(right, last_use=Use(15, 0)),
    ):
        (outcome,) = compare([stale], [], [reservation(15)]).observed
        assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 15)


def test_a_target_of_zero_is_fulfilled_with_a_reason() -> None:
    (outcome,) = compare([Target(KEY, 0)], [], []).observed
    assert (outcome.status, outcome.reason) == (Status.FULFILLED, "The target is 0, so nothing is reserved.")


def test_an_excess_is_reported_and_nothing_is_given_back() -> None:
    (outcome,) = compare([Target(KEY, 10, 15, "FULFILLED")], [], [reservation(15)]).observed
    assert outcome.status == Status.EXCESS
    assert "15 held, 10 wanted" in outcome.reason
    assert "cr-1" in outcome.reason


def test_an_excess_is_observed_in_every_run() -> None:
    recorded = Target(KEY, 12, 15, "EXCESS", last_ids=("cr-1",))
    (outcome,) = compare([recorded], [], [reservation(15)]).observed
    assert "15 held, 12 wanted" in outcome.reason


def test_a_reservation_that_no_row_asks_for_is_not_forgotten() -> None:
    (outcome,) = compare([NOTHING_WANTED], [], [reservation(3, key=OTHER)]).observed
    assert (outcome.key, outcome.status, outcome.target, outcome.reserved) == (OTHER, Status.EXCESS, 0, 3)
    assert "Insert one to keep it, or cancel cr-1" in outcome.reason


def test_a_deleted_row_stays_visible_while_something_is_held() -> None:
    gone = Target(KEY, 0, 15, "FULFILLED", withdrawn=True)
    (outcome,) = compare([gone], [], [reservation(15)]).observed
    assert (outcome.status, outcome.reserved) == (Status.EXCESS, 15)
    (outcome,) = compare([gone], [], []).observed
    assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 0)


def test_capacity_held_for_a_rejected_row_is_still_reported() -> None:
    rejected = Outcome(KEY, Status.INVALID, -1, 0, reason="negative")
    comparison = compare([], [rejected], [reservation(7)])
    assert comparison.rejected == [Outcome(KEY, Status.INVALID, -1, 7, ("cr-1",), reason="negative", use=Use(unused=7))]
    assert comparison.observed == []


def test_a_fresh_record_goes_with_a_shortfall_that_shows_less() -> None:
    recorded = Target(KEY, 15, 0, "SHORT", last_reserved=11, is_fresh=True, last_ids=("cr-1",))
    (short,) = compare([recorded], [], [reservation(4)]).shortfalls
    assert (short.reserved, short.recorded, short.recorded_ids, short.is_fresh) == (4, 11, ("cr-1",), True)
    assert short.to_event()["Fresh"] is True
    (short,) = compare([recorded], [], [reservation(11)]).shortfalls
    assert "Fresh" not in short.to_event()
    (short,) = compare([replace(recorded, is_fresh=False)], [], [reservation(4)]).shortfalls
    assert (short.recorded, short.is_fresh) == (11, False)


def test_a_duplicate_that_cannot_be_given_back_yet_stays_one() -> None:
    reservations = [reservation(15, name="cr-1"), reservation(11, "pending", name="cr-2")]
    recorded = Target(KEY, 15, 15, "FULFILLED", last_ids=("cr-1",))
    (outcome,) = compare([recorded], [], reservations).observed
    assert (outcome.status, outcome.reserved, outcome.duplicate_ids) == (Status.EXCESS, 26, ("cr-2",))


def test_a_duplicate_may_be_the_older_reservation() -> None:
    reservations = [
        replace(reservation(15, name="cr-1"), created="2026-01-01"),
        replace(reservation(11, name="cr-2"), created="2026-01-02"),
    ]
    recorded = Target(KEY, 15, 11, "SHORT", last_ids=("cr-2",))
    (work,) = compare([recorded], [], reservations).shortfalls
    assert work.duplicate_ids == ("cr-1",)


def test_a_new_duplicate_makes_a_shortfall() -> None:
    reservations = [reservation(15, name="cr-1"), reservation(11, name="cr-2")]
    recorded = Target(KEY, 15, 15, "FULFILLED", last_reserved=15, last_ids=("cr-1",))
    (work,) = compare([recorded], [], reservations).shortfalls
    assert (work.reserved, work.recorded_ids) == (26, ("cr-1",))


def test_a_recorded_excess_is_only_observed() -> None:
    reservations = [reservation(15, name="cr-1"), reservation(11, name="cr-2")]
    recorded = Target(KEY, 15, 26, "EXCESS", last_reserved=26, last_ids=("cr-1", "cr-2"))
    assert compare([recorded], [], reservations).shortfalls == []


def test_nothing_is_unlisted_while_some_rows_are_not_compared() -> None:
    held_for_other = [reservation(3, key=OTHER)]
    assert compare([NOTHING_WANTED], [], held_for_other, is_complete=False).observed == []


def test_a_deleted_row_is_observed_once() -> None:
    said = "Held for no row of odcr_capacity. Insert one to keep it, or cancel cr-1 in EC2."
    record = Target(KEY, 0, 15, "EXCESS", last_ids=("cr-1",), withdrawn=True, last_use=Use(unused=15))
    recorded_target = replace(record, last_reason=said)
    assert compare([recorded_target], [], [reservation(15)]).observed == []
    assert compare([recorded_target], [], [reservation(11)]).observed != []


def test_a_run_works_on_the_longest_waiting_targets() -> None:
    targets = [Target(TargetKey(f"m5.size{number}", "us-east-1a"), 1) for number in range(MAX_SHORTFALLS + 100)]
    shortfalls = bounded(compare(targets, [], []), room=ROOM, has_caps=False).shortfalls
    # A shortfall and its outcome travel together.
    assert 350 < len(shortfalls) <= MAX_SHORTFALLS
    assert [shortfall.key for shortfall in shortfalls] == [target.key for target in targets[: len(shortfalls)]]


@pytest.mark.parametrize("field", ["observed", "rejected"])
def test_many_shortfalls_leave_room_for_some_outcomes(field: str) -> None:
    keys = [TargetKey(f"m5.size{number}", "us-east-1a") for number in range(MAX_SHORTFALLS)]
    outcomes = [Outcome(key, Status.EXCESS, 3, 4, ("cr-1",), reason="x" * 100) for key in keys]
    kept = bounded(
        Comparison([shortfall_of(key, 9, 0) for key in keys], **{field: outcomes}), room=ROOM, has_caps=False
    )
    assert len(getattr(kept, field)) > 100
    assert len(kept.shortfalls) > 300
    # Who waits has all the room that the others leave.
    assert (
        len(bounded(Comparison([shortfall_of(key, 9, 0) for key in keys]), room=ROOM, has_caps=False).shortfalls) > 350
    )
    few = bounded(
        Comparison([shortfall_of(key, 9, 0) for key in keys], **{field: outcomes[:9]}), room=ROOM, has_caps=False
    )
    assert len(few.shortfalls) > 350
    assert len(getattr(few, field)) == 9


@pytest.mark.parametrize("reservations", [1, 10, 50])
def test_the_data_of_a_run_fit_whatever_the_outcomes(reservations: int) -> None:
    ids = tuple(f"cr-0123456789abcde{number:02}" for number in range(reservations))
    keys = [TargetKey(f"u7in-16tb.{number}xlarge", "ap-northeast-1c") for number in range(1000)]
    kept = bounded(
        Comparison(
            [shortfall_of(key, 100_000, 0, ids, "QUOTA_EXCEEDED", recorded=9, recorded_ids=ids[1:]) for key in keys],
            [Outcome(key, Status.EXCESS, 0, 100_000, ids, reason="x" * 500) for key in keys],
            [Outcome(key, Status.INVALID, -1, 100_000, ids, reason="é" * 500) for key in keys],
        ),
        room=ROOM,
        has_caps=False,
    )
    worst = [
        Outcome(
            shortfall.key,
            Status.QUOTA_EXCEEDED,
            shortfall.target,
            shortfall.target,
            (*ids, ids[0]),
            (),
            99_999,
            20,
            "x" * 500,
        )
        for shortfall in kept.shortfalls
    ]
    items = [
        {**shortfall.to_event(), "Outcome": to_round(outcome)}
        for shortfall, outcome in zip(kept.shortfalls, worst, strict=True)
    ]
    seen = [[outcome.to_event() for outcome in outcomes] for outcomes in (kept.observed, kept.rejected)]
    size = len(json.dumps([items, *seen], ensure_ascii=False).encode())
    assert 0.5 * MAX_STATE_BYTES < size < MAX_STATE_BYTES - 2_000
    assert kept.shortfalls[0].key == keys[0]
    assert len(kept.shortfalls) < MAX_SHORTFALLS


def test_a_shortfall_survives_its_event() -> None:
    options = ReservationOptions(tenancy="dedicated")
    for known, ids in ((0, ("cr-1",)), (4, ("cr-1",)), (11, ("cr-1", "cr-2")), (11, ("cr-2",)), (26, ()), (0, ())):
        shortfall = shortfall_of(KEY, 15, 4, ("cr-1",), "SHORT", options, known, ids)
        assert Shortfall.from_event(shortfall.to_event()) == shortfall


def test_a_dead_attempt_forgets_no_reservation() -> None:
    seen = shortfall_of(KEY, 15, 4, ("cr-1",), recorded=11, recorded_ids=("cr-1", "cr-2"))
    died = Shortfall.from_event(seen.to_event()).standing_outcome()
    assert (died.reserved, died.reservation_ids) == (11, ("cr-1", "cr-2"))
    usual = shortfall_of(KEY, 15, 4, ("cr-1",), recorded=4, recorded_ids=("cr-1",)).to_event()
    assert not {"Recorded", "RecordedIds", "Fresh"} & set(usual)


@pytest.mark.parametrize(("status", "expected"), [("ASTRAY", 11), ("FAILED", 11), ("SHORT", 8), (None, 8)])
def test_a_dead_attempt_forgets_nothing_astray_even_if_less_is_wanted(status: str | None, expected: int) -> None:
    seen = shortfall_of(KEY, 8, 4, ("cr-1",), status, recorded=11, recorded_ids=("cr-1", "cr-2"))
    assert seen.standing_outcome().reserved == expected


def test_a_rejected_row_takes_nothing_from_a_valid_row() -> None:
    rejected = Outcome(TargetKey(" r5b.2xlarge", "ap-northeast-1c"), Status.INVALID, 15, 0, reason="a blank")
    right = Target(KEY, 15, 15, "FULFILLED", last_ids=("cr-1",), last_use=Use(unused=15))
    comparison = compare([right], [rejected], [reservation(15)])
    assert (comparison.shortfalls, comparison.observed, comparison.rejected[0].reserved) == ([], [], 0)


def test_a_duplicate_stays_one_while_its_row_is_invalid() -> None:
    reservations = [reservation(15, name="cr-1"), reservation(11, name="cr-2")]
    (rejected,) = compare([], [Outcome(KEY, Status.INVALID, -1, 15, ("cr-1",))], reservations).rejected
    assert (rejected.reserved, rejected.duplicate_ids) == (26, ("cr-2",))


@pytest.mark.parametrize(
    ("end", "count", "is_asked"),
    [
        ("2026-11-26T09:00:00", 4, False),
        ("2026-11-26T10:00:00", 4, False),
        ("2026-11-26T10:00:01", 4, True),
        (None, 4, True),
        ("2026-11-26T09:00:00", 15, False),
    ],
)
def test_a_reservation_that_would_have_ended_is_not_asked_for(end: str | None, count: int, is_asked: bool) -> None:
    target = Target(KEY, 15, 0, options=ReservationOptions(end_date=end))
    comparison = compare([target], [], [reservation(count)], now="2026-11-26T10:00:00")
    assert bool(comparison.shortfalls) is is_asked
    if count < 15 and not is_asked:
        (outcome,) = comparison.observed
        assert (outcome.status, outcome.reserved) == (Status.INVALID, 4)
        assert f"{outcome.reason}".startswith("End_Date in odcr_option was 2026-11-26")
        assert "Set a later one" in outcome.reason
        record = replace(target, current=4, last_status="INVALID", last_ids=("cr-1",), last_reserved=4)
        recorded_target = replace(record, last_reason=outcome.reason, last_use=Use(unused=4))
        assert compare([recorded_target], [], [reservation(4)], now="2026-11-26T10:01:00").observed == []


def test_recorded_ids_that_ec2_does_not_show_still_take_room() -> None:
    gone = tuple(f"cr-{number:017x}" for number in range(20))
    short = shortfall_of(KEY, 15, 0, (), "SHORT", recorded=15, recorded_ids=gone)
    attempt = Attempt(short, "run-1", 0, Pool(0), FakePace(), {}, "", None)
    outcome = replace(outcome_of(attempt, None), status=Status.FAILED, reason="x" * 1024)
    assert _bytes(outcome) <= _item_bytes(short)
