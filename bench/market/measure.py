"""What is simulated for the docs, and how often."""

import sys
from collections.abc import Iterator
from typing import Any

from bench.benchmark import Results
from bench.market.comparison import compare
from bench.market.product import default_pace
from bench.market.scenario import DRY, GAPS, LIVES_SECONDS, PLENTY, SCARCE, SCENARIOS, SIXES, Scenario
from bench.market.strategy import ODCR, ORIGINAL, STRATEGIES, Strategy, odcr_at

SEEDS = 40
SURE_SEEDS = 2
"""Where chance has no part, or hardly any."""

MANY = ((40, 2), (500, 1))
"""How many targets at once, and seeds: each target has a supply of its own."""
MANY_GAP = 60

OTHER_PACES = ((11.0, 4), (9.0, 5))
"""Seconds between the attempts in a dry pool, and how many come after the first: as many as fit into a minute."""


def measure() -> Results:
    """Everything; the same at each call."""
    widest = max(GAPS)
    scenarios = [
        compare(scenario, gap, STRATEGIES, _seeds(scenario)) for scenario in _announced(SCENARIOS) for gap in GAPS
    ]
    return {
        "scenarios": scenarios,
        "lives": _lives(scenarios, widest),
        "paces": [compare(scenario, widest, _paces(), SEEDS) for scenario in _announced(SCARCE)],
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


def _paces() -> list[Strategy]:
    pace, error = default_pace(), "InsufficientInstanceCapacity"
    (now,) = [one for one in pace.retries if error in one.errors]
    others = [odcr_at(f"{count} x {wait:g} s", pace.repeating(error, wait, count)) for wait, count in OTHER_PACES]
    return [odcr_at(f"{now.attempts} x {now.interval:g} s", pace), *others]


def _announced(scenarios: tuple[Scenario, ...]) -> Iterator[Scenario]:
    for scenario in scenarios:
        print(f"  {scenario.name}", file=sys.stderr)  # noqa: T201
        yield scenario
