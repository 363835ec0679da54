"""The market of the benchmark: its supply, its pools, the oracle and the arithmetic."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.market.comparison import Case, ratio, trial
from bench.market.ec2 import CREATE, MODIFY, Pool, instance_hours, oracle, overdrawn
from bench.market.scenario import END_SECONDS, PLENTY, SCARCE, SIXES, TRICKLE, Burst, Scenario, supply
from bench.market.strategies import IDEAL, ODCR, STRATEGIES, Strategy
from bench.market.target import MarketTarget
from odcr.domain.target import Strategy as Spread

bursts_of_any_kind = st.lists(
    st.tuples(st.floats(0, 1700), st.lists(st.floats(0.1, 1000), min_size=1, max_size=30)), max_size=8
).map(lambda pairs: [Burst(at, tuple(at + life for life in lives)) for at, lives in sorted(pairs)])


def test_a_supply_is_the_same_each_time_and_another_for_each_seed() -> None:
    assert supply(SIXES, 1) == supply(SIXES, 1)
    assert supply(SIXES, 1) != supply(SIXES, 2)
    assert supply(SIXES, 1) != supply(TRICKLE, 1)


@pytest.mark.parametrize("scenario", SCARCE)
def test_the_scarce_scenarios_free_the_same_supply_for_the_same_time_on_average(scenario: Scenario) -> None:
    supplies = [supply(scenario, seed) for seed in range(400)]
    freed = [len(burst.taken_at) for bursts in supplies for burst in bursts]
    lives = [taken - burst.at for bursts in supplies for burst in bursts for taken in burst.taken_at]
    assert set(freed) == {scenario.burst}
    assert sum(freed) / 400 == pytest.approx(120, rel=0.05)
    assert sum(lives) / len(lives) == pytest.approx(300, rel=0.02)
    assert all(first.at <= second.at < END_SECONDS for bursts in supplies for first, second in pairwise(bursts))


def test_with_another_life_the_same_instances_stay_longer() -> None:
    short, long = supply(SIXES, 3), supply(SIXES.living(600), 3)
    assert [burst.at for burst in short] == [burst.at for burst in long]
    assert long[0].taken_at[0] - long[0].at == pytest.approx(2 * (short[0].taken_at[0] - short[0].at))


def test_a_pool_gives_all_or_nothing_and_others_take_the_rest() -> None:
    pool = Pool([Burst(10, (20.0, 30.0, 40.0)), Burst(25, (26.0,))])
    pool.advance(9.9)
    assert not pool.take(1)
    pool.advance(10)
    assert not pool.take(4)
    assert pool.free == 3
    assert pool.take(1)  # the instance that would have been gone at 20
    pool.advance(25)
    assert (pool.free, pool.taken_by_others) == (3, 0)
    pool.advance(100)
    assert (pool.free, pool.taken_by_others, pool.freed) == (0, 3, 4)


@pytest.mark.usefixtures("half_an_hour")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bursts_of_any_kind, st.sampled_from(STRATEGIES), st.integers(1, 40))
def test_no_instance_is_lost_and_nobody_beats_the_oracle(bursts: list[Burst], strategy: Strategy, gap: int) -> None:
    target = MarketTarget(0, gap, bursts)
    strategy.play([target])
    pool, ec2 = target.ec2.pools[target.key], target.ec2
    assert pool.freed == pool.taken_by_others + ec2.held + pool.free
    assert ec2.held == sum(reservation.count for reservation in ec2.reservations) <= gap
    best = oracle(bursts, gap)
    assert instance_hours(ec2.grants) <= instance_hours(best) + 1e-9
    for at, _ in ec2.grants:
        by_then = sum(count for granted, count in ec2.grants if granted <= at)
        assert by_then <= sum(count for granted, count in best if granted <= at)


@pytest.mark.usefixtures("half_an_hour")
@pytest.mark.parametrize("strategy", [ODCR, IDEAL], ids=lambda strategy: strategy.name)
def test_the_same_trial_has_the_same_end(strategy: Strategy) -> None:
    first, second = (trial(strategy, [MarketTarget(0, 60, supply(SIXES, 5))]) for _ in range(2))
    assert first == second


def test_the_oracle_stops_at_the_gap() -> None:
    best = oracle([Burst(0, (1.0,) * 6), Burst(3600, (3601.0,) * 6)], 8)
    assert best == [(0, 6), (3600, 2)]
    assert instance_hours(best) == 6 * 6 + 2 * 5


def test_instance_hours_count_until_the_end() -> None:
    assert instance_hours([(END_SECONDS - 3600, 4), (END_SECONDS - 1800, 2), (END_SECONDS + 5, 100)]) == 4 * 1 + 2 * 0.5


def test_a_ratio_of_sums_has_a_margin_of_error() -> None:
    assert ratio([1, 2], [2, 4]) == (0.5, 0)
    # The residuals are -1, 1, 0, 0: the mean's standard error is sqrt(2/3 / 4), against a mean of 2.
    assert ratio([0, 2, 1, 1], [2, 2, 2, 2]) == (0.5, pytest.approx(1.96 * (2 / 3 / 4) ** 0.5 / 2))
    assert ratio([0], [0]) == (0, 0)


@pytest.mark.parametrize(("spread", "wanted"), [(None, 3), (Spread.prioritized, 18)])
def test_a_group_wants_as_much_of_each_of_its_pools_as_a_row(spread: Spread | None, wanted: int) -> None:
    cell = Case(PLENTY, 3, (IDEAL,), seeds=1, targets=2, spread=spread).compare()
    assert cell["oracle_hours"] == 2 * 6 * wanted
    assert cell["strategies"][IDEAL.name]["calls"] == 2
    assert cell["strategies"][IDEAL.name]["calls_per_acquired"] == round(1 / wanted, 2)


def test_requests_beyond_the_bucket_of_their_action_are_overdrawn() -> None:
    create, modify = (0.0, CREATE), (0.0, MODIFY)
    assert overdrawn([create] * 50) == 0
    assert overdrawn([create] * 51) == 1
    assert overdrawn([create] * 50 + [modify] * 50) == 0
    assert overdrawn([(1.0, CREATE)] * 6 + [create] * 50) == 1
