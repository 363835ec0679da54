"""Strategies side by side on the same seeds."""

from collections.abc import Sequence
from typing import Any

from bench.market.oracle import oracle
from bench.market.scenario import Scenario
from bench.market.statistics import lead, ratio
from bench.market.strategy import Strategy
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
        As results.json has it, rounded.
    """
    supplies = [[supply(scenario, seed * targets + one) for one in range(targets)] for seed in range(seeds)]
    best = [sum(oracle(bursts, gap).instance_hours for bursts in market) for market in supplies]
    trials = {one.name: [trial(one, gap, market, regions) for market in supplies] for one in strategies}
    ours = [one.instance_hours for one in trials[strategies[0].name]]
    return {
        "scenario": scenario.name,
        "gap": gap,
        "targets": targets,
        "seeds": seeds,
        "oracle_hours": round(sum(best) / seeds, 1),
        "freed": round(sum(len(burst.taken_at) for market in supplies for one in market for burst in one) / seeds, 1),
        "strategies": {name: _told(played, ours, best) for name, played in trials.items()},
    }


def _told(trials: Sequence[Trial], ours: Sequence[float], best: Sequence[float]) -> dict[str, Any]:
    hours = [one.instance_hours for one in trials]
    share, ahead = ratio(hours, best), lead(hours, ours, best)
    calls, acquired = sum(one.calls for one in trials), sum(one.acquired for one in trials)
    return {
        "ratio": round(share.value, 4),
        "margin": round(share.margin, 4),
        "worst": round(min((got / most for got, most in zip(hours, best, strict=True) if most), default=0.0), 3),
        "lead": round(ahead.value, 5),
        "lead_margin": round(ahead.margin, 5),
        "calls": round(calls / len(trials), 1),
        "calls_per_acquired": round(calls / acquired, 2) if acquired else None,
        "describes": round(sum(one.describes for one in trials) / len(trials), 1),
        "attempts": round(sum(one.attempts for one in trials) / len(trials), 1),
        "first_calls": max(one.first_calls for one in trials),
        "most_later_calls": max(one.most_later_calls for one in trials),
        "overdrawn": sum(one.overdrawn for one in trials),
    }
