"""Whether EC2 would have taken all requests: the fake EC2's token buckets, one per action."""

from collections.abc import Iterable

from bench.market.timing import SimulatedClock
from localcloud.ec2.request_rate import RequestRate

_ACCOUNT, _REGION = "123456789012", "ap-northeast-1"


def overdrawn(requests: Iterable[tuple[float, str]]) -> int:
    """How many requests of one account would have been refused for want of tokens.

    Args:
        requests: of everybody who asks: when each was sent, in seconds, and its action.
    """
    clock = SimulatedClock()
    rate = RequestRate(clock)
    refused = 0
    for at, action in sorted(requests):
        clock.set(at)
        refused += not rate.admit(_ACCOUNT, _REGION, action)
    return refused
