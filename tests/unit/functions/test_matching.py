"""Rows that mean one pool, each spelled in its own way."""

from dataclasses import replace

import pytest

from odcr.domain.comparison import Comparison
from odcr.domain.matching import comparable, conflicts, locate, locate_rejected, with_record
from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import RequestLimitExceeded
from odcr.domain.regions import region_of_row, regions_by_id
from odcr.domain.reservation import Reservation
from odcr.domain.target import OptionRow, ReservationOptions, Target, TargetKey, Terms
from tests.unit.functions.defaults import compare

HOME = "ap-northeast-1"
NAMED = TargetKey("r5b.2xlarge", "ap-northeast-1c")
BY_ID = TargetKey("r5b.2xlarge", "apne1-az1")
ZONES = {HOME: {"apne1-az1": "ap-northeast-1c", "apne1-az4": "ap-northeast-1a"}}
THROTTLED = {HOME: RequestLimitExceeded("RequestLimitExceeded", "Slow down.")}
WINDOWS = ReservationOptions(platform="Windows")


def reservation(count: int = 5, name: str = "cr-1", key: TargetKey = NAMED, created: str = "") -> Reservation:
    return Reservation(name, key, count, "active", created=created)


def located(targets: list[Target], rejected: list[Outcome], reservations: list[Reservation]) -> Comparison:
    """As FindShortfalls compares them, with all zones known."""
    located = locate(targets, ZONES, HOME)
    wanted, rejected = with_record(located.targets, locate_rejected(rejected, ZONES, HOME))
    return compare(wanted, rejected, reservations)


def test_a_row_with_a_zone_id_is_compared_by_name_and_reported_by_id() -> None:
    (short,) = located([Target(BY_ID, 15)], [], [reservation(5)]).shortfalls
    assert (short.key, short.reserved, short.key.zone, short.key.region) == (BY_ID, 5, "ap-northeast-1c", HOME)
    assert short.to_event()["AvailabilityZone"] == "apne1-az1"
    assert short.to_event()["ZoneName"] == "ap-northeast-1c"


def test_the_zones_name_survives_events() -> None:
    key = BY_ID.in_zone("ap-northeast-1c")
    for event in (Target(key, 5).to_event(), Outcome(key, Status.SHORT, 5, 0).to_event()):
        assert TargetKey.from_event(event).zone == "ap-northeast-1c"


def test_an_unknown_zone_id_is_invalid_and_near_ones_are_named() -> None:
    located = locate([Target(TargetKey("m5.large", "apne1-az9"), 5)], ZONES, HOME)
    (outcome,) = located.unsure
    assert (located.targets, outcome.status) == ([], Status.INVALID)
    assert "'apne1-az9'. Did you mean apne1-az" in outcome.reason


def test_a_zone_id_of_unknown_form_is_looked_up_in_the_home_region() -> None:
    target = Target(TargetKey("m5.large", "eude1-az1"), 5)
    assert regions_by_id([target], [], "eusc-de-east-1") == {"eusc-de-east-1"}
    (located,) = locate([target], {"eusc-de-east-1": {"eude1-az1": "eusc-de-east-1a"}}, "eusc-de-east-1").targets
    assert (located.key.zone, located.key.region) == ("eusc-de-east-1a", "eusc-de-east-1")
    assert region_of_row(TargetKey("m5.large", "Tokyo"), HOME) is None


def test_zones_are_looked_up_only_if_a_row_gives_an_id() -> None:
    named = Target(TargetKey("m5.large", "us-east-1a"), 1)
    assert regions_by_id([named, Target(BY_ID, 1)], [], HOME) == {HOME}
    assert regions_by_id([replace(named, elsewhere=(OptionRow("use1-az1", WINDOWS),))], [], HOME) == {"us-east-1"}
    assert regions_by_id([], [Outcome(TargetKey("x", " USE1-AZ1"), Status.INVALID, 1, 0)], HOME) == {"us-east-1"}


def test_nothing_is_bought_for_a_zone_id_that_cannot_be_looked_up() -> None:
    rows = [Target(BY_ID, 15, last_reserved=5, last_ids=("cr-1",)), Target(TargetKey("m5.large", "ap-northeast-1a"), 2)]
    located = locate(rows, THROTTLED, HOME)
    assert located.targets == rows[1:]
    (outcome,) = located.unsure
    assert (outcome.status, outcome.reserved, outcome.reservation_ids) == (Status.THROTTLED, 5, ("cr-1",))
    # What may be held for it is neither unlisted, nor given to the row that was there before.
    gone = Target(NAMED, 0, 5, "FULFILLED", last_reserved=5, last_ids=("cr-1",), withdrawn=True)
    other = reservation(2, "cr-2", TargetKey("m5.large", "ap-northeast-1a"))
    sure, targets = comparable([reservation(), other], [*located.targets, gone], located.unread)
    assert (sure, targets) == ([other], located.targets)


@pytest.mark.parametrize("is_by_id_recorded", [False, True])
def test_a_row_by_id_and_one_by_name_are_a_conflict(is_by_id_recorded: bool) -> None:
    named, by_id = Target(NAMED, 5), Target(BY_ID.in_zone("ap-northeast-1c"), 7)
    first, second = named, by_id
    if is_by_id_recorded:
        first, second = replace(by_id, last_status="SHORT"), named
    for rows in ([first, second], [second, first]):
        (outcome,) = conflicts(rows)
        assert (outcome.key, outcome.status, outcome.target) == (second.key, Status.INVALID, second.capacity)
        assert f"{first.key.availability_zone} asks for its r5b.2xlarge already" in outcome.reason


def test_the_row_with_something_held_wins_a_conflict() -> None:
    named = Target(NAMED, 5, last_status="INVALID")
    by_id = Target(BY_ID.in_zone("ap-northeast-1c"), 7, last_status="FAILED", last_reserved=5)
    assert [outcome.key for outcome in conflicts([named, by_id])] == [NAMED]


def test_a_deleted_row_is_no_conflict() -> None:
    assert conflicts([Target(NAMED, 5), Target(BY_ID.in_zone("ap-northeast-1c"), 0, withdrawn=True)]) == []


@pytest.mark.parametrize(
    "key",
    [
        TargetKey("R5B.2xlarge", "ap-northeast-1c"),
        TargetKey(" r5b.2xlarge", "ap-northeast-1c"),
        TargetKey("r5b.2xlarge\n", "AP-NORTHEAST-1C "),
        TargetKey("R5B.2XLARGE", "APNE1-AZ1"),
    ],
)
@pytest.mark.parametrize("is_recorded_before", [False, True])
def test_a_row_in_other_letters_keeps_its_reservations(key: TargetKey, is_recorded_before: bool) -> None:
    # Two reservations, both of them right: neither is taken for bought twice when its row is spelled anew.
    both = [reservation(5, "cr-1", created="2026-01-01"), reservation(10, "cr-2", created="2026-01-02")]
    gone = Target(NAMED, 0, 15, "FULFILLED", last_reserved=15, last_ids=("cr-1", "cr-2"), withdrawn=True)
    rejected = Outcome(key, Status.INVALID, 15, 15 if is_recorded_before else 0, reason="Write it as EC2 does.")
    comparison = located([gone], [rejected], both)
    (outcome,) = comparison.rejected
    assert (outcome.status, outcome.reserved) == (Status.INVALID, 15)
    assert (set(outcome.reservation_ids), outcome.duplicate_ids) == ({"cr-1", "cr-2"}, ())
    (observed,) = comparison.observed
    assert (observed.key, observed.status, observed.reserved) == (NAMED, Status.FULFILLED, 0)
    assert "counts for the row" in observed.reason
    assert not any("cancel" in outcome.reason.lower() for outcome in (outcome, observed))


def test_a_corrected_spelling_brings_the_record_back() -> None:
    both = [reservation(5, "cr-1", created="2026-01-01"), reservation(10, "cr-2", created="2026-01-02")]
    wrong = TargetKey("R5B.2xlarge", "ap-northeast-1c")
    gone = Target(wrong, 0, 15, "INVALID", last_reserved=15, last_ids=("cr-1", "cr-2"), withdrawn=True)
    comparison = located([Target(NAMED, 12), gone], [], both)
    assert comparison.shortfalls == []
    mine, old = comparison.observed
    assert (mine.key, mine.status, mine.reserved, mine.duplicate_ids) == (NAMED, Status.EXCESS, 15, ())
    assert (old.key, old.status, old.reserved) == (wrong, Status.FULFILLED, 0)


def test_a_row_changed_from_name_to_id_keeps_its_record() -> None:
    gone = Target(NAMED, 0, 5, "FULFILLED", last_reserved=5, last_ids=("cr-1",), withdrawn=True)
    comparison = located([Target(BY_ID, 15), gone], [], [reservation(5)])
    (short,) = comparison.shortfalls
    assert (short.key, short.reserved, short.recorded_ids) == (BY_ID, 5, ("cr-1",))
    (old,) = comparison.observed
    assert (old.key, old.status, old.reserved) == (NAMED, Status.FULFILLED, 0)


def test_a_run_with_only_some_rows_never_advises_to_cancel() -> None:
    gone = Target(NAMED, 0, 5, "FULFILLED", last_reserved=5, last_ids=("cr-1",), withdrawn=True)
    (outcome,) = compare([gone], [], [reservation(5)], is_complete=False).observed
    assert outcome.status == Status.EXCESS
    assert "cancel" not in outcome.reason


@pytest.mark.parametrize(("key", "zone"), [(NAMED, "apne1-az1"), (BY_ID, "ap-northeast-1c")])
def test_options_in_another_spelling_of_the_zone_count(key: TargetKey, zone: str) -> None:
    elsewhere = (
        OptionRow("apne1-az4", ReservationOptions(tenancy="dedicated"), Terms(1)),
        OptionRow(zone, WINDOWS, Terms(-2)),
    )
    (target,) = locate([Target(key, 5, elsewhere=elsewhere)], ZONES, HOME).targets
    assert (target.options, target.terms.priority, target.elsewhere) == (WINDOWS, -2, ())
    unread = locate([Target(key, 5, elsewhere=elsewhere)], THROTTLED, HOME)
    assert unread.targets == []
    assert "does not say which zone apne1-az" in unread.unsure[0].reason


def test_a_target_with_options_elsewhere_survives_its_event() -> None:
    target = Target(
        NAMED, 5, elsewhere=(OptionRow("apne1-az1", WINDOWS, Terms(3)), OptionRow("apne1-az4", ReservationOptions()))
    )
    assert Target.from_event(target.to_event()) == target
