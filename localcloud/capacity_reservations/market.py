"""What decides whether EC2 has the capacity that is asked for, and what time it is."""

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from threading import RLock
from typing import Any

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from localcloud.capacity_reservations.reservation import CapacityReservation


class NotInGroupError(Exception):
    """A reservation cannot be in a resource group. AWS documents no code for it; the default is ours."""

    def __init__(self, message: str, code: str = "INVALID_RESOURCE") -> None:
        super().__init__(message)
        self.code = code


class Market:
    """Grants whatever is asked for. Subclasses have less capacity, or decide later. A backend is moto's EC2Backend."""

    def __init__(self) -> None:
        self.lock = RLock()
        """Whoever reads or changes reservations holds it, and so do all callers of these methods."""

    def now(self) -> float:
        """A reading of the clock in seconds, by which reservations end."""
        return time.time()

    def date(self) -> datetime:
        """The date that new reservations get."""
        return datetime.now(UTC)

    def reading_at(self, date: datetime | None) -> float:
        """The clock's reading at a date; infinite if there is none."""
        return math.inf if date is None else date.timestamp()

    def zones(self, region: str) -> dict[str, str]:
        """The ids of the zones in which reservations can be made, by their names."""
        return {str(zone.name): str(zone.zone_id) for zone in RegionsAndZonesBackend.zones.get(region, [])}

    def is_offered(self, instance_type: str, zone: str, region: str) -> bool:
        """Whether the zone has the type at all; True where moto has no data on the zone."""
        types = _types_of(zone, region)
        return not types or instance_type in types

    def admit(
        self, backend: Any, instance_type: str, count: int, reservation: CapacityReservation | None = None
    ) -> None:
        """Refuses so many more instances to the account, however many are free.

        The reservation is the one that is to be made or to grow, as it is to be; None for a launch. It grows by more if
        it absorbs instances.

        Raises:
            EC2ClientError: e.g. VcpuLimitExceeded.
        """

    def take(self, instance_type: str, zone: str, count: int) -> bool:
        """Takes free instances, all or none; whether there were enough."""
        del instance_type, zone, count
        return True

    def give_back(self, instance_type: str, zone: str, count: int) -> None:
        """Makes instances free."""

    def created(self, backend: Any, reservation: CapacityReservation) -> CapacityReservation:
        """The new reservation as it is to begin: a market may make it pending."""
        del backend
        return reservation

    def postponed(
        self, backend: Any, before: CapacityReservation, after: CapacityReservation
    ) -> CapacityReservation | None:
        """The reservation while its modification waits; None to apply it at once."""
        del backend, before, after
        return None

    def noted(self, backend: Any, reservation: CapacityReservation) -> None:
        """Called with each new version of a reservation."""

    def seen(self, backend: Any) -> Sequence[CapacityReservation]:
        """What describe shows, in order of creation. It may be out of date."""
        return list(backend.capacity_reservations.values())

    def grouping(self, region: str, reservation_id: str) -> None:
        """Called before Resource Groups adds a reservation.

        Raises:
            NotInGroupError: it is not to be added.
        """


@cache
def _types_of(zone: str, region: str) -> frozenset[str]:
    offerings = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return frozenset(one["InstanceType"] for one in offerings if one["Location"] == zone)


_current = Market()


def current() -> Market:
    """The market in use."""
    return _current


def use(market: Market) -> None:
    """Replaces the market for all accounts and Regions."""
    global _current
    _current = market
