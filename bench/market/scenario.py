"""The markets that are simulated.

Nobody publishes how often capacity is given back, or how quickly others take it. So the scarce scenarios differ only in
the portions in which the same supply comes, the gaps lie on both sides of that supply, and how long a free instance
stays is one figure for all, which the sweep varies.
"""

from dataclasses import dataclass, replace

HOURS = 6
END_SECONDS = HOURS * 3600.0

GAPS = (60, 150)
"""Instances wanted: what the scarce scenarios free in three hours, and more than they free in all six (mostly)."""

SCARCE_PER_HOUR = 20.0
"""Instances that the scarce scenarios free: 120 in six hours on average."""

MEAN_LIFE_SECONDS = 300.0
"""How long a free instance stays until somebody else takes it, on average.

It is the interval at which the original asks. Did free instances stay much longer, then five minutes would do and
nothing quicker were needed; did they stay much shorter, then five minutes would be no use, and it was in use.
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
        bursts_per_hour: how often, on average; when is chance (a Poisson process).
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
