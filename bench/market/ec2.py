"""EC2 as one target's attempts see it: the product's `Ec2` port over pools of the market."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.market.holding import Holding
from bench.market.pool import Pool
from bench.market.timing import REQUEST_SECONDS, SimulatedClock
from odcr.domain.refusal import InsufficientInstanceCapacity
from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, TargetKey

DESCRIBE, CREATE, MODIFY = "DescribeCapacityReservations", "CreateCapacityReservation", "ModifyCapacityReservation"

Request = tuple[float, str, str]
"""When it was sent, in seconds after the start; to which Region; and its action."""


@dataclass
class MarketEc2:
    """Every request takes its time; one that asks for capacity is met whole or refused, as by the fake EC2.

    Args:
        pools: where the instances come from; a row has one.
        clock: the time of whoever asks.
        region: where the pools are; each Region has buckets of its own.
    """

    pools: Mapping[TargetKey, Pool]
    clock: SimulatedClock
    region: str
    holding: Holding = field(default_factory=Holding)
    requests: list[Request] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)

    def find(self, *keys: TargetKey) -> list[Reservation]:
        """The reservations so far; describe does not lag here."""
        self._request(DESCRIBE)
        return [one for one in self.reservations if one.key in keys]

    def find_all(self, key: TargetKey) -> list[Reservation]:
        """Nobody else has any, and nothing is ever lost."""
        return self.find(key)

    def of(self, key: TargetKey) -> list[Reservation]:
        """The reservations in a pool, for whoever need not ask."""
        return [one for one in self.reservations if one.key == key]

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        """Makes a reservation.

        Raises:
            InsufficientInstanceCapacity: if the pool has fewer.
        """
        del observed, occasion  # for the client token, which no request here needs: each is answered
        self._request(CREATE)
        self._take(key, count)
        made = Reservation(
            id=f"cr-{len(self.reservations):05}",
            key=key,
            count=count,
            state="active",
            platform=options.platform,
            tenancy=options.tenancy,
            created=f"{self.clock.now():012.3f}",
        )
        self.reservations.append(made)
        return made

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances it holds.

        Raises:
            InsufficientInstanceCapacity: if the pool has fewer than are to be added.
        """
        self._request(MODIFY)
        (place,) = [index for index, one in enumerate(self.reservations) if one.id == reservation.id]
        before = self.reservations[place]
        self._take(before.key, count - before.count)
        self.reservations[place] = replace(before, count=count)

    def cancel(self, reservation: Reservation) -> None:
        """Nobody gives anything back in this market.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(f"{reservation.id} is to be given back, of which nothing was bought twice")

    def adjust(self, reservation: Reservation, options: ReservationOptions) -> None:
        """No row of this market changes.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(f"{reservation.id} is to be {options}")

    def tag(self, reservation: Reservation, tags: Mapping[str, str], removed: Sequence[str]) -> None:
        """No row of this market has tags.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(f"{reservation.id} is to have {tags} and not {removed}")

    def join(self, reservation: Reservation, group: str) -> None:
        """No row of this market has a group.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(f"{reservation.id} is to join {group}")

    def _request(self, action: str) -> None:
        self.requests.append((self.clock.now(), self.region, action))
        self.clock.sleep(REQUEST_SECONDS)

    def _take(self, key: TargetKey, count: int) -> None:
        if count <= 0:
            raise AssertionError(f"{count} instances are to be added: in this market nothing is given back")
        pool = self.pools[key.pool]
        pool.advance(self.clock.now())
        if not pool.take(count):
            raise InsufficientInstanceCapacity("InsufficientInstanceCapacity", f"There are fewer than {count}.")
        self.holding.add(self.clock.now(), count)
