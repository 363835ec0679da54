"""What standing reservations are to be like: their end, match criteria, tags and resource group follow the row."""

from dataclasses import replace
from typing import Any

import pytest

from odcr.domain.comparison import Comparison
from odcr.domain.correction import Wishes, correction_of
from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    InvalidTarget,
    OutcomeUnknown,
    Refusal,
    RequestLimitExceeded,
    RequestRefused,
)
from odcr.domain.reservation import Kind, Reservation
from odcr.domain.rounds import resumed
from odcr.domain.shortfall import Shortfall
from odcr.domain.tags import (
    ASKED_TAG,
    GIVEN_TAG,
    MAX_GIVEN,
    given_tags,
    reason_to_reject_tags,
    standing_tags,
    to_text,
)
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey
from odcr.domain.use import Use
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import FakePace, Pool, acquire_at_pace

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
NOW = "2026-11-26T12:00:00"
END, LATER = "2026-12-01T00:00:00", "2026-12-08T00:00:00"
LIMITED = replace(USUAL_OPTIONS, end_date=END)
MADE = "0" * 64


def reservation(asked: str | None = "open/none", tags: dict[str, str] | None = None, **fields: Any) -> Reservation:
    own = {} if asked is None else {ASKED_TAG: asked}
    return replace(Reservation("cr-1", KEY, 15, "active", made=MADE, tags={**own, **(tags or {})}), **fields)


def target(options: ReservationOptions = USUAL_OPTIONS, capacity: int = 15, **fields: Any) -> Target:
    recorded = Target(KEY, capacity, 15, "FULFILLED", options, 15, last_ids=("cr-1",), last_use=Use(unused=15))
    return replace(recorded, **fields)


def seen(target: Target, *held: Reservation, wishes: Wishes | None = None) -> Comparison:
    return compare([target], [], held, now=NOW, wishes=wishes or Wishes({}, {}))


def met(shortfall: Shortfall, pool: Pool, stack_tags: dict[str, str] | None = None) -> Outcome:
    return acquire_at_pace(shortfall, "run-1", 0, pool, FakePace(), stack_tags=stack_tags, now=NOW)


# The end and the match criteria


@pytest.mark.parametrize(
    ("options", "held", "after"),
    [
        (LIMITED, reservation(), (END, "open")),
        (USUAL_OPTIONS, reservation(f"open/{END}", ends=f"{END}+00:00"), (None, "open")),
        (replace(LIMITED, end_date=LATER), reservation(f"open/{END}", ends=f"{END}+00:00"), (LATER, "open")),
        (replace(USUAL_OPTIONS, match_criteria="targeted"), reservation(), (None, "targeted")),
        (USUAL_OPTIONS, reservation("targeted/none", match_criteria="targeted"), (None, "open")),
    ],
)
def test_a_changed_row_changes_its_reservation(
    options: ReservationOptions, held: Reservation, after: tuple[str | None, str]
) -> None:
    (shortfall,) = seen(target(options), held).shortfalls
    pool = Pool(0, [held])
    outcome = met(shortfall, pool)
    (changed,) = pool.reservations
    assert (changed.ends, changed.match_criteria, changed.count) == (*after, 15)
    assert (outcome.status, outcome.reserved, pool.asks) == (Status.FULFILLED, 15, [])
    assert pool.changes == [("ends", "match_criteria", "cr-1"), ("tags", "cr-1")]
    assert seen(target(options), changed) == Comparison()


@pytest.mark.parametrize(
    ("options", "held"),
    [
        # A person changed it in EC2.
        (USUAL_OPTIONS, reservation(ends=f"{END}+00:00")),
        (LIMITED, reservation(f"open/{END}")),
        (USUAL_OPTIONS, reservation(match_criteria="targeted")),
        # A person made it, and put it under the system's care.
        (LIMITED, reservation(None)),
        # It has to be idle for that.
        (replace(USUAL_OPTIONS, match_criteria="targeted"), reservation(in_use=1)),
        # EC2 takes no end that has passed, and changes nothing of these.
        (replace(LIMITED, end_date="2026-11-26T12:00:00"), reservation()),
        (LIMITED, reservation(state="pending")),
        (LIMITED, reservation(kind=Kind.FLEET)),
        (LIMITED, reservation("something else")),
    ],
)
def test_differences_made_by_a_person_or_by_ec2_stay(options: ReservationOptions, held: Reservation) -> None:
    assert correction_of(held, options, {}, NOW) is None


def test_a_persons_change_in_ec2_stays_while_the_row_changes_something_else() -> None:
    ends_later = reservation(f"open/{END}", ends=f"{LATER}+00:00")
    correction = correction_of(ends_later, replace(LIMITED, match_criteria="targeted"), {}, NOW)
    assert correction is not None
    assert correction.to_modify is not None
    assert (correction.to_modify.end_date, correction.to_modify.match_criteria) == (LATER, "targeted")
    targeted = reservation(f"open/{END}", ends=f"{END}+00:00", match_criteria="targeted")
    correction = correction_of(targeted, replace(LIMITED, end_date=LATER), {}, NOW)
    assert correction is not None
    assert correction.to_modify is not None
    assert (correction.to_modify.end_date, correction.to_modify.match_criteria) == (LATER, "targeted")


def test_the_end_follows_at_once_and_the_match_criteria_once_nothing_runs_in_it() -> None:
    options = replace(LIMITED, match_criteria="targeted")
    pool = Pool(0, [reservation(in_use=3)])
    (shortfall,) = seen(target(options), *pool.reservations).shortfalls
    met(shortfall, pool)
    (changed,) = pool.reservations
    assert (changed.ends, changed.match_criteria, changed.tags) == (END, "open", {ASKED_TAG: f"open/{END}"})
    idle = replace(changed, in_use=0, ends=f"{END}+00:00")
    (shortfall,) = seen(target(options), idle).shortfalls
    pool = Pool(0, [idle])
    met(shortfall, pool)
    assert pool.reservations[0].match_criteria == "targeted"
    assert pool.reservations[0].tags == {ASKED_TAG: f"targeted/{END}"}


def test_a_reservation_modified_but_not_tagged_is_only_tagged() -> None:
    held = reservation(ends=f"{END}+00:00")
    correction = correction_of(held, LIMITED, {}, NOW)
    assert correction is not None
    assert (correction.to_modify, correction.tags) == (None, {ASKED_TAG: f"open/{END}"})


def test_a_reservation_that_ended_too_early_is_extended_and_then_grown() -> None:
    held = reservation(f"open/{END}", ends=f"{END}+00:00", count=4)
    short = target(replace(LIMITED, end_date=LATER), last_reserved=4, current=4)
    pool = Pool(11, [held])
    (shortfall,) = seen(short, held).shortfalls
    assert met(shortfall, pool).reserved == 15
    assert [(reservation.id, reservation.count, reservation.ends) for reservation in pool.reservations] == [
        ("cr-1", 15, LATER)
    ]


@pytest.mark.parametrize(
    "refusal",
    [
        RequestRefused("OperationNotPermitted", "no"),
        InvalidTarget("InvalidParameterValue", "no"),
        Changed("InvalidState", "not in this state"),
        OutcomeUnknown("InternalError", "no answer"),
        RequestLimitExceeded("RequestLimitExceeded", "slow down"),
        InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no"),
    ],
)
def test_a_refused_change_is_reported_and_does_not_stop_buying(refusal: Refusal) -> None:
    held = reservation(count=4)
    pool = Pool(20, [held], refusals=[refusal])
    (shortfall,) = seen(target(LIMITED, last_reserved=4, current=4), held).shortfalls
    outcome = met(shortfall, pool)
    assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 15)
    assert f"EC2 does not change cr-1: {refusal.text}" in outcome.reason


def test_a_correction_just_tried_waits_and_is_reported() -> None:
    held = reservation()
    (outcome,) = seen(target(LIMITED, was_just_tried=True), held).observed
    assert outcome.status == Status.FULFILLED
    assert "they are changed within ten minutes, where EC2 lets them" in outcome.reason
    assert seen(target(LIMITED), held).shortfalls


def test_only_the_first_round_corrects_and_the_next_ones_still_know_who_is_outside_the_group() -> None:
    options = replace(LIMITED, resource_group="sale")
    (shortfall,) = seen(target(options, 20), reservation(), wishes=wishes()).shortfalls
    before = Outcome(KEY, Status.SHORT, 20, 15, ("cr-1",), calls=3)
    again = resumed(shortfall, before)
    assert (again.pools[0].outside_group, again.has_other_work) == (("cr-1",), False)
    pool = Pool(0, [reservation()])
    acquire_at_pace(again, "run-1", 0, pool, FakePace(), now=NOW)
    assert pool.changes == []


# Tags

TEAM = replace(USUAL_OPTIONS, tags=to_text({"Team": "shop"}))


def test_a_rows_tags_win_over_the_stacks_and_the_systems_over_both() -> None:
    options = replace(
        USUAL_OPTIONS, tags=to_text({"Team": "shop", "Project": "mine", "odcr:stack": "theirs", "odcr:new": "x"})
    )
    assert given_tags(options, {"Team": "all", "Cost": "1"}) == {"Team": "shop", "Cost": "1"}
    assert standing_tags(USUAL_OPTIONS, {}) == {}


def test_changed_tags_reach_every_reservation_and_leave_other_tags_alone() -> None:
    for held in (reservation(None, {"Owner": "me"}), reservation(tags={"Owner": "me", "Team": "old"})):
        (shortfall,) = seen(target(TEAM), held, wishes=Wishes({"Cost": "1"}, {})).shortfalls
        pool = Pool(0, [held])
        met(shortfall, pool, {"Cost": "1"})
        tags = pool.reservations[0].tags
        assert (tags["Team"], tags["Cost"], tags["Owner"]) == ("shop", "1", "me")
        assert seen(target(TEAM), *pool.reservations, wishes=Wishes({"Cost": "1"}, {})) == Comparison()


def test_only_a_tag_that_is_no_longer_given_is_removed() -> None:
    held = reservation(tags={"Owner": "me", **standing_tags(TEAM, {"Cost": "1"})})
    for options, stack_tags, left in (
        (USUAL_OPTIONS, {"Cost": "1"}, {"Owner": "me", "Cost": "1"}),
        (USUAL_OPTIONS, {}, {"Owner": "me"}),
    ):
        (shortfall,) = seen(target(options), held, wishes=Wishes(stack_tags, {})).shortfalls
        pool = Pool(0, [held])
        met(shortfall, pool, stack_tags)
        tags = {key: value for key, value in pool.reservations[0].tags.items() if not key.startswith("odcr:")}
        assert tags == left
        assert seen(target(options), *pool.reservations, wishes=Wishes(stack_tags, {})) == Comparison()
    assert GIVEN_TAG not in pool.reservations[0].tags


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        (None, "Write a JSON object of texts"),
        (["Team"], "Write a JSON object of texts"),
        ({"Team": 5}, "Write the value of 'Team' as text"),
        ({"": "x"}, "EC2 takes keys of 1 to 127 characters"),
        ({"k" * 128: "x"}, "EC2 takes keys of 1 to 127 characters"),
        ({"Team": "x" * 256}, "values of up to 255"),
        ({"AWS:x": "y"}, "AWS keeps keys that begin with aws: for itself"),
        ({f"k{number}": "" for number in range(41)}, "These are 41 tags"),
    ],
)
def test_tags_that_ec2_would_refuse_are_reported(tags: object, says: str) -> None:
    assert says in (reason_to_reject_tags(tags) or "")


def test_the_most_tags_allowed_fit_together_with_their_hashes() -> None:
    tags = {f"{number:03}" + "k" * 124: "v" * 255 for number in range(MAX_GIVEN)}
    assert reason_to_reject_tags(tags) is None
    standing = standing_tags(replace(USUAL_OPTIONS, tags=to_text(tags)), {})
    assert len(standing) == MAX_GIVEN + 1
    assert all(len(value) <= 255 for value in standing.values())


# The resource group

GROUPED = replace(USUAL_OPTIONS, resource_group="sale")


def wishes(*members: str) -> Wishes:
    return Wishes({}, {("ap-northeast-1", "sale"): set(members)})


def test_a_reservation_outside_the_group_joins_it() -> None:
    (shortfall,) = seen(target(GROUPED), reservation(), wishes=wishes("cr-0")).shortfalls
    pool = Pool(0, [reservation()])
    assert met(shortfall, pool).status == Status.FULFILLED
    assert pool.groups == {"sale": {"cr-1"}}
    assert seen(target(GROUPED), reservation(), wishes=wishes("cr-0", "cr-1")) == Comparison()


def test_a_new_reservation_joins_its_group_at_once() -> None:
    (shortfall,) = seen(target(GROUPED, last_reserved=0, current=0, last_ids=()), wishes=wishes()).shortfalls
    pool = Pool(4)
    outcome = acquire_at_pace(shortfall, "run-1", 0, pool, FakePace(askings=2), now=NOW)
    assert (outcome.reserved, pool.groups) == (4, {"sale": {"cr-1"}})
    assert pool.changes == [("join", "cr-1")]


def test_a_pending_reservation_joins_when_active_and_a_refused_one_waits() -> None:
    arrived = target(GROUPED, last_status="PENDING", was_just_tried=True)
    assert seen(arrived, reservation(), wishes=wishes()).shortfalls
    assert not seen(replace(arrived, last_status="FULFILLED"), reservation(), wishes=wishes()).shortfalls


def test_a_group_that_cannot_be_read_or_joined_is_reported() -> None:
    refused = InvalidTarget("NotFoundException", "no such group")
    (outcome,) = seen(target(GROUPED), reservation(), wishes=Wishes({}, {("ap-northeast-1", "sale"): refused})).observed
    assert (outcome.status, outcome.reserved) == (Status.FULFILLED, 15)
    assert "The resource group 'sale' cannot be looked at. " in outcome.reason
    (shortfall,) = seen(target(GROUPED), reservation(), wishes=wishes()).shortfalls
    outcome = met(shortfall, Pool(0, [reservation()], refusals=[refused]))
    assert outcome.status == Status.FULFILLED
    assert "EC2 does not change cr-1: " in outcome.reason
    assert "no such group" in outcome.reason


def test_a_resource_group_in_a_local_zone_is_reported() -> None:
    key = TargetKey("r5b.2xlarge", "us-west-2-lax-1a")
    (outcome,) = seen(replace(target(GROUPED), key=key), reservation(key=key), wishes=wishes()).observed
    assert outcome.status == Status.FULFILLED
    assert "us-west-2-lax-1a is a Local Zone, whose reservations cannot join one" in outcome.reason


# The placement group

CLUSTERED = replace(USUAL_OPTIONS, placement_group="hpc")


def test_only_what_is_in_the_placement_group_serves() -> None:
    inside = reservation(kind=Kind.PLACEMENT_GROUP, placement_group="hpc", id="cr-2", count=4)
    (shortfall,) = seen(target(CLUSTERED), inside).shortfalls
    assert (shortfall.reserved, shortfall.reservation_ids) == (4, ("cr-2",))
    # What was made before the row named a group is not bought a second time.
    (outcome,) = seen(target(CLUSTERED), reservation()).observed
    assert outcome.status == Status.INVALID
    assert "Cancel these in EC2, or correct odcr_option; nothing is bought until then" in outcome.reason


def test_a_persons_reservation_for_another_placement_group_is_reported_but_does_not_count() -> None:
    theirs = reservation(kind=Kind.PLACEMENT_GROUP, placement_group="hpc", is_adopted=True)
    (shortfall,) = seen(target(), theirs).shortfalls
    assert shortfall.reserved == 0
    (outcome,) = seen(target(capacity=0), theirs).observed
    assert "Not counted: cr-1, for one placement group only." in outcome.reason
