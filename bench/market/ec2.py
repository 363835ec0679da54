"""EC2 in the simulated market: its pools, what one target holds of them, and the requests that were sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from bench.market.clock import REQUEST_SECONDS, SimulatedClock
from bench.market.scenario import END_SECONDS, Burst
from localcloud.ec2.pools import CapacityPools
from localcloud.ec2.request_rate import RequestRate
from odcr.domain.refusal import InsufficientInstanceCapacity
from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, TargetKey

DESCRIBE, CREATE, MODIFY = "DescribeCapacityReservations", "CreateCapacityReservation", "ModifyCapacityReservation"

Request = tuple[float, str]
"""When it was sent, in seconds after the start; its action."""

Grants = list[tuple[float, int]]
"""When instances were acquired, in seconds after the start, and how many. Nothing is given back."""

REGION = "ap-northeast-1"
TYPE, ZONE = "r5b.2xlarge", f"{REGION}c"
"""What each pool is called in its own fake EC2."""


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
        """Free instances at the moment of the last `advance`."""
        return self._pools.free(TYPE, ZONE)

    def advance(self, now: float) -> None:
        """Goes to a moment, in seconds after the start; never back."""
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

        It does not matter which of the free ones: how long one stays does not depend on how long it has stayed.
        """
        taken = self._pools.take(TYPE, ZONE, count)
        if taken:
            del self._leaving[:count]
        return taken


@dataclass
class MarketEc2:
    """The product's `Ec2` port for one target. Each request takes its time, and is granted whole or refused.

    Args:
        pools: where the instances come from; a row has one.
        clock: the time of whoever asks.
    """

    pools: Mapping[TargetKey, Pool]
    clock: SimulatedClock
    grants: Grants = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)

    @property
    def held(self) -> int:
        """Instances in all reservations."""
        return sum(count for _, count in self.grants)

    def find(self, *keys: TargetKey) -> list[Reservation]:
        """The reservations so far; describe does not lag here."""
        self._request(DESCRIBE)
        return [one for one in self.reservations if one.key in keys]

    def find_all(self, key: TargetKey) -> list[Reservation]:
        """The same: nobody else has any, and nothing is ever lost."""
        return self.find(key)

    def of(self, key: TargetKey) -> list[Reservation]:
        """The reservations in a pool, without a request."""
        return [one for one in self.reservations if one.key == key]

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        """Makes a reservation.

        Raises:
            InsufficientInstanceCapacity: the pool has fewer.
        """
        del observed, occasion  # for the client token, which is not needed here: every request is answered
        self._request(CREATE)
        self._take(key, count)
        reservation = Reservation(
            id=f"cr-{len(self.reservations):05}",
            key=key,
            count=count,
            state="active",
            platform=options.platform,
            tenancy=options.tenancy,
            created=f"{self.clock.now():012.3f}",
        )
        self.reservations.append(reservation)
        return reservation

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds.

        Raises:
            InsufficientInstanceCapacity: the pool has fewer than are to be added.
        """
        self._request(MODIFY)
        (index,) = [index for index, one in enumerate(self.reservations) if one.id == reservation.id]
        before = self.reservations[index]
        self._take(before.key, count - before.count)
        self.reservations[index] = replace(before, count=count)

    def cancel(self, *arguments: object) -> NoReturn:
        """Never called: in this market nothing is given back, and no row has options that change.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(f"This market knows only asking for more, not {arguments}")

    adjust = tag = join = cancel

    def _request(self, action: str) -> None:
        self.requests.append((self.clock.now(), action))
        self.clock.sleep(REQUEST_SECONDS)

    def _take(self, key: TargetKey, count: int) -> None:
        if count <= 0:
            raise AssertionError(f"{count} instances are to be added: in this market nothing is given back")
        pool = self.pools[key.pool]
        pool.advance(self.clock.now())
        if not pool.take(count):
            raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", f"There are fewer than {count}.")
        self.grants.append((self.clock.now(), count))


def instance_hours(grants: Grants) -> float:
    """How long each instance is held until the end, summed; one granted later counts for nothing."""
    return sum(max(0.0, END_SECONDS - at) * count for at, count in grants) / 3600


def oracle(bursts: Iterable[Burst], gap: int) -> Grants:
    """What is held by whoever takes every instance the moment it is free, until the gap is closed: the most there is.

    Args:
        bursts: in order.
        gap: instances wanted.
    """
    grants, missing = [], gap
    for burst in bursts:
        taken = min(missing, len(burst.taken_at))
        if taken:
            grants.append((burst.at, taken))
            missing -= taken
    return grants


def overdrawn(requests: Iterable[Request]) -> int:
    """How many requests of one account and Region the fake EC2's token buckets would refuse."""
    clock = SimulatedClock()
    rate = RequestRate(clock)
    refused = 0
    for at, action in sorted(requests):
        clock.set(at)
        refused += not rate.admit("123456789012", REGION, action)
    return refused
