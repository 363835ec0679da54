"""Whether EC2 would have taken all requests: the fake EC2's token buckets, one per Region and action."""

from collections.abc import Iterable

from bench.market.ec2 import Request
from bench.market.timing import SimulatedClock
from localcloud.ec2.request_rate import RequestRate

_ACCOUNT = "123456789012"


def overdrawn(requests: Iterable[Request]) -> int:
    """How many requests of one account would have been refused for want of tokens.

    Args:
        requests: of everybody who asks.
    """
    clock = SimulatedClock()
    rate = RequestRate(clock)
    refused = 0
    for at, region, action in sorted(requests):
        clock.set(at)
        refused += not rate.admit(_ACCOUNT, region, action)
    return refused
