"""The benchmark: how much groups catch, as a share of the ideal asker's: `python -m bench groups`, into
docs/performance.md."""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.benchmark import Benchmark, Results
from bench.market.oracle import oracle
from bench.market.scenario import GAPS, SCARCE, Scenario
from bench.market.strategy import IDEAL, ODCR
from bench.market.strategy import Strategy as Asker
from bench.market.supply import Burst, supply
from bench.market.target import MarketGroup
from bench.market.trial import Trial, played
from odcr.domain.target import Strategy

AIM = 0.97
"""Of the instance-hours of the ideal asker."""

POOLS = 6
TOTAL = POOLS * max(GAPS)
"""Instances wanted, of each group: more than its pools free in all six hours (mostly)."""

Cell = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """So many groups in one market; in a form that another process can be given."""

    groups: int
    scenario: Scenario
    strategy: Strategy
    seeds: int = 1

    def play(self) -> Cell:
        """Plays it, by odcr and by the ideal asker, who takes what there is without regard to the strategy."""
        scenario, seeds = self.scenario, range(self.seeds)
        print(f"  {self.groups} groups, {scenario.name}, {scenario.life_seconds:g} s", file=sys.stderr)  # noqa: T201
        trials = {one.name: [self._trial(one, seed) for seed in seeds] for one in (ODCR, IDEAL)}
        hours = {name: sum(one.instance_hours for one in some) for name, some in trials.items()}
        most = sum(self._most(seed) for seed in seeds)
        ours = trials[ODCR.name]
        return {
            "groups": self.groups,
            "scenario": scenario.name,
            "life": scenario.life_seconds,
            "strategy": str(self.strategy),
            "seeds": self.seeds,
            "of_ideal": round(hours[ODCR.name] / hours[IDEAL.name], 4),
            "ratio": round(hours[ODCR.name] / most, 4),
            "ideal_ratio": round(hours[IDEAL.name] / most, 4),
            "calls": round(sum(one.calls for one in ours) / self.seeds, 1),
            "describes": round(sum(one.describes for one in ours) / self.seeds, 1),
            "overdrawn": sum(one.overdrawn for one in ours),
        }

    def _supplies(self, seed: int) -> list[list[list[Burst]]]:
        first = seed * self.groups
        return [
            [supply(self.scenario, group * POOLS + place) for place in range(POOLS)]
            for group in range(first, first + self.groups)
        ]

    def _trial(self, asker: Asker, seed: int) -> Trial:
        supplies = self._supplies(seed)
        return played(asker, [MarketGroup(number, TOTAL, one, self.strategy) for number, one in enumerate(supplies)])

    def _most(self, seed: int) -> float:
        def of_group(supplies: list[list[Burst]]) -> float:
            bursts = sorted((burst for one in supplies for burst in one), key=lambda burst: burst.at)
            return oracle(bursts, TOTAL).instance_hours

        return sum(map(of_group, self._supplies(seed)))


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


def _measure() -> Results:
    with ProcessPoolExecutor() as pool:
        return {"cells": list(pool.map(Case.play, CASES))}


def tables(results: Results) -> dict[str, str]:
    """By place."""
    return {"groups-verdict": _verdict(results["cells"]), "groups-shares": _shares(results["cells"])}


def _verdict(cells: list[Cell]) -> str:
    lines = []
    for groups in sorted({cell["groups"] for cell in cells}):
        shares = sorted(cell["of_ideal"] for cell in cells if cell["groups"] == groups)
        who = "One group" if groups == 1 else f"{groups} groups"
        verdict = "met" if shares[0] >= AIM else "**missed**"
        lines.append(
            f"- {who} of {POOLS} pools hold{'s' * (groups == 1)} {shares[0]:.3f} to {shares[-1]:.3f} of what the ideal "
            f"asker holds. The aim, {AIM}, is {verdict}."
        )
    refused = sum(cell["overdrawn"] for cell in cells)
    return "\n".join([*lines, f"- EC2's token buckets would have refused {refused} of odcr's requests."])


def _shares(cells: list[Cell]) -> str:
    names = [one.name for one in SCARCE]
    head = ["groups, mean life of a free instance, strategy", *names, "odcr's requests", "odcr's describes"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for groups, life, strategy in sorted({(one["groups"], one["life"], one["strategy"]) for one in cells}):
        some = {
            one["scenario"]: one
            for one in cells
            if (one["groups"], one["life"], one["strategy"]) == (groups, life, strategy)
        }
        lines.append(
            [
                f"{groups}, {life / 60:g} min, {strategy}",
                *(
                    f"{some[name]['of_ideal']:.3f} ({some[name]['ratio']:.2f} of {some[name]['ideal_ratio']:.2f})"
                    for name in names
                ),
                *(f"{sum(one[field] for one in some.values()) / len(some):,.0f}" for field in ("calls", "describes")),
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _draw(results: Results, folder: Path) -> None:
    """The table says it all."""


GROUPS = Benchmark("groups", _measure, _draw, tables)
