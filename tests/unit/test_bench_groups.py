"""What groups catch, and how an attempt grows with their pools: the recorded results, and that the page says them."""

import json
import re
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pytest

from bench.documents import RESULTS, ROOT, filled
from bench.growth.pools import CASES as ATTEMPTS
from bench.growth.pools import DRY, EACH, FILLED, LINEAR, POOLS, SEARCHED, SIZES, attempt, growth, of
from bench.market import ideal, machine
from bench.market.ec2 import CREATE, MODIFY
from bench.market.groups import AIM, CASES, GROUPS
from bench.market.strategy import ODCR
from bench.market.supply import Burst
from bench.market.target import MarketGroup
from odcr.domain.target import Strategy

PAGE = ROOT / "docs" / "performance.md"
FOR_EVER = 1e9


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESULTS.read_text())
    return read


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


def test_groups_hold_what_the_ideal_asker_holds(results: dict[str, Any]) -> None:
    cells = results["groups"]["cells"]
    assert {(one["groups"], one["scenario"], one["life"], one["strategy"]) for one in cells} == {
        (one.groups, one.scenario.name, one.scenario.life_seconds, one.strategy) for one in CASES
    }
    assert {(one["groups"], one["strategy"]) for one in cells} >= {
        (many, each) for many in (1, 40) for each in Strategy
    }
    for cell in cells:
        assert cell["of_ideal"] >= AIM, cell
        assert cell["overdrawn"] == 0


@pytest.mark.parametrize("case", ATTEMPTS)
def test_the_requests_of_an_attempt_are_those_that_were_recorded(results: dict[str, Any], case: str) -> None:
    recorded = {(one.case, one.pools): one for one in of(results["pools"])}
    for pools in SIZES:
        told, again = asdict(recorded[case, pools]), asdict(attempt(case, pools))
        assert {name: told[name] for name in ("held", "describes", "asks")} == {
            name: again[name] for name in ("held", "describes", "asks")
        }


def test_requests_and_work_grow_linearly_with_the_pools(results: dict[str, Any]) -> None:
    grown = of(results["pools"])
    for one in grown:
        assert one.held == (0 if one.case == DRY else one.pools * EACH)
        assert one.describes == (1 if one.case == DRY else 2)
        if one.case != SEARCHED:
            assert one.asks == one.pools
    for case in (DRY, FILLED):
        assert growth(grown, case, "attempt_ms") <= LINEAR
        assert growth(grown, case, "find_ms") <= LINEAR


def test_the_page_says_what_the_results_say(results: dict[str, Any]) -> None:
    text, tables = PAGE.read_text(), GROUPS.tables(results["groups"]) | POOLS.tables(results["pools"])
    assert filled(text, tables) == text
    assert set(re.findall(r"<!-- bench: ((?:groups|pools)-[a-z]+) -->", text)) == tables.keys()


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
    told = GROUPS.tables({"cells": [cell | {"scenario": one.scenario.name} for one in CASES]})["groups-verdict"]
    assert "**missed**" in told
    assert f"refused {3 * len(CASES)} of" in told
