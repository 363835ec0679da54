"""One strategy in one market: what it got, and what it asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.market.bucket import overdrawn
from bench.market.ec2 import DESCRIBE
from bench.market.strategy import Strategy
from bench.market.supply import Burst
from bench.market.target import REGIONS, MarketTarget


@dataclass(frozen=True)
class Trial:
    """Six hours of one strategy, all targets together."""

    hours: tuple[float, ...]
    """Instance-hours held, of each target."""
    acquired: int
    calls: int
    """Requests that ask for capacity."""
    describes: int
    attempts: int
    overdrawn: int
    """Requests that EC2's token buckets would have refused."""

    @property
    def instance_hours(self) -> float:
        """Of all targets together."""
        return sum(self.hours)


def trial(strategy: Strategy, gap: int, supplies: Sequence[list[Burst]], regions: int = 1) -> Trial:
    """Plays a strategy against fresh pools, a target for each supply, in so many Regions by turns."""
    targets = [MarketTarget(number, gap, bursts, REGIONS[number % regions]) for number, bursts in enumerate(supplies)]
    return played(strategy, targets)


def played(strategy: Strategy, targets: Sequence[MarketTarget]) -> Trial:
    """Plays a strategy for targets that nobody has asked for yet."""
    requests = strategy.play(targets)
    for target in targets:
        requests += target.ec2.requests
    describes = sum(action == DESCRIBE for _, _, action in requests)
    return Trial(
        hours=tuple(target.ec2.holding.instance_hours for target in targets),
        acquired=sum(target.ec2.holding.instances for target in targets),
        calls=len(requests) - describes,
        describes=describes,
        attempts=sum(len(target.attempts) for target in targets),
        overdrawn=overdrawn(requests),
    )
