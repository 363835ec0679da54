"""Who is asked for how in one run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from odcr.domain.asking import Plan, interval
from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.pace import KEPT
from odcr.domain.rounds import combined, outcome_so_far, resumed
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import Member, Target, TargetKey, Terms, group_key
from odcr.settings import AskSettings
from tests.unit.functions.defaults import plan

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(seconds=101)
USUAL = AskSettings(every=5.0, slow_after_hours=24.0, places=40)
HOUR = 3600


def target(number: int, zone: str = "ap-northeast-1c", **fields: object) -> Target:
    usual: dict[str, object] = {"last_status": "SHORT"}
    return Target(TargetKey(f"m{number}.large", zone), 150, **usual | fields)  # type: ignore[arg-type]


def short(of: Target, *, held: int = 0) -> Shortfall:
    ids = ("cr-1",) if held else ()
    return Shortfall((Pool(of.key, held, ids, held, ids),), of.capacity, of.last_status)


def planned(targets: list[Target], settings: AskSettings = USUAL, held: int = 0, **fields: bool) -> Plan:
    return plan(
        [short(target, held=held) for target in targets],
        {target.key: target for target in targets},
        settings,
        NOW,
        UNTIL,
        **fields,
    )


def sizes(given: Plan) -> list[int]:
    return [len(branch.shortfalls) for branch in given.branches]


@pytest.mark.parametrize("count", [1, 10, 40])
def test_while_there_are_places_each_target_has_a_function_that_stays(count: int) -> None:
    given = planned([target(number) for number in range(count)])
    (branch,) = given.branches
    assert len(branch.shortfalls) == branch.places == count
    assert branch.every == max(5.0, count / 4)
    assert branch.rounds_until is None
    assert given.is_pressing


def test_functions_stay_in_several_regions_too_and_share_no_bucket() -> None:
    zones = ("ap-northeast-1c", "us-east-1a", "eu-west-1a", "us-west-2b")
    given = planned([target(number, zones[number % 4]) for number in range(40)])
    assert [(branch.every, branch.places) for branch in given.branches] == [(5.0, 40)]


def test_more_targets_than_places_are_visited_in_rounds() -> None:
    given = planned([target(number) for number in range(100)])
    (branch,) = given.branches
    assert (len(branch.shortfalls), branch.places, branch.every) == (100, 12, 0)
    assert branch.rounds_until is not None
    assert NOW < branch.rounds_until < UNTIL


def test_creates_and_modifies_are_visited_in_parallel_branches() -> None:
    """They share no bucket: one is asked for by Create, the other by Modify."""
    targets = [target(number) for number in range(100)]
    shortfalls = [short(target, held=number % 2) for number, target in enumerate(targets)]
    given = plan(shortfalls, {target.key: target for target in targets}, USUAL, NOW, UNTIL)
    assert [(len(branch.shortfalls), branch.places) for branch in given.branches] == [(50, 12), (50, 12)]


def test_there_are_never_more_functions_than_places() -> None:
    zones = [f"{region}a" for region in ("ap-northeast-1", "us-east-1", "eu-west-1", "us-west-2", "eu-north-1")]
    for count in (1, 4, 5, 9, 41, 200):
        for places in (1, 3, 8, 40):
            targets = [
                target(number, zones[number % 5], last_status=("SHORT", "FAILED")[number % 7 == 0])
                for number in range(count)
            ]
            given = planned(targets, AskSettings(5.0, 24.0, places))
            assert 0 < sum(branch.places for branch in given.branches) <= max(places, 2)
            assert all(branch.places >= 1 for branch in given.branches)


def test_a_round_takes_the_first_targets_that_the_rate_allows() -> None:
    given = planned([target(number) for number in range(500)], are_all=False)
    (branch,) = given.branches
    assert len(branch.shortfalls) == given.asked == int(0.9 * 4 * 101)
    assert branch.shortfalls[0].key.instance_type == "m0.large"
    assert branch.rounds_until is None


def test_smaller_branches_have_more_rounds_than_the_largest() -> None:
    targets = [target(number) for number in range(350)]
    shortfalls = [short(target, held=number < 50) for number, target in enumerate(targets)]
    given = plan(shortfalls, {target.key: target for target in targets}, USUAL, NOW, UNTIL, are_all=False)
    few, many = given.branches
    assert (len(few.shortfalls), len(many.shortfalls), many.rounds_until) == (50, 300, None)
    assert few.rounds_until is not None
    assert timedelta(seconds=70) < few.rounds_until - NOW < timedelta(seconds=80)


def test_the_visits_of_many_regions_fit_into_the_history() -> None:
    zones = [f"{region}a" for region in ("ap-northeast-1", "us-east-1", "eu-west-1", "us-west-2", "eu-north-1")]
    targets = [target(number, zones[number % 5]) for number in range(500)]
    shortfalls = [short(target, held=number % 2) for number, target in enumerate(targets)]
    given = plan(shortfalls, {target.key: target for target in targets}, USUAL, NOW, UNTIL)
    visits = 0.0
    for branch in given.branches:
        assert branch.rounds_until is not None
        round_seconds = max(8.0, len(branch.shortfalls) / 4)
        rounds = 1 + (branch.rounds_until - NOW).total_seconds() // round_seconds
        visits += rounds * len(branch.shortfalls)
    assert visits * 7 < 24_000


def test_the_lowest_priority_comes_first() -> None:
    given = planned([target(1), target(2, terms=Terms(-3)), target(3, terms=Terms(7)), target(4)])
    assert [shortfall.key.instance_type for shortfall in given.branches[0].shortfalls] == [
        "m2.large", "m1.large", "m4.large", "m3.large"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "expected"), [(None, 5), (0, 5), (23.9, 5), (24, 15), (30, 30), (36, 60), (1000, 60)]
)
def test_a_pool_that_stays_dry_is_asked_less_and_less_often(hours: float | None, expected: float) -> None:
    dry = None if hours is None else int(hours * HOUR)
    assert interval(target(1, dry_seconds=dry), USUAL, NOW) == expected
    assert interval(target(1, dry_seconds=dry), AskSettings(5.0, 0.0, 40), NOW) == 5


def test_slowing_down_never_speeds_up_a_slow_stack() -> None:
    assert interval(target(1, dry_seconds=24 * HOUR), AskSettings(20.0, 24.0, 40), NOW) == 20


@pytest.mark.parametrize("status", ["QUOTA_EXCEEDED", "FAILED", "INVALID", "UNSUPPORTED"])
def test_a_target_that_waits_for_a_person_is_asked_for_once_a_minute(status: str) -> None:
    given = planned([target(1, last_status=status)], is_alone=True)
    assert interval(target(1, last_status=status), USUAL, NOW) == 60
    assert not given.is_pressing
    assert [(branch.every, branch.places, branch.rounds_until) for branch in given.branches] == [(0, 1, None)]


def test_no_function_waits_for_a_slowed_target() -> None:
    slowed = [target(number, dry_seconds=48 * HOUR) for number in range(30)]
    given = planned([target(99), *slowed])
    staying, visited = given.branches
    assert (len(staying.shortfalls), staying.every) == (1, 5.0)
    assert (len(visited.shortfalls), visited.every, visited.places) == (30, 0, 2)
    assert visited.rounds_until is not None


@pytest.mark.parametrize(("hours", "pace"), [(24, 15), (30, 30), (36, 60)])
@pytest.mark.parametrize("count", [1, 3, 30, 130])
def test_slowed_targets_are_visited_at_their_pace(count: int, hours: int, pace: int) -> None:
    """A visit takes a second and a half, about, and a round its visits and the pause after it."""
    _, visited = planned([target(999), *(target(number, dry_seconds=hours * HOUR) for number in range(count))]).branches
    assert abs(ceil(count / visited.places) * 1.5 + visited.pause - pace) <= 1
    assert visited.places <= 20


@pytest.mark.parametrize("pace", [15, 30, 60])
def test_slowed_targets_do_not_keep_a_run_from_asking_for_others(pace: int) -> None:
    hours = {15: 24, 30: 30, 60: 36}[pace]
    _, visited = planned([target(1), target(2, dry_seconds=hours * HOUR)]).branches
    assert visited.rounds_until is not None
    # The last round that is waited for begins before the others may not be asked any more.
    assert visited.rounds_until + timedelta(seconds=visited.pause) <= UNTIL


def test_slowed_targets_alone_end_the_run_when_the_next_visit_is_due() -> None:
    (visited,) = planned([target(1, dry_seconds=48 * HOUR)]).branches
    visits, now = [], NOW
    assert visited.rounds_until is not None
    while True:
        visits.append(now)
        now += timedelta(seconds=1.5)
        if now >= visited.rounds_until:
            break
        now += timedelta(seconds=visited.pause)
    # The last one comes too late to ask, and no run takes longer than two minutes.
    assert [visit < UNTIL for visit in visits] == [True, True, False]
    assert visits[-1] - NOW < timedelta(seconds=112)


def test_the_longest_waiting_targets_are_in_the_run_even_before_urgent_ones() -> None:
    waited = [target(number, terms=Terms(5)) for number in range(30)]
    urgent = [target(number, terms=Terms(-1)) for number in range(100, 600)]
    (branch,) = planned([*waited, *urgent], are_all=False).branches
    keys = [shortfall.key for shortfall in branch.shortfalls]
    assert {key.key for key in waited} <= set(keys)
    assert keys[-30:] == [key.key for key in waited]


def test_a_release_comes_before_urgent_targets() -> None:
    first, last = target(1, terms=Terms(-9)), target(2)
    releasing = replace(short(last, held=200), is_release=True)
    (branch,) = plan(
        [short(first), releasing], {target.key: target for target in (first, last)}, USUAL, NOW, UNTIL
    ).branches
    assert [shortfall.key for shortfall in branch.shortfalls] == [last.key, first.key]


def test_slowed_targets_leave_the_history_room_for_the_others() -> None:
    zones = [f"{region}a" for region in ("ap-northeast-1", "us-east-1", "eu-west-1", "us-west-2", "eu-north-1")]
    targets = [
        target(number, zones[number % 5], dry_seconds=24 * HOUR if number % 2 else None) for number in range(500)
    ]
    given = planned(targets, held=1)
    assert sum(branch.visits(NOW) for branch in given.branches) * 7 < 24_000


def test_a_duplicate_stays_one_in_the_next_round() -> None:
    before = Outcome(target(1).key, Status.THROTTLED, 150, 160, ("cr-1", "cr-2"), ("cr-2",), calls=3)
    (pool,) = resumed(short(target(1), held=3), before).pools
    assert (pool.recorded_ids, pool.duplicate_ids) == (("cr-1",), ("cr-2",))


def test_the_next_round_begins_without_what_is_astray() -> None:
    """Five are held and four more are astray; the round before added two."""
    before = Outcome(target(1).key, Status.SHORT, 150, 11, ("cr-1",), acquired=2, calls=3)
    resumed_one = resumed(short(target(1), held=5), before)
    assert (resumed_one.reserved, resumed_one.recorded, resumed_one.is_fresh) == (7, 11, True)
    in_vain = Outcome(target(1).key, Status.SHORT, 150, 5, ("cr-1",), calls=3)
    assert not resumed(short(target(1), held=5), in_vain).is_fresh


def test_no_function_stays_at_a_slow_pace() -> None:
    given = planned([target(number) for number in range(30)], AskSettings(60.0, 24.0, 40), is_alone=True)
    assert [(branch.every, branch.rounds_until) for branch in given.branches] == [(0, None)]
    assert not given.is_pressing
    given = planned([target(1)], AskSettings(20.0, 24.0, 40), is_alone=True)
    assert [(branch.every, branch.pause) for branch in given.branches] == [(0, 16)]
    assert given.is_pressing


def test_slowed_targets_alone_have_a_round_a_minute_whatever_the_schedule() -> None:
    slowed = [target(1, dry_seconds=48 * HOUR)]
    assert planned(slowed, is_alone=True).branches[0].rounds_until is None
    assert planned(slowed, is_alone=False).branches[0].rounds_until == UNTIL - timedelta(seconds=30)


def test_the_event_has_the_times_that_the_state_machine_compares() -> None:
    given = planned([target(1)])
    (branch,) = given.to_event(NOW, UNTIL)
    assert branch["RoundsUntil"] == "2026-11-26T12:00:00.000Z"
    assert branch["AskUntil"] == "2026-11-26T12:01:41.000Z"
    assert (branch["MaxConcurrency"], branch["AskEvery"], branch["PauseSeconds"]) == (1, 5.0, 0)
    assert branch["Shortfalls"][0]["Outcome"] == {}


def item(outcome: object) -> dict[str, object]:
    return {**short(target(1), held=3).to_event(), "Outcome": outcome}


def outcome_of(given: dict[str, object]) -> Outcome:
    outcome = outcome_so_far(given)
    assert outcome is not None
    return outcome


def test_an_item_that_no_round_has_reached_has_no_outcome() -> None:
    assert outcome_so_far(item({})) is None


def test_an_outcome_is_kept_beside_its_shortfall_and_read_again() -> None:
    outcome = Outcome(target(1).key, Status.SHORT, 150, 5, ("cr-1",), acquired=2, calls=3, reason="dry")
    assert "InstanceType" not in to_round(outcome)
    assert outcome_of(item(to_round(outcome))) == outcome


def test_a_dead_function_keeps_what_earlier_rounds_achieved() -> None:
    outcome = Outcome(target(1).key, Status.SHORT, 150, 5, ("cr-1", "cr-2"), acquired=2, calls=3)
    died = {"Before": to_round(outcome), "Status": "FAILED", "Reason": "it died"}
    again = {"Before": died, "Status": "FAILED", "Reason": "it died again"}
    read = outcome_of(item(again))
    assert (read.status, read.reserved, read.acquired, read.reason) == (Status.FAILED, 5, 2, "it died again")
    assert read.reservation_ids == ("cr-1", "cr-2")
    at_once = outcome_of(item({"Before": {}, "Status": "FAILED", "Reason": "it died"}))
    assert (at_once.reserved, at_once.reservation_ids) == (3, ("cr-1",))


def test_the_next_round_goes_on_from_what_the_last_one_left() -> None:
    before = Outcome(target(1).key, Status.SHORT, 150, 5, ("cr-1", "cr-2"), acquired=2, calls=3)
    shortfall = resumed(short(target(1), held=3), before)
    assert (shortfall.reserved, shortfall.recorded, shortfall.is_fresh) == (5, 5, True)
    assert shortfall.recorded_ids == ("cr-1", "cr-2")
    assert not resumed(shortfall, Outcome(target(1).key, Status.SHORT, 150, 5)).is_fresh


def test_the_outcome_sums_up_several_rounds() -> None:
    first = Outcome(target(1).key, Status.SHORT, 150, 5, acquired=2, calls=3, lost=1)
    second = Outcome(target(1).key, Status.SHORT, 150, 9, acquired=4, calls=5)
    both = combined(first, second)
    assert (both.reserved, both.acquired, both.calls, both.lost) == (9, 6, 8, 1)


def test_many_slowed_targets_get_several_functions_and_leave_places_to_others() -> None:
    slowed = [target(number, dry_seconds=48 * HOUR) for number in range(200)]
    given = planned([*(target(number) for number in range(300, 303)), *slowed])
    assert [(len(branch.shortfalls), branch.places) for branch in given.branches] == [(3, 3), (200, 10)]


def group(number: int, pools: int, *, first_holds: bool = False) -> tuple[Target, Shortfall]:
    keys = [TargetKey(f"m{one}.large", "ap-northeast-1c", group=f"group-{number}") for one in range(pools)]
    members = tuple(Member(key, 1) for key in keys)
    held = tuple(
        Pool(key, int(first_holds and not index), ("cr-1",) * (first_holds and not index))
        for index, key in enumerate(keys)
    )
    return Target(group_key(f"group-{number}"), 100, members=members), Shortfall(held, 100)


def planned_groups(groups: list[tuple[Target, Shortfall]]) -> Plan:
    targets = {one.key: one for one, _ in groups}
    return plan([one for _, one in groups], targets, USUAL, NOW, UNTIL, is_alone=True)


def test_a_group_has_a_function_that_stays_while_there_are_places_for_all_pools() -> None:
    (branch,) = planned_groups([group(number, 6) for number in range(6)]).branches
    assert (branch.places, branch.every) == (6, 36 / 4)


def test_groups_with_more_pools_than_places_take_even_turns_in_rounds() -> None:
    """Else each of the functions would wait with a first request, and climbs would wait for all of them."""
    some = [group(number, 6, first_holds=number % 2 == 0) for number in range(7)]
    (branch,) = planned_groups(some).branches
    assert (len(branch.shortfalls), branch.every) == (7, 0)
    many = [group(number, 6, first_holds=number % 2 == 0) for number in range(40)]
    (branch,) = planned_groups(many).branches
    assert (len(branch.shortfalls), branch.places, branch.every) == (40, KEPT, 0)
