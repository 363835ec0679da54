"""The ideal asker: its rate, its turns and its instances."""

from itertools import pairwise

import pytest

from bench.market import ideal, ladders
from bench.market.clock import REQUEST_SECONDS
from bench.market.comparison import Case
from bench.market.ec2 import CREATE, MODIFY
from bench.market.scenario import TRICKLE
from bench.market.strategies import IDEAL
from bench.market.target import MarketTarget
from odcr.domain.target import Strategy as Spread
from tests.bench.bursts import free_at


def sent(targets: list[MarketTarget], action: str) -> list[float]:
    return sorted(at for target in targets for at, name in target.ec2.requests if name == action)


@pytest.mark.usefixtures("half_an_hour")
def test_a_dry_pool_is_asked_every_three_seconds() -> None:
    target = MarketTarget(0, 4, [])
    ideal.play([target])
    times = sent([target], CREATE)
    assert times[:5] == [0, 0.5, 1, 3, 6]  # whole, half, one; from then on it is known to be dry
    assert {later - earlier for earlier, later in pairwise(times[2:])} == {2, 3}


@pytest.mark.usefixtures("half_an_hour")
def test_a_turn_climbs_the_whole_ladder_and_grows_the_reservation_that_it_made() -> None:
    target = MarketTarget(0, 15, [free_at(5, 5)])
    ideal.play([target])
    requests = [(at, action) for at, action in target.ec2.requests if 6 <= at < 12]
    # One, two, four refused, two, one refused.
    assert requests == [(6, CREATE), *[(at, MODIFY) for at in (6.5, 7, 7.5, 8, 9)]]
    assert target.ec2.grants == [(6.5, 1), (7, 2), (8, 2)]


def test_a_target_that_is_met_is_asked_no_more() -> None:
    target = MarketTarget(0, 15, [free_at(0, 20)])
    ideal.play([target])
    assert len(target.ec2.requests) == 1
    assert target.missing == 0


def test_many_pools_take_even_turns_at_four_requests_a_second(half_an_hour: float) -> None:
    targets = [MarketTarget(number, 1, []) for number in range(100)]
    ideal.play(targets)
    times = sent(targets, CREATE)
    assert len(times) == half_an_hour * 4
    assert {later - earlier for earlier, later in pairwise(times)} == {ideal.TOKEN_SECONDS}
    assert {len(target.ec2.requests) for target in targets} == {int(half_an_hour * 4) // 100}


def test_each_action_has_tokens_of_its_own(half_an_hour: float) -> None:
    targets = [MarketTarget(number, 50, [free_at(0, number % 2)]) for number in range(100)]
    ideal.play(targets)
    # A dry pool is asked with Create; after its first turn, a pool with a reservation is asked with Modify.
    assert len(sent(targets, CREATE)) == pytest.approx(half_an_hour * 4, abs=4)
    assert len(sent(targets, MODIFY)) == pytest.approx(half_an_hour * 4, rel=0.05)


@pytest.mark.usefixtures("half_an_hour")
def test_a_turn_that_has_begun_goes_on_before_others_begin() -> None:
    targets = [MarketTarget(number, 64, [free_at(0, 1), free_at(1000, 9)]) for number in range(100)]
    ideal.play(targets)
    for target in targets:
        grants = [(at, count) for at, count in target.ec2.grants if at >= 1000]
        assert [count for _, count in grants] == [1, 2, 4, 2]
        # The four, a refused eight and the refused one after each of them, and at most as many of another turn.
        assert grants[-1][0] - grants[0][0] <= 5 * REQUEST_SECONDS


@pytest.mark.parametrize(
    ("targets", "life", "seeds", "least", "most"), [(1, 60, 10, 0.96, 0.99), (40, 60, 1, 0.90, 0.93)]
)
def test_the_ideal_asker_holds_what_a_round_robin_can_hold(
    targets: int, life: float, seeds: int, least: float, most: float
) -> None:
    cell = Case(TRICKLE.living(life), 150, (IDEAL,), seeds, targets).compare()
    assert least <= cell["strategies"][IDEAL.name]["ratio"] <= most


@pytest.mark.usefixtures("half_an_hour")
def test_the_ideal_asker_climbs_the_given_ladder() -> None:
    all_or_nothing, halving = (MarketTarget(0, 15, [free_at(0, 4)]) for _ in range(2))
    ideal.play([all_or_nothing], ladders.all_or_nothing)
    assert all_or_nothing.ec2.held == 0
    ideal.play([halving], ladders.halving)
    assert halving.ec2.held == 4


@pytest.mark.usefixtures("half_an_hour")
@pytest.mark.parametrize(("pools", "turn_seconds"), [(2, 3), (8, 4)])
def test_a_group_moves_to_the_next_pool_at_once_and_comes_back_after_three_seconds(
    pools: int, turn_seconds: float
) -> None:
    group = MarketTarget(0, 1, *[[]] * pools, spread=Spread.prioritized)
    ideal.play([group])
    times = [at for at, _ in group.ec2.requests]
    assert times[:pools] == [REQUEST_SECONDS * place for place in range(pools)]
    assert {later - earlier for earlier, later in pairwise(times[::pools])} == {turn_seconds}


def test_a_group_stops_at_its_total_and_grows_what_it_made_in_each_pool() -> None:
    supplies = [[free_at(0, count)] for count in (1, 2, 4)]
    group = MarketTarget(0, 5, *supplies, spread=Spread.prioritized)
    ideal.play([group])
    assert [sum(reservation.count for reservation in group.ec2.of(key)) for key in group.pools] == [1, 2, 2]
    assert {action for _, action in group.ec2.requests} == {CREATE, MODIFY}
    assert group.missing == 0
