"""How much of the capacity that passes by is caught: `make bench ONLY=catch`."""

from concurrent.futures import ProcessPoolExecutor
from typing import Any

from bench.market.comparison import Case
from bench.market.scenario import GAPS, LIVES_SECONDS, SCARCE, SCENARIOS, SIXES
from bench.market.strategies import IDEAL, ODCR, RIVALS, STRATEGIES
from odcr.domain.target import Strategy as Spread

MANY = (500, 100, 40, 10, 1)
"""Targets at once, each with a supply of its own."""
MANY_LIVES_SECONDS = (60.0, 300.0)
MANY_AT_LEAST = 10
"""The least number of targets simulated in all seeds together."""
RIVALS_AT = 40
"""Targets at once for which the other ladders are compared."""
GROUPS = (40, 1)
"""Groups at once."""
GROUPS_LIFE_SECONDS = 60.0


def cases() -> dict[str, list[Case]]:
    """All cases, by their part of the results; the largest first, so that the processors end at about the same time."""
    both, gap = (ODCR, IDEAL), max(GAPS)
    return {
        "many": [
            Case(
                scenario.living(life),
                gap,
                (*both, *RIVALS) if targets == RIVALS_AT else both,
                max(1, MANY_AT_LEAST // targets),
                targets,
            )
            for targets in MANY
            for life in MANY_LIVES_SECONDS
            for scenario in SCARCE
        ],
        "groups": [
            Case(scenario.living(GROUPS_LIFE_SECONDS), gap, both, 1 if groups > 1 else 2, groups, spread)
            for groups in GROUPS
            for scenario in SCARCE
            for spread in Spread
        ],
        "scenarios": [Case(one, gap, STRATEGIES) for one in SCENARIOS for gap in GAPS],
        # Only one scenario with every strategy.
        "lives": [
            Case(one.living(life), gap, STRATEGIES if one is SIXES else both)
            for one in SCARCE
            for life in LIVES_SECONDS
        ],
    }


def measure() -> dict[str, Any]:
    """Plays everything, on all processors; the same at each call."""
    parts = cases()
    with ProcessPoolExecutor() as pool:
        cells = pool.map(Case.compare, [case for part in parts.values() for case in part])
        return {name: [next(cells) for _ in part] for name, part in parts.items()}
