"""Strategies side by side on the same seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.market.ec2 import DESCRIBE, instance_hours, oracle, overdrawn
from bench.market.scenario import Burst, Scenario, supply
from bench.market.strategies import IDEAL, Strategy
from bench.market.target import REGIONS, MarketTarget

Z95 = 1.96
"""Standard errors on each side of a 95 % interval."""


@dataclass(frozen=True)
class Trial:
    """Six hours of one strategy, all targets together."""

    hours: tuple[float, ...]
    """Instance-hours held, of each target."""
    acquired: int
    calls: int
    """Requests for capacity."""
    describes: int
    overdrawn: int
    """Requests that EC2's token buckets would have refused."""


def trial(strategy: Strategy, targets: Sequence[MarketTarget]) -> Trial:
    """Plays a strategy for targets that nobody has asked for yet."""
    requests = [*strategy.play(targets), *(request for target in targets for request in target.ec2.requests)]
    describes = sum(action == DESCRIBE for _, _, action in requests)
    return Trial(
        hours=tuple(instance_hours(target.ec2.grants) for target in targets),
        acquired=sum(target.ec2.held for target in targets),
        calls=len(requests) - describes,
        describes=describes,
        overdrawn=overdrawn(requests),
    )


def market(gap: int, supplies: Sequence[list[Burst]], regions: int = 1) -> list[MarketTarget]:
    """A target for each supply, in so many Regions by turns."""
    return [MarketTarget(number, gap, bursts, REGIONS[number % regions]) for number, bursts in enumerate(supplies)]


def compare(
    scenario: Scenario, gap: int, strategies: Sequence[Strategy], seeds: int, targets: int = 1, regions: int = 1
) -> dict[str, Any]:
    """What each strategy gets of what the oracle would, and how many requests it sends for that.

    Args:
        scenario: the market.
        gap: instances wanted, of each target.
        strategies: the others are compared with the first.
        seeds: how often everything is played, each time with another supply.
        targets: how many share the account, each with a pool of its own.
        regions: over how many Regions they are spread.

    Returns:
        A cell of results.json, rounded. Each target of each seed counts as one sample.
    """
    supplies = [[supply(scenario, seed * targets + one) for one in range(targets)] for seed in range(seeds)]
    best = [instance_hours(oracle(bursts, gap)) for some in supplies for bursts in some]
    trials = {one.name: [trial(one, market(gap, some, regions)) for some in supplies] for one in strategies}
    hours = {name: [each for one in played for each in one.hours] for name, played in trials.items()}
    ours, ideal = hours[strategies[0].name], sum(hours.get(IDEAL.name, ()))
    return {
        "scenario": scenario.name,
        "life": scenario.life_seconds,
        "gap": gap,
        "targets": targets,
        "regions": regions,
        "seeds": seeds,
        "oracle_hours": round(sum(best) / seeds, 1),
        "freed": round(sum(len(burst.taken_at) for some in supplies for one in some for burst in one) / seeds, 1),
        "strategies": {name: _summary(trials[name], hours[name], ours, best, ideal) for name in trials},
    }


def _summary(
    trials: Sequence[Trial], hours: Sequence[float], ours: Sequence[float], best: Sequence[float], ideal: float
) -> dict[str, Any]:
    share, margin = ratio(hours, best)
    # Seed by seed, so that the chance that both share cancels out.
    lead, lead_margin = ratio([one - other for one, other in zip(hours, ours, strict=True)], best)
    calls, acquired = sum(one.calls for one in trials), sum(one.acquired for one in trials)
    return {
        "ratio": round(share, 4),
        "margin": round(margin, 4),
        "of_ideal": round(sum(hours) / ideal, 4) if ideal else None,
        "lead": round(lead, 5),
        "lead_margin": round(lead_margin, 5),
        "calls": round(calls / len(trials), 1),
        "calls_per_acquired": round(calls / acquired, 2) if acquired else None,
        "describes": round(sum(one.describes for one in trials) / len(trials), 1),
        "overdrawn": sum(one.overdrawn for one in trials),
    }


def ratio(parts: Sequence[float], wholes: Sequence[float]) -> tuple[float, float]:
    """The sum of the parts in the sum of the wholes, and half of its 95 % interval; 0 if there is nothing at all.

    The margin is the usual one of a ratio of sums (by linearisation); of a single sample it is 0.
    """
    whole, count = sum(wholes), len(wholes)
    if not whole:
        return 0.0, 0.0
    value = sum(parts) / whole
    residuals = [part - value * one for part, one in zip(parts, wholes, strict=True)]
    if count < 2:
        return value, 0.0
    mean = sum(residuals) / count
    variance = sum((one - mean) ** 2 for one in residuals) / (count - 1)
    return value, Z95 * math.sqrt(variance * count) / whole
