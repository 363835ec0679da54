"""Strategies side by side on the same seeds."""

from collections.abc import Sequence
from typing import Any

from bench.market.oracle import oracle
from bench.market.scenario import Scenario
from bench.market.statistics import lead, ratio
from bench.market.strategy import IDEAL, Strategy
from bench.market.supply import supply
from bench.market.trial import Trial, trial


def compare(
    scenario: Scenario, gap: int, strategies: Sequence[Strategy], seeds: int, targets: int = 1, regions: int = 1
) -> dict[str, Any]:
    """What each strategy gets of what the oracle would, and what it asks for that.

    Args:
        scenario: the market.
        gap: instances wanted, of each target.
        strategies: the first is the one that the others are compared with.
        seeds: how often everything is played, each time with another supply.
        targets: how many share the account, each with a pool of its own.
        regions: over how many Regions they are spread.

    Returns:
        As results.json has it, rounded. Each target of each seed counts as one draw of chance.
    """
    supplies = [[supply(scenario, seed * targets + one) for one in range(targets)] for seed in range(seeds)]
    best = [oracle(bursts, gap).instance_hours for market in supplies for bursts in market]
    trials = {one.name: [trial(one, gap, market, regions) for market in supplies] for one in strategies}
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
        "freed": round(sum(len(burst.taken_at) for market in supplies for one in market for burst in one) / seeds, 1),
        "strategies": {name: _told(trials[name], hours[name], ours, best, ideal) for name in trials},
    }


def _told(
    trials: Sequence[Trial], hours: Sequence[float], ours: Sequence[float], best: Sequence[float], ideal: float
) -> dict[str, Any]:
    share, ahead = ratio(hours, best), lead(hours, ours, best)
    calls, acquired = sum(one.calls for one in trials), sum(one.acquired for one in trials)
    return {
        "ratio": round(share.value, 4),
        "margin": round(share.margin, 4),
        "of_ideal": round(sum(hours) / ideal, 4) if ideal else None,
        "lead": round(ahead.value, 5),
        "lead_margin": round(ahead.margin, 5),
        "calls": round(calls / len(trials), 1),
        "calls_per_acquired": round(calls / acquired, 2) if acquired else None,
        "describes": round(sum(one.describes for one in trials) / len(trials), 1),
        "attempts": round(sum(one.attempts for one in trials) / len(trials), 1),
        "overdrawn": sum(one.overdrawn for one in trials),
    }
