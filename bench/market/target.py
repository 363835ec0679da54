"""One target of the simulation, with its own pool, and what the table records of it."""

from bench.market.ec2 import MarketEc2
from bench.market.pool import TYPE, Pool
from bench.market.supply import Burst
from bench.market.timing import SimulatedClock
from odcr.domain.outcome import Outcome
from odcr.domain.records import FRESH_SECONDS
from odcr.domain.target import Target, TargetKey

REGIONS = ("ap-northeast-1", "eu-central-1", "us-east-1", "us-west-2")


class MarketTarget:
    """A row of the table, and the market in which it is to be met.

    Args:
        number: tells it from the others; each has an instance type of its own.
        gap: instances wanted.
        bursts: its pool's supply.
        region: where its pool is.
    """

    def __init__(self, number: int, gap: int, bursts: list[Burst], region: str = REGIONS[0]) -> None:
        family, size = TYPE.split(".")
        self.region = region
        self.key = TargetKey(f"{family}{number}.{size}", f"{region}c")
        self.gap = gap
        self.clock = SimulatedClock()
        self.ec2 = MarketEc2(Pool(bursts), self.clock, region)
        self.attempts: list[int] = []
        """Requests for capacity of each attempt that there was."""
        self.tried_at = -1e9
        """When it was tried last, as recorded."""
        self._dry_since: float | None = None
        self._outcome: Outcome | None = None

    @property
    def missing(self) -> int:
        """Instances that are wanted and not held."""
        return self.gap - self.ec2.holding.instances

    def record(self, outcome: Outcome, now: float) -> None:
        """What RecordResults writes about it."""
        self._outcome = outcome
        if outcome.was_tried:
            self.tried_at = now
            self._dry_since = None if outcome.acquired or not outcome.is_short else (self._dry_since or now)

    def row(self, now: float) -> Target:
        """What LoadTargets reads about it."""
        last = self._outcome
        if last is None:
            return Target(self.key, self.gap)
        return Target(
            self.key,
            self.gap,
            int(last.reserved),
            str(last.status),
            last_reserved=int(last.reserved),
            is_fresh=now - self.tried_at < FRESH_SECONDS,
            last_ids=last.reservation_ids,
            dry_seconds=None if self._dry_since is None else int(now - self._dry_since),
        )
