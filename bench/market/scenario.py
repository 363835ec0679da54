"""The simulated markets: when instances become free, and when somebody else takes them.

Nobody publishes how often capacity is given back, or how quickly others take it. So the scarce scenarios free the same
supply in portions of different sizes, the gaps lie on both sides of that supply, and the mean life of a free instance
is the same everywhere, except in the sweep that varies it.
"""

import random
from dataclasses import dataclass, replace

HOURS = 6
END_SECONDS = HOURS * 3600.0

GAPS = (60, 150)
"""Instances wanted: as many as the scarce scenarios free in three hours, and mostly more than they free in six."""

SCARCE_PER_HOUR = 20.0
"""Instances that the scarce scenarios free: 120 in six hours on average."""

MEAN_LIFE_SECONDS = 300.0
"""How long a free instance stays until somebody else takes it, on average.

It is the interval at which the original asks. If free instances stayed much longer, asking every five minutes would be
enough; if they went much sooner, it would be useless, and yet it was in use.
"""

LIVES_SECONDS = (60.0, 120.0, 180.0, MEAN_LIFE_SECONDS, 900.0, 3600.0)
"""The sweep: from a minute to an hour."""


@dataclass(frozen=True)
class Scenario:
    """One pool: instances of one type in one zone.

    Args:
        name: as in the results.
        sentence: what happens, for the docs.
        burst: instances that become free at once.
        bursts_per_hour: on average; when they come is chance (a Poisson process).
        free_at_start: instances that are free when the first run starts.
        life_seconds: how long a free instance stays, on average (exponential: others take each at a constant rate).
    """

    name: str
    sentence: str
    burst: int
    bursts_per_hour: float
    free_at_start: int = 0
    life_seconds: float = MEAN_LIFE_SECONDS

    def living(self, seconds: float) -> "Scenario":
        """The same instances at the same moments, but others are quicker or slower."""
        return replace(self, life_seconds=seconds)


def _scarce(name: str, sentence: str, burst: int) -> Scenario:
    return Scenario(name, sentence, burst, SCARCE_PER_HOUR / burst)


TRICKLE = _scarce("trickle", "Single instances become free, one every three minutes on average.", 1)
SIXES = _scarce("bursts of 6", "Six instances at once, every 18 minutes on average.", 6)
TWENTY_FIVES = _scarce("bursts of 25", "25 instances at once, every 75 minutes on average.", 25)
PLENTY = Scenario("plenty", "500 instances are free at the start.", 1, 0.0, free_at_start=500)
DRY = Scenario("bone dry", "Nothing ever becomes free.", 1, 0.0)

SCARCE = (TRICKLE, SIXES, TWENTY_FIVES)
SCENARIOS = (*SCARCE, PLENTY, DRY)


@dataclass(frozen=True)
class Burst:
    """Instances that become free at once."""

    at: float
    """Seconds after the start."""
    taken_at: tuple[float, ...]
    """When others take each of them, in seconds after the start, unless it is reserved by then."""


def supply(scenario: Scenario, seed: int) -> list[Burst]:
    """The bursts of six hours, in order; always the same for the same arguments.

    With another mean life the same instances become free at the same moments, and all stay longer or shorter by the
    same factor.
    """
    chance = random.Random(f"catch/{scenario.name}/{seed}")  # noqa: S311 - to be repeatable

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
