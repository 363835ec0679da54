"""What has one price: a type in a Region, with a platform and a tenancy; and how the price list names it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, Target, TargetKey, reason_to_reject
from odcr.domain.wire import Event
from odcr.domain.zone import region_of

USUAL = ReservationOptions()

OPERATIONS: Final = {
    "Linux/UNIX": "RunInstances",
    "Red Hat Enterprise Linux": "RunInstances:0010",
    "RHEL with HA": "RunInstances:1010",
    "RHEL with HA and SQL Server Standard": "RunInstances:1014",
    "RHEL with HA and SQL Server Enterprise": "RunInstances:1110",
    "RHEL with SQL Server Standard": "RunInstances:0014",
    "RHEL with SQL Server Web": "RunInstances:0210",
    "RHEL with SQL Server Enterprise": "RunInstances:0110",
    "Linux with SQL Server Standard": "RunInstances:0004",
    "Linux with SQL Server Web": "RunInstances:0200",
    "Linux with SQL Server Enterprise": "RunInstances:0100",
    "SUSE Linux": "RunInstances:000g",
    "Ubuntu Pro": "RunInstances:0g00",
    "Windows": "RunInstances:0002",
    "Windows with SQL Server Standard": "RunInstances:0006",
    "Windows with SQL Server Web": "RunInstances:0202",
    "Windows with SQL Server Enterprise": "RunInstances:0102",
}
"""The operation by which the price list tells platforms apart, licences included, by EC2's name of the platform.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html has each operation. "Windows with SQL
Server" names no edition, so it has none.
"""

TENANCIES: Final = {"default": "Shared", "dedicated": "Dedicated"}
"""The price list's words, by EC2's."""

_LOCAL_NAME = re.compile(r"(?P<group>-[a-z]{3}-[0-9]+)[a-z]")
_LOCAL_ID = re.compile(r"[a-z]+[0-9]+-(?P<city>[a-z]{3})(?P<number>[0-9]+)-az[0-9]+")


@dataclass(frozen=True, slots=True)
class PricePool(Event):
    """What has one price: instances of a type in all zones of a Region, with one platform and tenancy."""

    instance_type: str
    region: str
    """The Region, the group of a Local Zone, or a Wavelength Zone: see `price_region`."""
    platform: str = USUAL.platform
    tenancy: str = USUAL.tenancy

    def __str__(self) -> str:
        return f"{self.instance_type} in {self.region}, {self.platform}, {self.tenancy}"

    @property
    def folded(self) -> "PricePool":
        """The same for all letter cases and blanks around, as people write."""
        return PricePool(*(folded(text) for text in (self.instance_type, self.region, self.platform, self.tenancy)))

    @property
    def product(self) -> Mapping[str, str] | None:
        """The attributes of its product in the price list; None if the list cannot tell it from others.

        `capacitystatus` is Used, for an instance that runs. An unused reservation has a product of its own that costs
        the same, and so has one whose instances run, which costs nothing beside them:
        https://docs.aws.amazon.com/cur/latest/userguide/monitor-ondemand-reservations.html
        """
        operation, tenancy = OPERATIONS.get(self.platform), TENANCIES.get(self.tenancy)
        if operation is None or tenancy is None:
            return None
        return {
            "instanceType": self.instance_type,
            "regionCode": self.region,
            "tenancy": tenancy,
            "operation": operation,
            "capacitystatus": "Used",
        }


def price_pool(key: TargetKey, options: ReservationOptions) -> PricePool | None:
    """What has the price of a target's instances; None if its zone makes no sense."""
    region = price_region(key.zone)
    return PricePool(key.pool.instance_type, region, options.platform, options.tenancy) if region else None


def pools_of(target: Target, options: ReservationOptions) -> list[PricePool]:
    """What has the prices of a demand's pools: those of a group are all its members, also what is only held still.

    Those whose type or zone makes no sense have none.

    Args:
        target: the demand.
        options: its own, or those of a row in another spelling.
    """
    keys = [member.key for member in target.pools]
    pools = [price_pool(key, options) for key in keys if reason_to_reject(key.pool, 0) is None]
    return [pool for pool in pools if pool is not None]


def kind_of(reservations: Sequence[Reservation]) -> dict[str, Any]:
    """The platform and tenancy of some reservations; "several", which has no price, if they differ in it."""
    if not reservations:
        return {}
    platforms, tenancies = (
        {reservation.platform for reservation in reservations},
        {reservation.tenancy for reservation in reservations},
    )
    return {"platform": _only(platforms), "tenancy": _only(tenancies)}


def price_region(zone: str) -> str | None:
    """What the price list calls the place of a zone, from its name or id.

    A Region has one price in all of its zones, and a Local Zone has prices of its own, listed under its group, such as
    `us-west-2-lax-1`. The price list's names of Wavelength Zones are not EC2's, so theirs have to be given.

    Returns:
        A Region, a Local Zone's group, a Wavelength Zone as it is written; None if it is no zone.
    """
    region = region_of(zone)
    if region is None:
        return None
    if "-wl" in zone:
        return zone
    if by_id := _LOCAL_ID.fullmatch(zone):
        return f"{region}-{by_id['city']}-{by_id['number']}"
    by_name = _LOCAL_NAME.fullmatch(zone.removeprefix(region))
    return f"{region}{by_name['group']}" if by_name else region


def _only(names: Collection[str]) -> str:
    (name,) = names if len(names) == 1 else ("several",)
    return name


def folded(text: str) -> str:
    """The same text for all letter cases, and without blanks around it."""
    return text.strip().casefold()


def pools_under_caps(targets: Iterable[Target], *, has_cap: bool) -> list[PricePool]:
    """The pools whose prices are needed: under a cap of the stack all targets', else those of targets with a cap.

    Args:
        targets: all.
        has_cap: whether the stack has a cap.
    """
    pools = []
    for target in targets:
        wishes = [(target.options, target.terms), *((row.options, row.terms) for row in target.elsewhere)]
        pools += [
            pool
            for options, terms in wishes
            if has_cap or terms.max_hourly_cost is not None
            for pool in pools_of(target, options)
        ]
    return pools
