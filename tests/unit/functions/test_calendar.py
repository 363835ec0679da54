"""When a demand is asked for, and the verdict on its deadline."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from odcr.domain.asking import interval
from odcr.domain.comparison import Comparison
from odcr.domain.costs import Costs
from odcr.domain.matching import with_record
from odcr.domain.messages import Change, announcements
from odcr.domain.outcome import Status
from odcr.domain.refusal import OutcomeUnknown
from odcr.domain.reservation import Reservation
from odcr.domain.target import Announcement, Judgement, Target, TargetKey, Terms, Verdict
from odcr.settings import AskSettings
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import FakePace, Pool, acquire_at_pace, ended_by

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
DEADLINE = "2026-11-30T20:00:00"
BEFORE, AFTER = "2026-11-30T19:59:59", DEADLINE
MADE = "0" * 64
MET, MISSED = Judgement(Verdict.MET, DEADLINE), Judgement(Verdict.MISSED, DEADLINE)
GIVEN_UP = Judgement(Verdict.MISSED, DEADLINE, gives_up=True)
GIVE_UP = Terms(deadline=DEADLINE, releases_if_missed=True)


def target(terms: Terms, **fields: object) -> Target:
    return replace(Target(KEY, 15, 0, "SHORT", terms=terms), **fields)  # type: ignore[arg-type]


def held(count: int, *, in_use: int = 0) -> list[Reservation]:
    return [Reservation("cr-1", KEY, count, "active", in_use=in_use, made=MADE)] if count else []


def seen(target: Target, count: int, now: str, *, in_use: int = 0) -> Comparison:
    return compare([target], [], held(count, in_use=in_use), now=now)


# Start_At

START = Terms(start_at="2026-11-28T00:00:00")


@pytest.mark.parametrize("now", ["2026-11-27T23:59:59", "2026-01-01T00:00:00"])
def test_nothing_is_asked_for_before_start_at(now: str) -> None:
    comparison = seen(target(START), 4, now)
    assert comparison.shortfalls == []
    (outcome,) = comparison.observed
    assert (outcome.status, outcome.target, outcome.reserved) == (Status.WAITING, 15, 4)
    assert outcome.reason == "4 of 15 held. Nothing is asked for before Start_At, 2026-11-28 00:00 UTC."
    assert not outcome.is_short


def test_waiting_is_recorded_once_and_asking_begins_at_start_at() -> None:
    (outcome,) = seen(target(START), 0, "2026-11-27T00:00:00").observed
    recorded_target = target(START, last_status="WAITING", last_reason=outcome.reason)
    assert seen(recorded_target, 0, "2026-11-27T00:01:00") == Comparison()
    (shortfall,) = seen(recorded_target, 0, "2026-11-28T00:00:00").shortfalls
    assert (shortfall.target, shortfall.rest) == (15, None)


def test_capacity_held_before_start_at_counts() -> None:
    (outcome,) = seen(target(START), 15, "2026-11-27T00:00:00").observed
    assert outcome.status == Status.FULFILLED


def test_before_start_at_astray_reservations_are_looked_up_and_nothing_is_bought() -> None:
    astray = target(START, last_status="ASTRAY", last_reserved=15, last_ids=("cr-1", "cr-2"))
    (shortfall,) = seen(astray, 5, "2026-11-27T00:00:00").shortfalls
    pool = Pool(100, held(5))
    lost = acquire_at_pace(shortfall, "run-1", 0, pool, FakePace())
    assert (lost.status, lost.reserved, pool.asks) == (Status.WAITING, 5, [])
    untagged = replace(held(10)[0], id="cr-2", is_managed=False)
    outcome = acquire_at_pace(shortfall, "run-1", 0, Pool(100, [*held(5), untagged]), FakePace())
    assert (outcome.status, outcome.reserved) == (Status.ASTRAY, 15)


# The verdict


@pytest.mark.parametrize(("count", "verdict"), [(15, MET), (20, MET), (14, MISSED), (0, MISSED)])
def test_the_first_look_after_the_deadline_gives_a_verdict(count: int, verdict: Judgement) -> None:
    due = target(Terms(deadline=DEADLINE), last_status="FULFILLED", current=count)
    before, after = seen(due, count, BEFORE), seen(due, count, AFTER)
    assert not [shortfall for shortfall in (*before.shortfalls, *before.observed) if shortfall.judgement]
    (judged,) = (*after.shortfalls, *after.observed)
    assert judged.judgement == verdict
    judged = replace(due, last_judgement=verdict)
    again = seen(judged, count, "2026-12-24T00:00:00")
    assert not [shortfall for shortfall in (*again.shortfalls, *again.observed) if shortfall.judgement]


def test_another_deadline_has_a_verdict_of_its_own() -> None:
    later = target(Terms(deadline="2026-12-01T00:00:00"), last_judgement=MISSED)
    (shortfall,) = seen(later, 4, "2026-11-30T21:00:00").shortfalls
    assert shortfall.judgement is None
    (shortfall,) = seen(later, 4, "2026-12-01T00:00:00").shortfalls
    assert shortfall.judgement == Judgement(Verdict.MISSED, "2026-12-01T00:00:00")


IN_AN_HOUR = "2026-11-30T21:00:00"


@pytest.mark.parametrize("fields", [{"is_fresh": True}, {}, {"last_status": "FAILED"}])
def test_the_verdict_waits_an_hour_for_what_ec2_does_not_show(fields: dict[str, object]) -> None:
    due = target(replace(GIVE_UP, start_at=None), last_reserved=15, last_ids=("cr-1",), **fields)
    (shortfall,) = seen(due, 0, AFTER).shortfalls
    assert (shortfall.judgement, shortfall.is_given_up) == (None, False)
    (shortfall,) = seen(replace(due, is_fresh=False), 0, IN_AN_HOUR).shortfalls
    # So late a verdict gives nothing up.
    assert (shortfall.judgement, shortfall.is_given_up) == (MISSED, False)


def test_astray_capacity_counts_at_the_deadline() -> None:
    astray = target(GIVE_UP, last_status="ASTRAY", last_reserved=15, last_ids=("cr-1", "cr-2"))
    (shortfall,) = seen(astray, 10, AFTER).shortfalls
    assert (shortfall.judgement, shortfall.is_given_up) == (MET, False)
    # A run that did not see it recorded FAILED: it is looked for first.
    assert seen(replace(astray, last_status="FAILED"), 10, AFTER).shortfalls[0].judgement is None


def test_a_row_invalid_at_the_deadline_gives_nothing_up_once_corrected() -> None:
    """Somebody corrects a typo: what was held all the while stays."""
    corrected = target(GIVE_UP, last_status="INVALID", last_reserved=12, last_ids=("cr-1",))
    (shortfall,) = seen(corrected, 12, AFTER).shortfalls
    assert (shortfall.judgement, shortfall.is_given_up, shortfall.target) == (MISSED, False, 15)


def test_a_lost_record_gives_nothing_up() -> None:
    forgotten = target(GIVE_UP, last_status=None)
    for now in (AFTER, "2026-12-24T00:00:00"):
        (shortfall,) = seen(forgotten, 10, now).shortfalls
        assert (shortfall.judgement, shortfall.is_given_up) == (MISSED, False)


def test_a_row_in_a_new_spelling_keeps_its_verdict() -> None:
    by_id = TargetKey("r5b.2xlarge", "apne1-az1", "ap-northeast-1c")
    gone = replace(target(Terms(), last_judgement=MET), key=by_id, capacity=0, withdrawn=True, last_ids=("cr-1",))
    (named, _), _ = with_record([target(GIVE_UP, last_status=None), gone], [])
    assert named.last_judgement == MET


def test_asking_goes_on_after_a_missed_deadline_unless_the_row_says_stop() -> None:
    (shortfall,) = seen(target(Terms(deadline=DEADLINE)), 4, AFTER).shortfalls
    assert (shortfall.target, shortfall.judgement, shortfall.rest) == (15, MISSED, None)
    stopped = seen(target(Terms(deadline=DEADLINE, stops_at_deadline=True)), 4, AFTER)
    assert stopped.shortfalls == []
    (outcome,) = stopped.observed
    assert (outcome.status, outcome.reserved, outcome.judgement) == (Status.STOPPED, 4, MISSED)
    assert outcome.reason.startswith("4 of 15 held. Nothing is asked for after the Deadline, 2026-11-30 20:00 UTC")
    assert not outcome.is_short


def test_a_loss_after_the_end_of_asking_is_reported_and_not_bought_again() -> None:
    terms = Terms(deadline=DEADLINE, stops_at_deadline=True)
    lost = target(terms, last_status="FULFILLED", last_reserved=15, last_ids=("cr-1",), last_judgement=MET)
    (shortfall,) = compare([lost], [], [], now=AFTER).shortfalls
    pool = Pool(100)
    outcome = acquire_at_pace(shortfall, "run-1", 0, pool, FakePace())
    assert (outcome.status, outcome.lost, pool.asks) == (Status.STOPPED, 15, [])
    assert outcome.reason.startswith("0 of 15 held. Nothing is asked for after the Deadline")
    assert outcome.reason.endswith("15 that were held are gone; 0 were bought again.")
    # Had EC2 only been late, the record stays.
    fresh = compare([replace(lost, is_fresh=True)], [], [], now=AFTER).shortfalls[0]
    lagging = ended_by(OutcomeUnknown, lambda: acquire_at_pace(fresh, "run-1", 0, Pool(100), FakePace()))
    assert (lagging.reserved, lagging.reservation_ids) == (15, ("cr-1",))


def test_astray_capacity_after_the_end_of_asking_is_reported() -> None:
    terms = Terms(deadline=DEADLINE, stops_at_deadline=True)
    stopped = target(terms, capacity=20, last_status="STOPPED", last_reserved=15, last_ids=("cr-1", "cr-2"))
    (shortfall,) = seen(replace(stopped, last_judgement=MISSED), 10, AFTER).shortfalls
    untagged = replace(held(5)[0], id="cr-2", is_managed=False)
    outcome = acquire_at_pace(shortfall, "run-1", 0, Pool(100, [*held(10), untagged]), FakePace())
    assert (outcome.status, outcome.reserved, outcome.lost) == (Status.ASTRAY, 15, 0)


# On_Missed

ANNOUNCED = target(
    GIVE_UP,
    current=12,
    last_reserved=12,
    last_ids=("cr-1",),
    last_judgement=GIVEN_UP,
    last_announced=Announcement(12, 0),
)
"""A demand of whose release the last run has told."""


def test_a_release_for_a_missed_deadline_is_announced_and_then_made() -> None:
    missed = target(GIVE_UP, current=12, last_reserved=12, last_ids=("cr-1",))
    comparison = seen(missed, 12, AFTER)
    assert comparison.shortfalls == []
    (outcome,) = comparison.observed
    assert (outcome.status, outcome.target, outcome.reserved, outcome.judgement) == (Status.STOPPED, 15, 12, GIVEN_UP)
    assert outcome.announced == Announcement(12, 0)
    assert outcome.reason == (
        "The deadline, 2026-11-30 20:00 UTC, was missed. "
        "Set On_Missed to keep, or a later Deadline: otherwise the next run releases 12 if unused."
    )

    announced = replace(
        missed, last_status="STOPPED", last_announced=outcome.announced, last_judgement=GIVEN_UP, last_reason="x"
    )
    (shortfall,) = seen(announced, 12, AFTER).shortfalls
    pool = Pool(0, held(12))
    released = acquire_at_pace(shortfall, "run-2", 0, pool, FakePace())
    assert (released.status, released.target, released.reserved, released.acquired) == (Status.STOPPED, 15, 0, -12)
    assert released.reason.startswith("Released 12, as its deadline was missed.")
    # To raise the target does not keep it, and nobody says so.
    raised = seen(replace(announced, capacity=30), 12, AFTER).shortfalls[0]
    assert (raised.is_release, raised.is_given_up) == (True, True)
    assert pool.reservations == []
    assert pool.asks == []

    done = replace(announced, last_reserved=0, last_ids=(), current=0, last_announced=None)
    (outcome,) = seen(done, 0, AFTER).observed
    assert (outcome.status, outcome.reserved, outcome.is_short) == (Status.STOPPED, 0, False)
    recorded_target = replace(done, last_reason=outcome.reason)
    assert seen(recorded_target, 0, AFTER) == Comparison()


def test_capacity_in_use_is_kept() -> None:
    (shortfall,) = seen(ANNOUNCED, 12, AFTER, in_use=5).shortfalls
    pool = Pool(0, held(12, in_use=5))
    outcome = acquire_at_pace(shortfall, "run-2", 0, pool, FakePace())
    assert (outcome.status, outcome.reserved) == (Status.STOPPED, 5)
    assert [reservation.count for reservation in pool.reservations] == [5]


@pytest.mark.parametrize(
    "change",
    [
        {"terms": Terms(deadline=DEADLINE)},
        {"terms": replace(GIVE_UP, deadline="2026-12-05T00:00:00")},
        {"last_judgement": MET},
        {"last_judgement": MISSED},
    ],
)
def test_nothing_is_given_back_for_a_changed_row_or_a_met_deadline(
    change: dict[str, object],
) -> None:
    (shortfall,) = seen(replace(ANNOUNCED, **change), 12, AFTER).shortfalls  # type: ignore[arg-type]
    assert (shortfall.target, shortfall.is_release, shortfall.rest) == (15, False, None)


# The last day

USUAL = AskSettings(every=5.0, slow_after_hours=24.0, places=40)


@pytest.mark.parametrize(("hours_before", "every"), [(24.01, 60), (24, 5), (1, 5), (0, 60), (-1, 60)])
def test_a_pool_that_was_dry_for_days_is_asked_at_full_pace_in_the_last_day(hours_before: float, every: float) -> None:
    dry = target(Terms(deadline=DEADLINE), dry_seconds=90 * 3600)
    now = datetime.fromisoformat(DEADLINE).replace(tzinfo=UTC) - timedelta(hours=hours_before)
    assert interval(dry, USUAL, now) == every
    assert interval(replace(dry, last_status="QUOTA_EXCEEDED"), USUAL, now) == 60


# What people are told


def test_a_verdict_says_what_is_held_and_since_when() -> None:
    deadline, since = datetime(2026, 11, 30, 20, 0), datetime(2026, 11, 29, 8, 30)  # noqa: DTZ001 - as the tables have it
    met = Change(KEY, "FULFILLED", Status.FULFILLED, 15, 15, verdict=Verdict.MET, deadline=deadline, met_since=since)
    missed = Change(KEY, "SHORT", Status.SHORT, 12, 15, short_since=since, verdict=Verdict.MISSED, deadline=deadline)
    (message,) = announcements("odcr/ap-northeast-1", [met, missed], {}, Costs())
    assert (
        "MET ITS DEADLINE, 2026-11-30 20:00 UTC: FULFILLED: r5b.2xlarge in ap-northeast-1c: 15 of 15 held "
        "(was FULFILLED); all of it since 2026-11-29 08:30 UTC"
    ) in message["Message"]
    assert (
        "MISSED ITS DEADLINE, 2026-11-30 20:00 UTC: SHORT: r5b.2xlarge in ap-northeast-1c: 12 of 15 held "
        "(was SHORT); missing 3 since 2026-11-29 08:30 UTC"
    ) in message["Message"]
