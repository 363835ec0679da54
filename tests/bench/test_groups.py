"""Groups in the market: who asks, pool by pool, and what is said about it."""

from itertools import pairwise

import pytest

from bench.market import ideal, machine
from bench.market.ec2 import CREATE, MODIFY
from bench.market.groups import CASES
from bench.market.scenario import Burst
from bench.market.strategies import ODCR
from bench.market.target import MarketGroup
from bench.tables.groups import tables
from odcr.domain.target import Strategy

FOR_EVER = 1e9


def group(gap: int, *free: Burst | None, strategy: Strategy = Strategy.prioritized) -> MarketGroup:
    return MarketGroup(0, gap, [[one] if one else [] for one in free], strategy)


def free_at(at: float, count: int) -> Burst:
    return Burst(at, (FOR_EVER,) * count)


@pytest.fixture
def half_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (machine, ideal):
        monkeypatch.setattr(module, "END_SECONDS", 1800.0)


def test_the_ideal_asker_moves_to_the_next_pool_at_once_and_comes_back_after_three_seconds() -> None:
    one = group(1, None, None)
    ideal.play([one])
    assert [at for at, *_ in one.ec2.requests[:6]] == [0, 0.5, 3, 3.5, 6, 6.5]
    six = group(1, *[None] * 8)
    ideal.play([six])
    starts = [at for at, *_ in six.ec2.requests[::8]]
    assert {later - earlier for earlier, later in pairwise(starts)} == {4}


def test_the_ideal_asker_stops_at_the_total_and_grows_what_it_made_in_each_pool() -> None:
    one = group(5, free_at(0, 1), free_at(0, 2), free_at(0, 4))
    ideal.play([one])
    assert {key: sum(each.count for each in one.ec2.of(key)) for key in one.pools} == dict(
        zip(one.pools, (1, 2, 2), strict=True)
    )
    assert {action for _, _, action in one.ec2.requests} == {CREATE, MODIFY}
    assert one.missing == 0


@pytest.mark.usefixtures("half_an_hour")
@pytest.mark.parametrize(("strategy", "held"), [(Strategy.prioritized, [6, 0, 0]), (Strategy.balanced, [2, 2, 2])])
def test_odcr_spreads_the_total_as_the_strategy_says(strategy: Strategy, held: list[int]) -> None:
    one = group(6, *[free_at(0, 6)] * 3, strategy=strategy)
    ODCR.play([one])
    assert [sum(each.count for each in one.ec2.of(key)) for key in one.pools] == held


@pytest.mark.usefixtures("half_an_hour")
def test_odcr_goes_on_with_what_each_pool_gives_and_no_further_than_the_total() -> None:
    one = group(12, free_at(0, 3), free_at(600, 5), free_at(900, 9))
    ODCR.play([one])
    assert [sum(each.count for each in one.ec2.of(key)) for key in one.pools] == [3, 5, 4]


def test_what_is_missed_is_told() -> None:
    cell = {
        "groups": 1,
        "scenario": "trickle",
        "life": 60.0,
        "strategy": "balanced",
        "of_ideal": 0.9699,
        "overdrawn": 3,
        "ratio": 0.9,
        "ideal_ratio": 0.93,
        "calls": 1,
        "describes": 1,
    }
    verdict = tables({"cells": [cell | {"scenario": one.scenario.name} for one in CASES]})["groups-verdict"]
    assert "**missed**" in verdict
    assert f"refused {3 * len(CASES)} of" in verdict
