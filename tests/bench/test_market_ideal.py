"""The ideal asker: its rate, its turns, and what it holds."""

from collections import Counter
from itertools import pairwise

import pytest

from bench.market import ideal, ladders
from bench.market.clock import REQUEST_SECONDS
from bench.market.comparison import compare, market, trial
from bench.market.ec2 import CREATE, MODIFY
from bench.market.scenario import END_SECONDS, SIXES, TRICKLE, Burst, supply
from bench.market.strategies import IDEAL
from bench.market.target import REGIONS, MarketTarget

FOR_EVER = 1e9


def free_at(at: float, count: int) -> Burst:
    return Burst(at, (FOR_EVER,) * count)


def sent(targets: list[MarketTarget], region: str, action: str) -> list[float]:
    return sorted(at for one in targets for at, where, what in one.ec2.requests if (where, what) == (region, action))


def test_a_dry_pool_is_asked_every_three_seconds() -> None:
    target = MarketTarget(0, 4, [])
    ideal.play([target])
    times = sent([target], REGIONS[0], CREATE)
    assert times[:5] == [0, 0.5, 1, 3, 6]  # whole, half, one; from then on it is known to be dry
    assert {later - earlier for earlier, later in pairwise(times[2:])} == {2, 3}


def test_a_turn_climbs_the_whole_ladder_and_grows_the_reservation_that_it_made() -> None:
    target = MarketTarget(0, 15, [free_at(5, 5)])
    ideal.play([target])
    requests = [(at, action) for at, _, action in target.ec2.requests if 6 <= at < 12]
    # One, two, four refused, two, one refused.
    assert requests == [(6, CREATE), *[(at, MODIFY) for at in (6.5, 7, 7.5, 8, 9)]]
    assert target.ec2.grants == [(6.5, 1), (7, 2), (8, 2)]


def test_a_target_that_is_met_is_asked_no_more() -> None:
    target = MarketTarget(0, 15, [free_at(0, 20)])
    ideal.play([target])
    assert len(target.ec2.requests) == 1
    assert target.missing == 0


def test_many_pools_take_even_turns_at_four_requests_a_second() -> None:
    targets = [MarketTarget(number, 1, []) for number in range(100)]
    ideal.play(targets)
    times = sent(targets, REGIONS[0], CREATE)
    assert len(times) == END_SECONDS * 4
    assert {later - earlier for earlier, later in pairwise(times)} == {ideal.TOKEN_SECONDS}
    assert {len(one.ec2.requests) for one in targets} == {int(END_SECONDS * 4) // 100}


@pytest.fixture
def an_hour(monkeypatch: pytest.MonkeyPatch) -> float:
    """The ideal asker asks for so long only."""
    monkeypatch.setattr(ideal, "END_SECONDS", 3600.0)
    return ideal.END_SECONDS


def test_each_region_and_action_has_tokens_of_its_own(an_hour: float) -> None:
    targets = [MarketTarget(number, 50, [free_at(0, number % 2)], REGIONS[number % 4]) for number in range(200)]
    ideal.play(targets)
    requests = Counter((region, action) for one in targets for _, region, action in one.ec2.requests)
    made = {region for region, action in requests if action == MODIFY}
    assert made == {REGIONS[1], REGIONS[3]}  # those of the odd numbers
    # In a Region of dry pools all turns are for Create; where each has a reservation, all but the first are for Modify.
    assert requests[REGIONS[0], CREATE] == pytest.approx(an_hour * 4, abs=4)
    assert requests[REGIONS[1], MODIFY] == pytest.approx(an_hour * 4, rel=0.05)


def test_a_turn_that_has_begun_goes_on_before_others_begin() -> None:
    targets = [MarketTarget(number, 64, [free_at(0, 1), free_at(1000, 9)]) for number in range(100)]
    ideal.play(targets)
    for target in targets:
        grants = [(at, count) for at, count in target.ec2.grants if at >= 1000]
        assert [count for _, count in grants] == [1, 2, 4, 2]
        # The four, a refused eight and the refused one after each of them, and at most as many of another turn.
        assert grants[-1][0] - grants[0][0] <= 5 * REQUEST_SECONDS


@pytest.mark.parametrize(
    ("targets", "life", "least", "most"), [(1, 60, 0.96, 0.99), (40, 60, 0.90, 0.93), (40, 300, 0.97, 0.99)]
)
def test_it_holds_what_a_round_robin_can_hold(targets: int, life: float, least: float, most: float) -> None:
    cell = compare(TRICKLE.living(life), 150, [IDEAL], max(1, 10 // targets), targets)
    assert least <= cell["strategies"][IDEAL.name]["ratio"] <= most


@pytest.mark.usefixtures("an_hour")
def test_over_four_regions_many_targets_hold_more_and_ec2_would_refuse_nothing() -> None:
    supplies = [supply(SIXES, seed) for seed in range(120)]
    one, four = trial(IDEAL, market(60, supplies)), trial(IDEAL, market(60, supplies, regions=4))
    assert one.overdrawn == four.overdrawn == 0
    assert sum(four.hours) > sum(one.hours)
    assert four.calls > 2 * one.calls


def test_the_ladder_is_an_argument() -> None:
    target = MarketTarget(0, 15, [free_at(0, 4)])
    ideal.play([target], ladders.all_or_nothing)
    assert target.ec2.held == 0
    ideal.play([whole := MarketTarget(0, 15, [free_at(0, 4)])], ladders.halving)
    assert whole.ec2.held == 4
