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

    instance_hours: float
    acquired: int
    calls: int
    """Requests that ask for capacity."""
    describes: int
    attempts: int
    first_calls: int
    """Of the targets' first attempts; those do not know yet whether the pool is dry."""
    most_later_calls: int
    """Of any one attempt after the first."""
    overdrawn: int
    """Requests that EC2's token bucket would have refused."""


def trial(strategy: Strategy, gap: int, supplies: Sequence[list[Burst]], regions: int = 1) -> Trial:
    """Plays a strategy against fresh pools, a target for each supply, in so many Regions by turns."""
    targets = [MarketTarget(number, gap, bursts, REGIONS[number % regions]) for number, bursts in enumerate(supplies)]
    requests = strategy.play(targets)
    for target in targets:
        requests += target.ec2.requests
    describes = sum(action == DESCRIBE for _, _, action in requests)
    return Trial(
        instance_hours=sum(target.ec2.holding.instance_hours for target in targets),
        acquired=sum(target.ec2.holding.instances for target in targets),
        calls=len(requests) - describes,
        describes=describes,
        attempts=sum(len(target.attempts) for target in targets),
        first_calls=sum(sum(target.attempts[:1]) for target in targets),
        most_later_calls=max((calls for target in targets for calls in target.attempts[1:]), default=0),
        overdrawn=overdrawn(requests),
    )
