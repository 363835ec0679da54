"""When instances become free, and when somebody else takes them."""

import random
from dataclasses import dataclass

from bench.market.scenario import END_SECONDS, Scenario

SEED = "catch"
"""All chance comes from this, a scenario's name and a number."""


@dataclass(frozen=True)
class Burst:
    """Instances that become free at once."""

    at: float
    """Seconds after the start."""
    taken_at: tuple[float, ...]
    """When others take each of them, in seconds after the start, unless it has been reserved by then."""


def supply(scenario: Scenario, number: int) -> list[Burst]:
    """The bursts of six hours, in their order; always the same for the same arguments.

    With another mean life the same instances become free at the same moments, and all stay longer, or shorter, by the
    same factor.
    """
    chance = random.Random(f"{SEED}/{scenario.name}/{number}")  # noqa: S311 - to be repeatable

    def burst(at: float, size: int) -> Burst:
        return Burst(at, tuple(at + chance.expovariate(1.0) * scenario.life_seconds for _ in range(size)))

    bursts = [burst(0.0, scenario.free_at_start)] if scenario.free_at_start else []
    at = 0.0
    while scenario.bursts_per_hour > 0:
        at += chance.expovariate(scenario.bursts_per_hour / 3600)
        if at >= END_SECONDS:
            break
        bursts.append(burst(at, scenario.burst))
    return bursts
