"""How often an account may call an action, and how often it did.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from collections import Counter
from dataclasses import dataclass, field

from localcloud.clock import Clock


@dataclass(frozen=True)
class Rate:
    """A bucket's depth, in requests, and its refill, in requests per cloud second."""

    depth: float
    per_second: float


MUTATING = Rate(50, 5)
DESCRIBING = Rate(100, 20)


def rate_of(action: str) -> Rate:
    """Describe* has more than actions that change something (FACTS)."""
    return DESCRIBING if action.startswith("Describe") else MUTATING


@dataclass
class ActionCount:
    """Requests of one action in one Region since the reset, whatever came of them."""

    calls: int = 0
    overdrawn: int = 0
    """Refused because the bucket was empty; injected throttling is not among them."""
    refused: Counter[str] = field(default_factory=Counter)
    """By error code, overdrawn ones included."""
    unanswered: int = 0
    """Whose connection was closed without an answer, by an injected fault."""


class RequestRate:
    """A token bucket per account, Region and action, and the counts per Region and action.

    The caller holds the lock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}
        self.counts: dict[tuple[str, str], ActionCount] = {}

    def count(self, region: str, action: str) -> ActionCount:
        """The count of an action in a Region, to be read or raised."""
        return self.counts.setdefault((region, action), ActionCount())

    def admit(self, account: str, region: str, action: str) -> bool:
        """Takes one request from the bucket, or returns False because it is empty."""
        rate, now = rate_of(action), self._clock.now()
        level, at = self._buckets.get((account, region, action), (rate.depth, now))
        level = min(rate.depth, level + (now - at) * rate.per_second)
        admitted = level >= 1
        self._buckets[account, region, action] = (level - 1 if admitted else level, now)
        if not admitted:
            self.count(region, action).overdrawn += 1
        return admitted
