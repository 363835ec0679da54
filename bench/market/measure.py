"""What is simulated for the docs, and how often."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.benchmark import Results
from bench.market.comparison import compare
from bench.market.scenario import DRY, GAPS, LIVES_SECONDS, PLENTY, SCARCE, SCENARIOS, SIXES, Scenario
from bench.market.strategy import BY_NAME, IDEAL, ODCR, RIVALS, STRATEGIES, Strategy

SEEDS = 2
SURE_SEEDS = 2
"""Where chance has no part, or hardly any."""

MANY = ((1, 1), (10, 1), (40, 1), (100, 1), (500, 1))
"""How many targets at once, each with a supply of its own, and over how many Regions they are spread."""
MANY_LIVES_SECONDS = (60.0, 300.0)
MANY_GAP = max(GAPS)
MANY_AT_LEAST = 10
"""So many targets are simulated at least, in as many seeds as that takes: of 1, ten."""
RIVALS_AT = 40
"""How many targets at once the other ladders are compared at."""


@dataclass(frozen=True)
class Cell:
    """What `compare` is given, in a form that another process can be given."""

    scenario: Scenario
    gap: int
    strategies: tuple[str, ...]
    """Their names."""
    seeds: int
    targets: int = 1
    regions: int = 1

    def compare(self) -> dict[str, Any]:
        """Plays it."""
        told = f"{self.scenario.name}, {self.scenario.life_seconds:g} s, {self.targets} targets, {self.regions} Regions"
        print(f"  {told}", file=sys.stderr)  # noqa: T201
        strategies = [BY_NAME[name] for name in self.strategies]
        return compare(self.scenario, self.gap, strategies, self.seeds, self.targets, self.regions)


def measure() -> Results:
    """Everything, on all processors; the same at each call."""
    # The largest first, so that the processors end at about the same time.
    many = [
        Cell(
            scenario.living(life),
            MANY_GAP,
            _names([ODCR, IDEAL, *(RIVALS if targets == RIVALS_AT else ())]),
            max(1, MANY_AT_LEAST // targets),
            targets,
            regions,
        )
        for targets, regions in sorted(MANY, reverse=True)
        for life in MANY_LIVES_SECONDS
        for scenario in SCARCE
    ]
    scenarios = [
        Cell(one, gap, _names(STRATEGIES), SURE_SEEDS if one in (PLENTY, DRY) else SEEDS)
        for one in SCENARIOS
        for gap in GAPS
    ]
    # All strategies where bursts are middling; elsewhere only how far the product itself gets.
    lives = [
        Cell(one.living(life), max(GAPS), _names(STRATEGIES if one is SIXES else (ODCR, IDEAL)), SEEDS)
        for one in SCARCE
        for life in LIVES_SECONDS
    ]
    with ProcessPoolExecutor() as pool:
        played = iter(list(pool.map(Cell.compare, [*many, *scenarios, *lives])))
    results = {name: [next(played) for _ in cells] for name, cells in (("many", many), ("scenarios", scenarios))}
    return {**results, "lives": [_shortened(cell) for cell in played]}


def _names(strategies: Sequence[Strategy]) -> tuple[str, ...]:
    return tuple(one.name for one in strategies)


def _shortened(cell: dict[str, Any]) -> dict[str, Any]:
    fields = ("ratio", "margin", "of_ideal", "overdrawn")
    told = {name: {field: one[field] for field in fields} for name, one in cell["strategies"].items()}
    return {**cell, "strategies": told}
