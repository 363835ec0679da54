"""What is simulated for the docs, and how often."""

import sys
from collections.abc import Iterator
from typing import Any

from bench.benchmark import Results
from bench.market.comparison import compare
from bench.market.scenario import DRY, GAPS, LIVES_SECONDS, PLENTY, SCARCE, SCENARIOS, SIXES, Scenario
from bench.market.strategy import ODCR, ORIGINAL, STRATEGIES

SEEDS = 40
SURE_SEEDS = 2
"""Where chance has no part, or hardly any."""

MANY = ((40, 2), (500, 1))
"""How many targets at once, and seeds: each target has a supply of its own."""
MANY_GAP = 60


def measure() -> Results:
    """Everything; the same at each call."""
    widest = max(GAPS)
    scenarios = [
        compare(scenario, gap, STRATEGIES, _seeds(scenario)) for scenario in _announced(SCENARIOS) for gap in GAPS
    ]
    return {
        "scenarios": scenarios,
        "lives": _lives(scenarios, widest),
        "many": [
            compare(scenario, MANY_GAP, STRATEGIES if targets == MANY[0][0] else (ODCR, ORIGINAL), seeds, targets)
            for targets, seeds in MANY
            for scenario in _announced(SCARCE)
        ],
    }


def _lives(scenarios: list[dict[str, Any]], gap: int) -> list[dict[str, Any]]:
    """The sweep: all strategies where bursts are middling; elsewhere only how far the product itself gets."""
    cells = []
    for scenario in _announced(SCARCE):
        strategies = STRATEGIES if scenario is SIXES else (ODCR,)
        (known,) = [one for one in scenarios if (one["scenario"], one["gap"]) == (scenario.name, gap)]
        for life in LIVES_SECONDS:
            cell = known if life == scenario.life_seconds else compare(scenario.living(life), gap, strategies, SEEDS)
            told = {one.name: _shortened(cell["strategies"][one.name]) for one in strategies}
            cells.append(cell | {"life": life, "strategies": told})
    return cells


def _shortened(told: dict[str, Any]) -> dict[str, Any]:
    return {field: told[field] for field in ("ratio", "margin", "overdrawn")}


def _seeds(scenario: Scenario) -> int:
    return SURE_SEEDS if scenario in (PLENTY, DRY) else SEEDS


def _announced(scenarios: tuple[Scenario, ...]) -> Iterator[Scenario]:
    for scenario in scenarios:
        print(f"  {scenario.name}", file=sys.stderr)  # noqa: T201
        yield scenario
