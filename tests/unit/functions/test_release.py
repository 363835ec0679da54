"""What a lowered target gives back: by one run what the run before announced, and never more."""

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from odcr.domain.allocation import Allocation, PoolState
from odcr.domain.bounds import MAX_SHORTFALLS, bounded
from odcr.domain.comparison import Comparison
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
from odcr.domain.release import MAX_RELEASES, planned
from odcr.domain.reservation import Reduction, Reservation, held
from odcr.domain.shortfall import Shortfall
from odcr.domain.surplus import HeldPool
from odcr.domain.target import Announcement, ReservationOptions, Target, TargetKey
from odcr.domain.use import Use
from odcr.domain.wire import ROOM
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import KEY, FakePace, acquire_at_pace, shortfall_of


def made(*counts: int, **fields: object) -> list[Reservation]:
    """Reservations of these counts, oldest first."""
    return [
        Reservation(f"cr-{number}", KEY, count, "active", created=f"2026-11-{number:02}", **fields)  # type: ignore[arg-type]
        for number, count in enumerate(counts, 1)
    ]


@dataclass
class Ec2:
    """What is really held, and what a describe shows."""

    reservations: list[Reservation]
    calls: list[tuple[str, int]] = field(default_factory=list)
    refusals: list[Refusal | None] = field(default_factory=list)
    shown: list[list[Reservation]] = field(default_factory=list)
    """Answers of the next describes, instead of the truth."""

    def find(self, _key: TargetKey) -> list[Reservation]:
        return list(self.shown.pop(0) if self.shown else self.reservations)

    def find_all(self, key: TargetKey) -> list[Reservation]:
        return self.find(key)

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        raise NotImplementedError((key, options, count, observed, occasion))

    def resize(self, reservation: Reservation, count: int) -> None:
        self._set(reservation.id, count, "active")

    def cancel(self, reservation: Reservation) -> None:
        self._set(reservation.id, 0, "cancelled")

    def _set(self, name: str, count: int, state: str) -> None:
        self.calls.append((name, count))
        if self.refusals and (refusal := self.refusals.pop(0)):
            raise refusal
        (index,) = (n for n, reservation in enumerate(self.reservations) if reservation.id == name)
        if self.reservations[index].state != "active":
            raise Changed("InvalidState", "It must be active.")
        if abs(count - self.reservations[index].count) > 1000 and count:
            raise InvalidTarget("InvalidParameterValue", "It can be changed by at most 1000.")
        self.reservations[index] = replace(self.reservations[index], count=count, state=state)

    @property
    def held(self) -> list[int]:
        return [reservation.count for reservation in self.reservations if reservation.is_held]


def release_of(ec2: Ec2, target: int) -> Shortfall:
    ids = tuple(reservation.id for reservation in ec2.reservations)
    return shortfall_of(
        KEY,
        target,
        held(ec2.reservations),
        ids,
        "EXCESS",
        recorded=held(ec2.reservations),
        recorded_ids=ids,
        is_release=True,
    )


def run(
    ec2: Ec2, target: int, attempt: int = 0, pace: FakePace | None = None, short: Shortfall | None = None
) -> Outcome:
    return acquire_at_pace(short or release_of(ec2, target), "run-1", attempt, ec2, pace or FakePace())


# The plan


def planned_of(reservations: Sequence[Reservation], target: int) -> list[Reduction]:
    """What a row's pool gives back."""
    pool = HeldPool(KEY, reservations, recorded_ids=(), kept=0, more_ids=0, weight=1)
    return planned([pool], Allocation([PoolState(KEY, held(reservations))], target)).get(KEY, [])


def test_exactly_the_excess_goes_newest_first_in_few_calls() -> None:
    for counts in itertools.chain.from_iterable(itertools.product(range(1, 5), repeat=size) for size in (1, 2, 3)):
        for target in range(sum(counts) + 3):
            plan = planned_of(made(*counts), target)
            kept = {reduction.reservation.id: reduction.kept for reduction in plan}
            after = [kept.get(reservation.id, reservation.count) for reservation in made(*counts)]
            assert sum(after) == min(target, sum(counts))
            # The oldest are whole, then one in part, then none.
            assert sorted(after, key=bool, reverse=True) == after
            assert sum(reduction.kept > 0 for reduction in plan) <= 1
            changed = [now != before for now, before in zip(after, counts, strict=True)]
            assert len(plan) == sum(changed)


def test_running_instances_keep_their_reservation() -> None:
    for counts in itertools.product(range(1, 4), repeat=2):
        for in_use in itertools.product(range(4), repeat=2):
            if any(used > count for used, count in zip(in_use, counts, strict=True)):
                continue
            both = [replace(reservation, in_use=used) for reservation, used in zip(made(*counts), in_use, strict=True)]
            for target in range(sum(counts) + 1):
                plan = planned_of(both, target)
                assert all(reduction.kept >= reduction.reservation.in_use for reduction in plan)
                given = sum(reduction.reservation.count - reduction.kept for reduction in plan)
                assert given <= sum(counts) - target
                # Nothing is left undone for good: where something is spare, something is given.
                assert bool(given) == (sum(counts) > target and sum(counts) > sum(in_use))


@pytest.mark.parametrize("second", [{"state": "pending"}, {"is_adopted": True}])
def test_pending_and_adopted_reservations_are_not_released(second: dict[str, object]) -> None:
    first, other = made(5, 5)
    plan = planned_of([first, replace(other, **second)], 2)  # type: ignore[arg-type]
    # Of two, the other may fail while it is pending, so that the first has to stay as well.
    assert [reduction.reservation.id for reduction in plan] == ([] if "state" in second else ["cr-1"])


# The comparison: two looks


def announced(target: int, reservations: Sequence[Reservation], **fields: object) -> Target:
    """The target as it is loaded after the run that saw the excess for the first time."""
    first = Target(
        KEY, target, held(reservations), "FULFILLED", last_ids=tuple(reservation.id for reservation in reservations)
    )
    (outcome,) = compare([first], [], reservations, releases=True).observed
    assert outcome.status == Status.EXCESS
    recorded_target = replace(
        first,
        last_status="EXCESS",
        last_reserved=outcome.reserved,
        last_reason=outcome.reason,
        last_announced=outcome.announced,
    )
    return replace(recorded_target, **fields)  # type: ignore[arg-type]


def test_the_first_run_announces_and_the_second_releases() -> None:
    target = announced(10, made(15))
    assert target.last_reason == "15 held, 10 wanted. Unless it is raised, the next run releases 5 if unused."
    assert target.last_announced == Announcement(15, 10)
    comparison = compare([target], [], made(15), releases=True)
    due = shortfall_of(KEY, 10, 15, ("cr-1",), "EXCESS", recorded=15, recorded_ids=("cr-1",), is_release=True)
    assert comparison.shortfalls == [replace(due, has_other_work=True)]
    assert comparison.observed == []


def test_after_a_release_that_failed_the_announcement_still_stands() -> None:
    failed = announced(10, made(15), last_status="FAILED", last_reason="")
    assert compare([failed], [], made(15), releases=True).shortfalls[0].is_release


@pytest.mark.parametrize(
    ("now", "reservations"),
    [
        ({"capacity": 9}, made(15)),
        ({"capacity": 15}, made(15)),
        ({}, made(14)),
        ({}, made(16)),
        ({}, made(10, 5)),
        ({"last_announced": None}, made(15)),
        # The sentence alone is no announcement: a person may have written it.
        ({"last_announced": None, "last_reason": "the next run releases 5 if unused."}, made(15)),
        ({}, made(15, in_use=15)),
        ({}, made(15, is_adopted=True)),
        ({}, made(15, platform="Windows")),
        ({"capacity": 0, "withdrawn": True}, made(15)),
    ],
)
def test_a_doubtful_release_is_only_announced(now: dict[str, object], reservations: list[Reservation]) -> None:
    comparison = compare([announced(10, made(15), **now)], [], reservations, releases=True)
    assert [shortfall for shortfall in comparison.shortfalls if shortfall.is_release] == []


def test_an_announced_release_is_not_made_once_the_parameter_is_off() -> None:
    comparison = compare([announced(10, made(15))], [], made(15))
    assert comparison.shortfalls == []
    assert "Nothing is given back unasked" in comparison.observed[0].reason


def test_a_deleted_row_says_how_to_release() -> None:
    gone = Target(KEY, 0, 15, "FULFILLED", last_ids=("cr-1",), withdrawn=True)
    (outcome,) = compare([gone], [], made(15), releases=True).observed
    assert (outcome.status, outcome.reason) == (
        Status.EXCESS,
        "Held for no row of odcr_capacity. Insert one to keep it, or one with a target of 0 to release it.",
    )


def test_an_excess_that_is_not_the_systems_own_is_reported_as_such() -> None:
    (outcome,) = compare([Target(KEY, 10, 15)], [], made(15, is_adopted=True), releases=True).observed
    assert "Nothing is given back unasked" in outcome.reason


def test_releases_come_first_and_leave_most_of_the_run_to_shortfalls() -> None:
    keys = [TargetKey(f"m5.{number}xlarge", "us-east-1a") for number in range(MAX_SHORTFALLS)]
    both = [*(shortfall_of(key, 9, 0) for key in keys), *(shortfall_of(key, 0, 9, is_release=True) for key in keys)]
    kept = bounded(Comparison(both), room=ROOM, has_caps=False).shortfalls
    assert [one.is_release for one in kept] == [True] * MAX_RELEASES + [False] * (len(kept) - MAX_RELEASES)
    assert len(kept) / 2 > MAX_RELEASES


# The release


def test_one_reservation_is_reduced_in_one_call() -> None:
    ec2 = Ec2(made(15))
    assert run(ec2, 10) == Outcome(
        KEY,
        Status.FULFILLED,
        10,
        10,
        ("cr-1",),
        acquired=-5,
        calls=1,
        reason="Released 5, as the target was lowered to 10.",
        use=Use(unused=10),
    )
    assert (ec2.held, ec2.calls) == ([10], [("cr-1", 10)])


def test_a_target_of_0_releases_everything() -> None:
    ec2 = Ec2(made(10, 5))
    outcome = run(ec2, 0)
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.FULFILLED, 0, -15)
    assert sorted(ec2.calls) == [("cr-1", 0), ("cr-2", 0)]


def test_reservations_that_stay_are_confirmed_before_any_ends() -> None:
    ec2 = Ec2(made(5, 5, 5))
    assert run(ec2, 7).reserved == 7
    assert ec2.calls == [("cr-1", 5), ("cr-2", 2), ("cr-3", 0)]


def test_a_release_is_right_for_every_small_set_of_reservations() -> None:
    for counts in itertools.chain.from_iterable(itertools.product(range(1, 4), repeat=size) for size in (1, 2, 3)):
        for target in range(sum(counts)):
            ec2 = Ec2(made(*counts))
            outcome = run(ec2, target)
            assert (sum(ec2.held), outcome.reserved, outcome.acquired) == (target, target, target - sum(counts))
            assert len(ec2.calls) <= len(counts)


def test_a_release_leaves_the_target_although_a_reservation_has_just_ended() -> None:
    for counts in itertools.product(range(1, 4), repeat=3):
        for gone in range(3):
            for target in range(1, sum(counts)):
                before = made(*counts)
                ec2 = Ec2([*before], shown=[before] * 20)
                short = release_of(ec2, target)
                ec2.reservations[gone] = replace(before[gone], count=0, state="cancelled")
                left = sum(ec2.held)
                with contextlib.suppress(Refusal):
                    run(ec2, target, short=short)
                assert sum(ec2.held) >= min(left, target)


def test_an_attempt_that_repeats_a_release_counts_it_once() -> None:
    ec2 = Ec2(made(10, 5))
    short = release_of(ec2, 8)
    ec2.refusals = [None, OutcomeUnknown("ReadTimeoutError", "silence")]
    with pytest.raises(OutcomeUnknown) as caught:
        run(ec2, 8, short=short)
    assert (caught.value.outcome.reserved, caught.value.outcome.acquired) == (13, -2)
    again = run(ec2, 8, attempt=1, short=short)
    assert (again.status, again.acquired, ec2.held) == (Status.FULFILLED, -7, [8])
    assert again.reason == "Released 7, as the target was lowered to 8."


def test_a_release_repeated_on_a_lagging_describe_changes_nothing() -> None:
    before = made(10, 5)
    ec2 = Ec2([*before])
    short = release_of(ec2, 8)
    run(ec2, 8, short=short)
    ec2.shown = [before] * 2
    assert run(ec2, 8, attempt=1, short=short).acquired == -7
    assert ec2.held == [8]


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (RequestLimitExceeded("RequestLimitExceeded", "slow down"), RequestLimitExceeded),
        (OutcomeUnknown("ReadTimeoutError", "silence"), OutcomeUnknown),
    ],
)
def test_a_refused_release_ends_with_its_error_and_stays_announced(refusal: Refusal, error: type[Refusal]) -> None:
    ec2 = Ec2(made(15), refusals=[refusal])
    with pytest.raises(error) as caught:
        run(ec2, 10)
    outcome = caught.value.outcome
    assert (outcome.reserved, outcome.acquired, ec2.held) == (15, 0, [15])
    assert refusal.code in outcome.reason
    recorded_target = announced(10, made(15), last_status=str(outcome.status), last_announced=outcome.announced)
    assert compare([recorded_target], [], made(15), releases=True).shortfalls[0].is_release


def test_a_refused_cancellation_is_an_excess_and_is_tried_again() -> None:
    ec2 = Ec2(made(15), refusals=[RequestRefused("OperationNotPermitted", "not this one")])
    outcome = run(ec2, 10)
    assert (outcome.status, outcome.reserved, ec2.held) == (Status.EXCESS, 15, [15])
    assert "EC2 does not change cr-1: " in outcome.reason
    assert "OperationNotPermitted: not this one" in outcome.reason
    recorded_target = announced(10, made(15), last_status="EXCESS", last_announced=outcome.announced)
    assert compare([recorded_target], [], made(15), releases=True).shortfalls[0].is_release


def test_a_shortage_during_a_release_means_that_somebody_changed_something() -> None:
    ec2 = Ec2(made(5, 5), refusals=[InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")])
    assert run(ec2, 5).status == Status.FULFILLED
    ec2 = Ec2(made(5, 5), refusals=[InsufficientInstanceCapacity("InsufficientInstanceCapacity", "no")] * 9)
    with pytest.raises(RequestRefused, match="Somebody else keeps changing"):
        run(ec2, 5)


def test_an_excess_larger_than_announced_is_announced_first() -> None:
    ec2 = Ec2(made(16))
    outcome = run(ec2, 10, short=release_of(Ec2(made(15)), 10))
    assert (outcome.status, ec2.calls) == (Status.EXCESS, [])
    assert outcome.reason == "16 held, 10 wanted. Unless it is raised, the next run releases 6 if unused."
    assert outcome.announced == Announcement(16, 10)


def test_a_duplicate_is_reported_apart_from_a_release() -> None:
    ec2 = Ec2(made(15, 1))
    outcome = run(ec2, 10, short=release_of(Ec2(made(15)), 10))
    assert (outcome.status, outcome.acquired, ec2.held) == (Status.FULFILLED, -5, [10])
    assert outcome.reason == (
        "Released 5, as the target was lowered to 10. 1 instances were bought twice and have been given back."
    )


def test_a_release_without_a_turn_is_left_to_the_next_run() -> None:
    ec2 = Ec2(made(5, 5, 5))
    outcome = run(ec2, 7, pace=FakePace(2))
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.EXCESS, 12, -3)
    assert outcome.reason.startswith("Released 3, as the target was lowered to 7. 12 held, 7 wanted. Unless ")


def test_a_target_read_a_while_ago_is_not_released() -> None:
    ec2 = Ec2(made(15))
    outcome = acquire_at_pace(release_of(ec2, 10), "run-1", 0, ec2, FakePace(), is_recent=False)
    assert (outcome.status, outcome.calls, ec2.held) == (Status.EXCESS, 0, [15])


def test_a_release_reduces_by_a_thousand_at_a_time() -> None:
    ec2 = Ec2(made(3500))
    assert run(ec2, 500).reserved == 500
    assert ec2.calls == [("cr-1", 2500), ("cr-1", 1500), ("cr-1", 500)]
    assert run(ec2, 0).calls == 1


def test_capacity_in_use_is_kept_and_reported() -> None:
    ec2 = Ec2(made(15, in_use=12))
    outcome = run(ec2, 10)
    assert (outcome.status, outcome.reserved, outcome.acquired) == (Status.EXCESS, 12, -3)


def test_a_release_survives_its_event() -> None:
    short = release_of(Ec2(made(15)), 10)
    assert Shortfall.from_event(short.to_event()) == short
    target = announced(10, made(15))
    assert Target.from_event(target.to_event()) == target
