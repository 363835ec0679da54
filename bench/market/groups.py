"""How much groups catch, as a share of the ideal asker's: `make bench ONLY=groups`."""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.market.comparison import trial
from bench.market.ec2 import instance_hours, oracle
from bench.market.scenario import GAPS, SCARCE, Burst, Scenario, supply
from bench.market.strategies import IDEAL, ODCR
from bench.market.target import MarketGroup
from odcr.domain.target import Strategy

POOLS = 6
TOTAL = POOLS * max(GAPS)
"""Instances wanted, of each group: (mostly) more than its pools free in all six hours."""


@dataclass(frozen=True)
class Case:
    """So many groups in one market, in a form that another process can be given."""

    groups: int
    scenario: Scenario
    strategy: Strategy
    seeds: int = 1

    def play(self) -> dict[str, Any]:
        """What odcr gets, and the ideal asker, who takes what there is without regard to the strategy."""
        scenario = self.scenario
        print(f"  {self.groups} groups, {scenario.name}, {scenario.life_seconds:g} s", file=sys.stderr)  # noqa: T201
        ours, ideal, most = [], 0.0, 0.0
        for seed in range(self.seeds):
            supplies = self._supplies(seed)
            ours.append(trial(ODCR, self._groups(supplies)))
            ideal += sum(trial(IDEAL, self._groups(supplies)).hours)
            most += sum(_oracle_hours(one) for one in supplies)
        hours = sum(sum(one.hours) for one in ours)
        return {
            "groups": self.groups,
            "scenario": scenario.name,
            "life": scenario.life_seconds,
            "strategy": str(self.strategy),
            "seeds": self.seeds,
            "of_ideal": round(hours / ideal, 4),
            "ratio": round(hours / most, 4),
            "ideal_ratio": round(ideal / most, 4),
            "calls": round(sum(one.calls for one in ours) / self.seeds, 1),
            "describes": round(sum(one.describes for one in ours) / self.seeds, 1),
            "overdrawn": sum(one.overdrawn for one in ours),
        }

    def _supplies(self, seed: int) -> list[list[list[Burst]]]:
        first = seed * self.groups
        return [
            [supply(self.scenario, group * POOLS + pool) for pool in range(POOLS)]
            for group in range(first, first + self.groups)
        ]

    def _groups(self, supplies: list[list[list[Burst]]]) -> list[MarketGroup]:
        return [MarketGroup(number, TOTAL, one, self.strategy) for number, one in enumerate(supplies)]


def _oracle_hours(supplies: list[list[Burst]]) -> float:
    bursts = sorted((burst for one in supplies for burst in one), key=lambda burst: burst.at)
    return instance_hours(oracle(bursts, TOTAL))


CASES = [
    # The largest first, so that the processors end at about the same time.
    *(Case(40, scenario.living(60.0), strategy) for scenario in SCARCE for strategy in Strategy),
    *(
        Case(1, scenario.living(life), strategy, seeds=2)
        for scenario in SCARCE
        for life in (60.0, 300.0)
        for strategy in Strategy
    ),
]


def measure() -> dict[str, Any]:
    """Plays everything, on all processors; the same at each call."""
    with ProcessPoolExecutor() as pool:
        return {"cells": list(pool.map(Case.play, CASES))}
