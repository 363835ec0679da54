"""How much of the capacity that passes by is caught: `make bench ONLY=catch`."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.market.comparison import compare
from bench.market.scenario import GAPS, LIVES_SECONDS, SCARCE, SCENARIOS, SIXES, Scenario
from bench.market.strategies import BY_NAME, IDEAL, ODCR, RIVALS, STRATEGIES, Strategy

SEEDS = 2

MANY = (1, 10, 40, 100, 500)
"""Targets at once, each with a supply of its own."""
MANY_LIVES_SECONDS = (60.0, 300.0)
MANY_AT_LEAST = 10
"""Targets that are simulated at least, in as many seeds as that takes: of 1, ten."""
RIVALS_AT = 40
"""Targets at once at which the other ladders are compared."""


@dataclass(frozen=True)
class Case:
    """What `compare` is given, in a form that another process can be given."""

    scenario: Scenario
    gap: int
    strategies: tuple[str, ...]
    """Their names."""
    seeds: int = SEEDS
    targets: int = 1

    def play(self) -> dict[str, Any]:
        """A cell of results.json."""
        print(f"  {self.scenario.name}, {self.scenario.life_seconds:g} s, {self.targets} targets", file=sys.stderr)  # noqa: T201
        return compare(self.scenario, self.gap, [BY_NAME[name] for name in self.strategies], self.seeds, self.targets)


def cases() -> dict[str, list[Case]]:
    """All that is played, by its part of the results."""
    return {
        # The largest first, so that the processors end at about the same time.
        "many": [
            Case(
                scenario.living(life),
                max(GAPS),
                _names([ODCR, IDEAL, *(RIVALS if targets == RIVALS_AT else ())]),
                max(1, MANY_AT_LEAST // targets),
                targets,
            )
            for targets in sorted(MANY, reverse=True)
            for life in MANY_LIVES_SECONDS
            for scenario in SCARCE
        ],
        "scenarios": [Case(one, gap, _names(STRATEGIES)) for one in SCENARIOS for gap in GAPS],
        # Only one scenario with every strategy.
        "lives": [
            Case(one.living(life), max(GAPS), _names(STRATEGIES if one is SIXES else (ODCR, IDEAL)))
            for one in SCARCE
            for life in LIVES_SECONDS
        ],
    }


def measure() -> dict[str, Any]:
    """Plays everything, on all processors; the same at each call."""
    parts = cases()
    with ProcessPoolExecutor() as pool:
        cells = pool.map(Case.play, [case for part in parts.values() for case in part])
        return {name: [next(cells) for _ in part] for name, part in parts.items()}


def _names(strategies: Sequence[Strategy]) -> tuple[str, ...]:
    return tuple(one.name for one in strategies)
