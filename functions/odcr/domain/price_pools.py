"""Price pools: instances that all have the same price, and their names in AWS's price list."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from odcr.domain.event_codec import Event
from odcr.domain.reservation import Reservation
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey, reason_to_reject
from odcr.domain.zone import region_of

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
"""The price list's operation for each platform with its licences, by EC2's name of the platform.

From https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html. "Windows with SQL Server" names no
edition, so it has no operation.
"""

TENANCIES: Final = {"default": "Shared", "dedicated": "Dedicated"}
"""The price list's tenancies by EC2's."""

_LOCAL_NAME = re.compile(r"(?P<group>-[a-z]{3}-[0-9]+)[a-z]")
_LOCAL_ID = re.compile(r"[a-z]+[0-9]+-(?P<city>[a-z]{3})(?P<number>[0-9]+)-az[0-9]+")


@dataclass(frozen=True, slots=True)
class PricePool(Event):
    """The instances of one type in one Region, with one platform and tenancy, which all have the same price."""

    instance_type: str
    region: str
    """A Region, the group of a Local Zone, or a Wavelength Zone: see `price_region`."""
    platform: str = USUAL_OPTIONS.platform
    tenancy: str = USUAL_OPTIONS.tenancy

    def __str__(self) -> str:
        return f"{self.instance_type} in {self.region}, {self.platform}, {self.tenancy}"

    @property
    def folded(self) -> "PricePool":
        """The same pool however people write it: lower case, no blanks around."""
        return PricePool(*(folded(text) for text in (self.instance_type, self.region, self.platform, self.tenancy)))

    @property
    def product(self) -> Mapping[str, str] | None:
        """The attributes of its product in the price list; None if the list does not have its platform or tenancy.

        `capacitystatus` is Used, the product of a running instance. Unused reservations are another product at the same
        price; reservations in use are a third one, which costs nothing on top of the instances:
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
    """The price pool of a target's instances; None if its zone is invalid."""
    region = price_region(key.zone)
    return PricePool(key.pool.instance_type, region, options.platform, options.tenancy) if region else None


def pools_of(target: Target, options: ReservationOptions) -> list[PricePool]:
    """The price pools of a demand, without those of an invalid type or zone.

    Args:
        target: the demand. A group has all its members, including removed ones.
        options: its own, or those of a row of odcr_option in another spelling.
    """
    keys = [member.key for member in target.pools]
    pools = [price_pool(key, options) for key in keys if reason_to_reject(key.pool, 0) is None]
    return [pool for pool in pools if pool is not None]


def kind_of(reservations: Sequence[Reservation]) -> dict[str, Any]:
    """The `platform` and `tenancy` of reservations; "several", which has no price, where they differ."""
    if not reservations:
        return {}
    platforms, tenancies = (
        {reservation.platform for reservation in reservations},
        {reservation.tenancy for reservation in reservations},
    )
    return {"platform": _only(platforms), "tenancy": _only(tenancies)}


def price_region(zone: str) -> str | None:
    """The price list's name for where a zone is.

    All zones of a Region have the same prices. Local Zones have prices of their own, listed under their group, such as
    `us-west-2-lax-1`. The price list names Wavelength Zones differently from EC2, so people have to give their prices.

    Args:
        zone: a name or an id.

    Returns:
        A Region, a Local Zone's group, or the Wavelength Zone as written; None if it is not a zone.
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
    """A text in lower case and without blanks around it."""
    return text.strip().casefold()


def pools_under_caps(targets: Iterable[Target], *, has_cap: bool) -> list[PricePool]:
    """The pools whose prices caps need: all under the stack's cap, otherwise those of targets with a cap of their own.

    Args:
        targets: all targets.
        has_cap: whether the stack has a cap.
    """
    pools = []
    for target in targets:
        variants = [(target.options, target.terms), *((row.options, row.terms) for row in target.elsewhere)]
        pools += [
            pool
            for options, terms in variants
            if has_cap or terms.max_hourly_cost is not None
            for pool in pools_of(target, options)
        ]
    return pools
