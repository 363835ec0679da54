"""How often an account may call an action, and how often it has.

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


ALL_INSTANCES = "DescribeInstances of all"
"""The bucket of requests without pages and filters, which EC2 throttles more."""
_RATES = {"CreateTags": Rate(100, 10), "DeleteTags": Rate(100, 10), ALL_INSTANCES: Rate(50, 10)}
_DESCRIBING, _OTHERS = Rate(100, 20), Rate(50, 5)


@dataclass
class ActionCalls:
    """How often an action was called in a Region since the reset."""

    region: str
    action: str
    calls: int = 0
    """All requests, granted or not."""
    overdrawn: int = 0
    """Refused because the bucket was empty; injected throttling is not among them."""
    unanswered: int = 0
    """Requests whose connection a fault closed without an answer."""
    refused: Counter[str] = field(default_factory=Counter)
    """By error code, overdrawn ones included."""


class RequestRate:
    """A token bucket per account, Region and action, and the counts per Region and action.

    The caller holds the lock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}
        self.counts: dict[tuple[str, str], ActionCalls] = {}

    def count(self, region: str, action: str) -> ActionCalls:
        """The count of an action in a Region, to be read or raised."""
        return self.counts.setdefault((region, action), ActionCalls(region, action))

    def admit(self, account: str, region: str, action: str, bucket: str | None = None) -> bool:
        """Takes one request from the action's own bucket, or another; False if it is empty."""
        key = (account, region, bucket or action)
        default = _DESCRIBING if action.startswith("Describe") else _OTHERS
        rate, now = _RATES.get(bucket or action, default), self._clock.now()
        level, at = self._buckets.get(key, (rate.depth, now))
        level = min(rate.depth, level + (now - at) * rate.per_second)
        admitted = level >= 1
        self._buckets[key] = (level - 1 if admitted else level, now)
        if not admitted:
            self.count(region, action).overdrawn += 1
        return admitted
