"""A pool of capacity into which instances come, and from which others take them."""

from collections.abc import Sequence

from bench.market.supply import Burst
from localcloud.ec2.pools import CapacityPools

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"
"""Of every pool of the market, which are as many markets."""


class Pool:
    """The fake EC2's pool, filled by a supply and emptied by others as time passes."""

    def __init__(self, bursts: Sequence[Burst]) -> None:
        self._pools = CapacityPools()
        self._bursts = iter(bursts)
        self._next = next(self._bursts, None)
        self._leaving: list[float] = []
        """When others take each free instance; the one that became free first comes first."""
        self.freed = 0
        self.taken_by_others = 0

    @property
    def free(self) -> int:
        """Instances that are free at the moment to which the pool was brought last."""
        return self._pools.free(TYPE, ZONE)

    def advance(self, now: float) -> None:
        """Brings it to a moment, in seconds after the start; never back."""
        while self._next is not None and self._next.at <= now:
            self._leaving += self._next.taken_at
            self.freed += len(self._next.taken_at)
            self._pools.add_free(TYPE, ZONE, len(self._next.taken_at))
            self._next = next(self._bursts, None)
        staying = [leaves for leaves in self._leaving if leaves > now]
        gone = len(self._leaving) - len(staying)
        if gone:
            self.taken_by_others += gone
            self._pools.add_free(TYPE, ZONE, -gone)
            self._leaving = staying

    def take(self, count: int) -> bool:
        """Takes all of `count`, or nothing and returns False.

        Which of the free ones makes no difference: how long one stays does not depend on how long it has stayed.
        """
        taken = self._pools.take(TYPE, ZONE, count)
        if taken:
            del self._leaving[:count]
        return taken
