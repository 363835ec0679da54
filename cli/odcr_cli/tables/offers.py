"""What EC2 has on offer where somebody wants something: zones, and the types in them."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import get_close_matches

from odcr_cli.account import Account
from odcr_cli.regions import known_regions, region_of
from odcr_cli.trouble import Trouble, aws_errors_as_trouble

_AT_ONCE = 8
"""Regions asked side by side."""


@dataclass(frozen=True)
class Zone:
    """A zone of an account."""

    name: str
    id: str
    is_enabled: bool = True
    group: str = ""
    """By which a Local or Wavelength Zone is enabled."""


@dataclass(frozen=True)
class Offer:
    """What a Region has."""

    zones: tuple[Zone, ...] = ()
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The types by the name of the zone that offers them."""

    def zone(self, text: str) -> Zone | None:
        """A zone by its name or its id."""
        return next((zone for zone in self.zones if text in (zone.name, zone.id)), None)


@dataclass(frozen=True)
class Offers:
    """What the Regions have that somebody wants something of."""

    by_region: Mapping[str, Offer]
    unreachable: Mapping[str, str] = field(default_factory=dict)
    """Why a Region does not say."""

    def fault(self, instance_type: str, zone: str) -> str:
        """Why there is no such pool, and what to do; empty if there is one, or nobody knows."""
        region = region_of(zone)
        if region is None:
            return _no_region(zone)
        if (offer := self.by_region.get(region)) is None:
            return ""
        found = offer.zone(zone)
        if found is None:
            # By a name if a name was written: the ids of a Region are alike.
            is_name = zone.startswith(region)
            names = [one.name if is_name else one.id for one in offer.zones if one.is_enabled]
            return f"{region} has no zone {zone} for this account. It has {', '.join(sorted(names))}."
        if not found.is_enabled:
            return f"The zone {zone} is not enabled for this account. Enable its zone group {found.group} in EC2."
        return _not_offered(instance_type, found, offer)

    def zone_name(self, zone: str) -> str:
        """The zone's name, also of one that is given by its id; as it is written if nobody knows."""
        offer = self.by_region.get(region_of(zone) or "")
        found = offer.zone(zone) if offer else None
        return found.name if found else zone


def look_up(account: Account, zones: Iterable[str]) -> Offers:
    """What the Regions of some zones have. Two operations for each Region, however many targets there are.

    A Region that does not answer, or whose answer the person has no right to, is silent.
    """
    regions = sorted({region for zone in zones if (region := region_of(zone))})
    for region in regions:
        # Clients are used by several threads, and made by one.
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
            one["ZoneName"],
            one.get("ZoneId") or "",
            one.get("OptInStatus") != "not-opted-in",
            one.get("GroupName") or one["ZoneName"],
        )
        for one in described["AvailabilityZones"]
    )
    # Without a filter, for the nearest names of a typo are among the others:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
    offerings = account.pages(
        "ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", region, LocationType="availability-zone"
    )
    types: dict[str, set[str]] = {}
    for one in offerings:
        types.setdefault(one["Location"], set()).add(one["InstanceType"])
    return Offer(zones, {zone: frozenset(names) for zone, names in types.items()})


def _not_offered(instance_type: str, zone: Zone, offer: Offer) -> str:
    here = offer.types.get(zone.name)
    where = sorted(name for name, types in offer.types.items() if instance_type in types)
    if here is None or instance_type in here:
        # Of a zone that the list does not have at all, nothing is known.
        return ""
    if where:
        return f"{zone.name} does not offer {instance_type}. It is offered in {', '.join(where)}."
    known = sorted({one for types in offer.types.values() for one in types})
    return f"EC2 has no type {instance_type} in {region_of(zone.name)}. {_meant(instance_type, known)}"


def _no_region(zone: str) -> str:
    letters = zone[-1:] if zone[-1:].isalpha() else ""
    near = get_close_matches(zone.removesuffix(letters), known_regions(), n=1, cutoff=0.8)
    if near == [zone.removesuffix(letters)] or zone in known_regions():
        return f"{zone} is a Region and no zone. Write a zone of it, such as {zone}a."
    meant = (
        f"Did you mean {near[0]}{letters}?" if near else "Write a zone as EC2 does, e.g. ap-northeast-1c or apne1-az1."
    )
    return f"There is no zone {zone}. {meant}"


def _meant(wrong: str, known: Iterable[str]) -> str:
    near = get_close_matches(wrong, sorted(known), n=2, cutoff=0.75)
    return f"Did you mean {' or '.join(near)}?" if near else "Correct it."
