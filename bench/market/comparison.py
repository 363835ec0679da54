"""Strategies side by side on the same seeds."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.market.ec2 import DESCRIBE, instance_hours, oracle, overdrawn
from bench.market.scenario import Burst, Scenario, supply
from bench.market.strategies import IDEAL, Strategy
from bench.market.target import MarketTarget
from odcr.domain.target import Strategy as Spread

Z95 = 1.96
"""Standard errors on each side of a 95 % interval."""

POOLS = 6
"""Pools of a group."""


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
    describes = sum(action == DESCRIBE for _, action in requests)
    return Trial(
        hours=tuple(instance_hours(target.ec2.grants) for target in targets),
        acquired=sum(target.ec2.held for target in targets),
        calls=len(requests) - describes,
        describes=describes,
        overdrawn=overdrawn(requests),
    )


@dataclass(frozen=True)
class Case:
    """One market, and who asks in it.

    Args:
        scenario: of each pool.
        gap: instances wanted, for each pool of a target.
        strategies: the others are compared with the first.
        seeds: how often everything is played, each time with another supply.
        targets: how many share the account, each with pools of its own.
        spread: the allocation strategy, if the targets are groups.
    """

    scenario: Scenario
    gap: int
    strategies: tuple[Strategy, ...]
    seeds: int = 2
    targets: int = 1
    spread: Spread | None = None

    def compare(self) -> dict[str, Any]:
        """What each strategy gets of what the oracle would, and how many requests it sends for that.

        Returns:
            A cell of results.json, rounded. Each target of each seed counts as one sample.
        """
        sys.stderr.write(f"  {self.scenario.name}, {self.scenario.life_seconds:g} s, {self.targets} targets\n")
        targets = range(self.targets)
        plays = [[self._supplies(seed * self.targets + one) for one in targets] for seed in range(self.seeds)]
        best = [self._oracle_hours(supplies) for play in plays for supplies in play]
        trials = {one.name: [trial(one, self._market(play)) for play in plays] for one in self.strategies}
        hours = {name: [each for one in played for each in one.hours] for name, played in trials.items()}
        ours, ideal = hours[self.strategies[0].name], sum(hours.get(IDEAL.name, ()))
        freed = sum(len(burst.taken_at) for play in plays for one in play for bursts in one for burst in bursts)
        return {
            "scenario": self.scenario.name,
            "life": self.scenario.life_seconds,
            "gap": self.gap,
            "targets": self.targets,
            "spread": self.spread,
            "seeds": self.seeds,
            "oracle_hours": round(sum(best) / self.seeds, 1),
            "freed": round(freed / self.seeds, 1),
            "strategies": {name: _summary(trials[name], hours[name], ours, best, ideal) for name in trials},
        }

    @property
    def _pools(self) -> int:
        return POOLS if self.spread else 1

    def _supplies(self, number: int) -> list[list[Burst]]:
        return [supply(self.scenario, number * self._pools + pool) for pool in range(self._pools)]

    def _market(self, play: Sequence[list[list[Burst]]]) -> list[MarketTarget]:
        gap = self.gap * self._pools
        return [MarketTarget(number, gap, *supplies, spread=self.spread) for number, supplies in enumerate(play)]

    def _oracle_hours(self, supplies: list[list[Burst]]) -> float:
        bursts = sorted((burst for one in supplies for burst in one), key=lambda burst: burst.at)
        return instance_hours(oracle(bursts, self.gap * self._pools))


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
    if count < 2:
        return value, 0.0
    residuals = (part - value * one for part, one in zip(parts, wholes, strict=True))
    # Residuals sum to zero, so their variance needs no mean.
    return value, Z95 * math.sqrt(sum(one * one for one in residuals) * count / (count - 1)) / whole
