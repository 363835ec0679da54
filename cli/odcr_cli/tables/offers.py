"""The zones that EC2 has in the wanted Regions, and the types that they offer."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import get_close_matches

from odcr_cli.account import Account
from odcr_cli.regions import known_regions, region_of
from odcr_cli.trouble import Trouble, aws_errors_as_trouble

_AT_ONCE = 8
"""Regions asked at the same time."""


@dataclass(frozen=True)
class Zone:
    """A zone, as the account sees it."""

    name: str
    id: str
    is_enabled: bool = True
    group: str = ""
    """The zone group by which a Local or Wavelength Zone is enabled."""


@dataclass(frozen=True)
class Offer:
    """A Region's zones and what they offer."""

    zones: tuple[Zone, ...] = ()
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The offered types, by the zone's name."""

    def zone(self, text: str) -> Zone | None:
        """A zone by its name or its id."""
        return next((zone for zone in self.zones if text in (zone.name, zone.id)), None)


@dataclass(frozen=True)
class Offers:
    """The offers of several Regions."""

    by_region: Mapping[str, Offer]
    unreachable: Mapping[str, str] = field(default_factory=dict)
    """The Regions that did not answer, each with the reason."""

    def fault(self, instance_type: str, zone: str) -> str:
        """Why EC2 has no such pool, and what to do; empty if it has, or if that is unknown."""
        region = region_of(zone)
        if region is None:
            return _no_region(zone)
        if (offer := self.by_region.get(region)) is None:
            return ""
        match = offer.zone(zone)
        if match is None:
            # Suggest names for a name and ids for an id.
            is_name = zone.startswith(region)
            names = [other.name if is_name else other.id for other in offer.zones if other.is_enabled]
            return f"{region} has no zone {zone} for this account. It has {', '.join(sorted(names))}."
        if not match.is_enabled:
            return f"The zone {zone} is not enabled for this account. Enable its zone group {match.group} in EC2."
        return _not_offered(instance_type, match, offer)

    def zone_name(self, zone: str) -> str:
        """The name of a zone given by name or id; unchanged if unknown."""
        offer = self.by_region.get(region_of(zone) or "")
        match = offer.zone(zone) if offer else None
        return match.name if match else zone


def look_up(account: Account, zones: Iterable[str]) -> Offers:
    """The offers of the Regions of some zones, by two operations per Region.

    A Region that does not answer, or denies the caller, is in `unreachable`.
    """
    regions = sorted({region for zone in zones if (region := region_of(zone))})
    for region in regions:
        # Threads may share clients, but one thread must create them.
        account.client("ec2", region)

    def ask(region: str) -> Offer | str:
        try:
            return _look_up(account, region)
        except Trouble as trouble:
            return str(trouble)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(regions, pool.map(ask, regions), strict=True))
    return Offers(
        {region: answer for region, answer in answers.items() if isinstance(answer, Offer)},
        {region: answer for region, answer in answers.items() if isinstance(answer, str)},
    )


def _look_up(account: Account, region: str) -> Offer:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
    with aws_errors_as_trouble():
        described = account.client("ec2", region).describe_availability_zones(AllAvailabilityZones=True)
    zones = tuple(
        Zone(
            zone["ZoneName"],
            zone.get("ZoneId") or "",
            zone.get("OptInStatus") != "not-opted-in",
            zone.get("GroupName") or zone["ZoneName"],
        )
        for zone in described["AvailabilityZones"]
    )
    # Without a filter, to find the nearest names for a typo:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
    offerings = account.pages(
        "ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", region, LocationType="availability-zone"
    )
    types: dict[str, set[str]] = {}
    for offering in offerings:
        types.setdefault(offering["Location"], set()).add(offering["InstanceType"])
    return Offer(zones, {zone: frozenset(names) for zone, names in types.items()})


def _not_offered(instance_type: str, zone: Zone, offer: Offer) -> str:
    here = offer.types.get(zone.name)
    where = sorted(name for name, types in offer.types.items() if instance_type in types)
    if here is None or instance_type in here:
        # Nothing is known about a zone that is not in the list.
        return ""
    if where:
        return f"{zone.name} does not offer {instance_type}. It is offered in {', '.join(where)}."
    known = sorted({name for types in offer.types.values() for name in types})
    return f"EC2 has no type {instance_type} in {region_of(zone.name)}. {_meant(instance_type, known)}"


def _no_region(zone: str) -> str:
    letters = zone[-1:] if zone[-1:].isalpha() else ""
    near = get_close_matches(zone.removesuffix(letters), known_regions(), n=1, cutoff=0.8)
    if near == [zone.removesuffix(letters)] or zone in known_regions():
        return f"{zone} is a Region, not a zone. Write one of its zones, such as {zone}a."
    meant = f"Did you mean {near[0]}{letters}?" if near else "Write a zone such as ap-northeast-1c or apne1-az1."
    return f"There is no zone {zone}. {meant}"


def _meant(wrong: str, known: Iterable[str]) -> str:
    near = get_close_matches(wrong, sorted(known), n=2, cutoff=0.75)
    return f"Did you mean {' or '.join(near)}?" if near else "Correct it."
