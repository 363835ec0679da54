"""What is wanted, and where; which Region a zone belongs to, and what to write where a zone makes no sense.

Names and ids: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html,
https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html and
https://docs.aws.amazon.com/wavelength/latest/developerguide/available-wavelength-zones.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from itertools import chain
from typing import Annotated

from odcr.domain.amounts import Amount, amount
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import As, Event, moment
from odcr.domain.wording import listed, quoted

# us-east-1a, us-gov-west-1b, eusc-de-east-1a, and local or wavelength zones such as us-west-2-lax-1a,
# us-east-1-wl1-bos-wlz-1 and eu-west-3-cmn-wlz-1a.
_REGION = r"[a-z]{2,8}(?:-[a-z]+)+-[0-9]{1,2}"
_NAME = re.compile(rf"(?P<region>{_REGION})(?:[a-z]|-[a-z0-9-]*[a-z0-9])")

# apne1-az1, usgw1-az1, usw2-lax1-az1, use1-wl1-bos-wlz1, euw3-cmn1-wlz1.
_ID = re.compile(r"(?P<region>[a-z]+[0-9]{1,2})(?:-[a-z0-9]+)*-(?:az|wlz)[0-9]+")

# ap|ne|1, us|g|w|1 for us-gov-west-1, us|ib|e|1 for us-isob-east-1.
_SHORT_REGION = re.compile(r"(?P<area>[a-z]{2})(?P<part>g|i[bef]?)?(?P<where>[ns][ew]?|[ewc])(?P<number>[0-9]+)")
_PARTS = {"g": "gov", "i": "iso", "ib": "isob", "ie": "isoe", "if": "isof"}
_WHERE = {"n": "north", "s": "south", "e": "east", "w": "west", "c": "central"}

_BLANKS = " \t\r\n\v\f\0\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"


def region_of(zone: str) -> str | None:
    """The Region of a zone, from its name or id alone.

    Args:
        zone: a name such as `ap-northeast-1c`, or an id such as `apne1-az1`, of an Availability Zone, a Local Zone or a
            Wavelength Zone.

    Returns:
        The Region, e.g. `ap-northeast-1`; None if it is no zone, or an id that does not tell its Region. Whether the
        Region and the zone exist, only EC2 knows.
    """
    if match := _NAME.fullmatch(zone):
        return match["region"]
    if match := _ID.fullmatch(zone):
        return _full_region(match["region"])
    return None


def is_ordinary_zone(zone: str) -> bool:
    """Whether it is an Availability Zone, and no Local or Wavelength Zone, by its name; an id tells nothing."""
    return re.fullmatch(rf"{_REGION}[a-z]", zone) is not None


def is_zone_id(zone: str) -> bool:
    """Whether it has the form of a zone's id."""
    return _ID.fullmatch(zone) is not None


def as_ec2_writes(text: str) -> str:
    """A name without blanks around it and in lower case, as all names of zones and instance types are."""
    return text.strip(_BLANKS).lower()


def reason_to_reject_zone(zone: str) -> str | None:
    """Why a text is no zone, in words that say what to do; None if it may be one."""
    if _NAME.fullmatch(zone) or _ID.fullmatch(zone):
        return None
    meant = as_ec2_writes(zone)
    if meant != zone and (_NAME.fullmatch(meant) or _ID.fullmatch(meant)):
        return f"Write it as EC2 does, {quoted(meant)}: {quoted(zone)} is not an Availability Zone."
    if re.fullmatch(_REGION, meant):
        return (
            f"Write a zone of the Region, e.g. {quoted(meant + 'a')}: {quoted(zone)} is a Region, "
            "not an Availability Zone."
        )
    if meant.startswith("op-") or ":outposts:" in meant:
        return (
            "Write a zone as EC2 does, e.g. 'ap-northeast-1c', or delete the row: nothing is reserved on an Outpost, "
            f"such as {quoted(zone)}."
        )
    return f"Write it as EC2 does, e.g. 'ap-northeast-1c' or 'apne1-az1': {quoted(zone)} is not an Availability Zone."


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names that a wrong one may have been meant for: `such as a, b`, or nothing."""
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.7)
    return f" Did you mean {listed(near, 60, last='or')}?" if near else ""


def _full_region(short: str) -> str | None:
    """`ap-northeast-1` for `apne1`; None for a form that no Region has had yet."""
    if re.fullmatch(r"eusc[a-z]*[0-9]+", short):
        # The partition has one country so far, by its pattern in botocore's partitions.json.
        return f"eusc-de-east-{short.lstrip('abcdefghijklmnopqrstuvwxyz')}"
    match = _SHORT_REGION.fullmatch(short)
    if not match:
        return None
    where = "".join(_WHERE[letter] for letter in match["where"])
    return "-".join(filter(None, (match["area"], _PARTS.get(match["part"] or ""), where, match["number"])))


MAX_TARGET = 100_000
"""A target above this is taken for a slip of the finger: it would cost millions a day."""

_INSTANCE_TYPE = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TargetKey(Event):
    """The table's primary key, as the row has it; or a group, or a pool of one."""

    instance_type: str
    """Empty: a group as a whole."""
    availability_zone: str
    """A zone's name or id; empty: a group as a whole."""
    zone_name: str = field(default="", compare=False)
    """The zone's name in this account, where the row has its id and FindShortfalls has looked it up."""
    group: Annotated[str, As("GroupName")] = ""
    """The group that it is, or is of; empty: a row of odcr_capacity."""

    def __str__(self) -> str:
        if self.is_group:
            return f"group {self.group}"
        return f"{self.instance_type} in {self.availability_zone}"

    @property
    def is_group(self) -> bool:
        """Whether it is a group as a whole."""
        return bool(self.group) and not self.instance_type

    @property
    def table(self) -> str:
        """The table that has its row, for reasons that say what to correct."""
        return "odcr_group" if self.group else "odcr_capacity"

    @property
    def option_table(self) -> str:
        """The table that has its options."""
        return "odcr_group" if self.group else "odcr_option"

    @property
    def demand(self) -> "TargetKey":
        """The key of the demand that it is, or is a pool of."""
        return group_key(self.group) if self.group else self

    @property
    def zone(self) -> str:
        """The zone as EC2 is asked for it: its name, if that is known."""
        return self.zone_name or as_ec2_writes(self.availability_zone)

    @property
    def region(self) -> str:
        """The zone's Region.

        Raises:
            ValueError: if the zone's name is not one of a zone, or its id does not tell.
        """
        region = region_of(self.zone)
        if region is None:
            raise ValueError(f"{self.availability_zone!r} is not an Availability Zone")
        return region

    @property
    def pool(self) -> "TargetKey":
        """The key as EC2's reservations have it, whatever the row's spelling; what the row probably meant."""
        return TargetKey(as_ec2_writes(self.instance_type), self.zone, group=self.group)

    def in_zone(self, name: str) -> "TargetKey":
        """The same key, with its zone's name."""
        return replace(self, zone_name=name)


def group_key(name: str) -> TargetKey:
    """The key of a group as a whole."""
    return TargetKey("", "", group=name)


@dataclass(frozen=True, slots=True)
class ReservationOptions(Event):
    """What kind of reservation a target wants; the defaults are those of the table's plain rows.

    See https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
    """

    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    match_criteria: str = "open"
    end_date: Annotated[str | None, As(check=moment)] = None
    """When the reservation ends, ISO 8601 in UTC; None: when it is cancelled."""
    placement_group: str = ""
    """The name of the cluster placement group that it is for; empty: none."""
    resource_group: str = ""
    """The resource group that it joins; empty: none."""
    tags: str = ""
    """The row's tags, as a JSON object; empty: none. See tags.py."""


USUAL_OPTIONS = ReservationOptions()
"""What a row without a row of its own in odcr_option gets."""


@dataclass(frozen=True, slots=True)
class Terms(Event):
    """When and how urgently a demand is asked for; the defaults are those of the table's plain rows. Times are UTC."""

    priority: int = 0
    """Of the demands that are short, the one with the lowest comes first."""
    start_at: Annotated[str | None, As(check=moment)] = None
    """Before this, ISO 8601, nothing is asked for."""
    deadline: Annotated[str | None, As(check=moment)] = None
    """When all that is wanted has to be held, ISO 8601."""
    stops_at_deadline: bool = False
    """Whether nothing is asked for after the deadline."""
    releases_if_missed: bool = False
    """Whether what is held and unused is given back if the deadline is missed."""
    max_hourly_cost: str | None = None
    """What the system's purchases may bring the hourly cost of the demand to, a decimal number; None: no cap."""


USUAL_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class OptionRow(Event):
    """A row of odcr_option that may be for a target, whose zone it spells in another way."""

    zone: Annotated[str, As("AvailabilityZone")]
    """As the row has it."""
    options: Annotated[ReservationOptions, As(flat=True)]
    terms: Annotated[Terms, As(flat=True)] = USUAL_TERMS


class Verdict(StrEnum):
    """Whether all that was wanted was held at the deadline."""

    MET = "MET"
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class Judgement(Event):
    """The verdict on one deadline: the first run that looks at the demand after it decides."""

    verdict: Verdict
    deadline: Annotated[str, As(check=moment)]
    """ISO 8601, in UTC."""
    gives_up: bool = False
    """Whether what is held for the demand is to be given back, as its row said when the verdict was given."""


@dataclass(frozen=True, slots=True)
class Announcement(Event):
    """A release that a run has announced, and that the next one makes if nothing has changed."""

    reserved: Amount
    """Units held."""
    target: Annotated[Amount, As("TargetCapacity")]
    """Units wanted."""


@dataclass(frozen=True, slots=True)
class Member(Event):
    """One pool of a group, as its row says, and as the last run recorded it."""

    key: Annotated[TargetKey, As(flat=True)]
    weight: Amount | None = None
    """Units that an instance counts for; None: as many as the type has vCPUs, which FindShortfalls looks up."""
    least: Annotated[int, As("MinInstances")] = 0
    most: Annotated[int | None, As("MaxInstances")] = None
    """Instances to be held there at most; None: any number."""
    last_reserved: int = 0
    """Instances held as the last run recorded them."""
    last_kept: Annotated[int, As(same_as="last_reserved")] = 0
    """Those among them that two attempts side by side had not bought too much."""
    last_ids: Annotated[tuple[str, ...], As("LastReservationIds")] = ()
    more_ids: Annotated[int, As(is_more=True)] = 0
    last_status: str | None = None
    last_reason: str = ""
    last_use: Annotated[Use, As(flat=True)] = NO_USE
    is_resting: Annotated[bool, As("Resting")] = False
    """EC2 said a moment ago that there is no such pool, so it is not asked in this run."""
    is_removed: Annotated[bool, As("Removed")] = False
    """It has no row any more. What is held there counts, and is given back first; nothing more is bought."""
    fault: str = ""
    """Why nothing is bought there, in words that say what to do; empty if it may be."""
    last_weight: Amount | None = None
    """Where the weight is still to be looked up, the one that the last run recorded."""

    @property
    def recorded_weight(self) -> Amount | None:
        """Units that an instance of what was recorded counts for, as far as they are known."""
        return self.last_weight if self.weight is None else self.weight


class Strategy(StrEnum):
    """How a group's total is spread over its pools, by the name of `AllocationStrategy`."""

    prioritized = "prioritized"
    """In their order, the next one when one is dry."""
    balanced = "balanced"
    """As even over the zones as the pools allow."""


class Unit(StrEnum):
    """What a group's total counts."""

    instances = "instances"
    vcpus = "vcpus"


@dataclass(frozen=True, slots=True)
class Target(Event):
    """One demand, found to make sense: a row of odcr_capacity, or a group."""

    key: Annotated[TargetKey, As(flat=True)]
    capacity: Annotated[Amount, As("TargetCapacity")]
    """Units wanted; of a row these are instances."""
    current: Annotated[int, As("CurrentCapacity")] = 0
    """Instances held as the table last recorded it: a report, not the truth."""
    last_status: str | None = None
    options: Annotated[ReservationOptions, As(flat=True)] = USUAL_OPTIONS
    last_reserved: Annotated[int, As(same_as="current")] = 0
    """Instances held as the last run recorded them, which people do not write."""
    is_fresh: Annotated[bool, As("Fresh")] = False
    """That was a moment ago, and EC2's answers may lag behind."""
    last_ids: Annotated[tuple[str, ...], As("LastReservationIds")] = ()
    """The reservations that the last run recorded, without those that it took for bought twice."""
    withdrawn: bool = False
    """Its row was deleted while something is held for it; the capacity is then 0."""
    last_reason: str = ""
    """What the last run said of it."""
    last_announced: Announcement | None = None
    """The release that the last run announced."""
    is_resting: Annotated[bool, As("Resting")] = False
    """EC2 said a moment ago that it does not support this, so it is not asked in this run."""
    was_just_tried: Annotated[bool, As("Tried")] = False
    """EC2 was asked a moment ago, so what it may have refused to change about a reservation is left for a while."""
    elsewhere: Annotated[tuple[OptionRow, ...], As("OptionsElsewhere")] = ()
    """Rows of odcr_option for its type that spell the zone the other way, by id or by name; one may be for its pool."""
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Reservations that the last run recorded beside `last_ids`; while there are any, nothing is given back."""
    terms: Annotated[Terms, As(flat=True)] = USUAL_TERMS
    dry_seconds: int | None = None
    """Seconds since its pool began to give nothing, though asked; None if it gave something when last asked."""
    last_judgement: Judgement | None = None
    """The verdict that was recorded last, perhaps on an earlier deadline."""
    last_use: Annotated[Use, As(flat=True)] = NO_USE
    """What was in use and unused of what the last run recorded."""
    members: tuple[Member, ...] = ()
    """The pools of a group, the most wanted first, those that were removed last."""
    strategy: Strategy = Strategy.prioritized
    allows_overshoot: Annotated[bool, As("Overshoot")] = False
    """Whether a rest that no weight fits is covered by the smallest that covers it."""
    unit: Unit = Unit.instances
    last_capacity: Annotated[Amount | None, As("LastTarget")] = None
    """Of a group: units that were wanted when the last run recorded it."""
    has_rivals: bool = False
    """Of a group: a run that recorded nothing may have bought a moment ago, beside those that did."""

    @property
    def pools(self) -> tuple[Member, ...]:
        """Where it may be met: a row has one pool."""
        if self.key.is_group:
            return self.members
        return (Member(self.key, 1, last_reserved=self.last_reserved, last_ids=self.last_ids, more_ids=self.more_ids),)

    @property
    def recorded(self) -> Amount:
        """Units held as the last run recorded them."""
        return units((one.last_reserved, one.recorded_weight) for one in self.pools)

    @property
    def recorded_ids(self) -> tuple[str, ...]:
        """The reservations that the last run recorded, in all pools."""
        return tuple(chain.from_iterable(one.last_ids for one in self.pools))

    @property
    def unnamed_ids(self) -> int:
        """Reservations that it recorded and does not name."""
        return sum(one.more_ids for one in self.pools)


def units(counts: Iterable[tuple[int, Amount | None]]) -> Amount:
    """What instances count for together, each with its weight; without one it counts as one."""
    return amount(sum(count * (1 if weight is None else weight) for count, weight in counts))


def reason_to_reject(key: TargetKey, capacity: int | None) -> str | None:
    """Why a row makes no sense, in words that say what to do; None if it does.

    Args:
        key: the row's primary key, as it is written in the table.
        capacity: `Target_Capacity`.
    """
    if reason := _reason_to_reject_type(key.instance_type) or reason_to_reject_zone(key.availability_zone):
        return reason
    if capacity is None:
        return "Target_Capacity is NULL; set it to the number of instances wanted."
    if capacity < 0:
        return f"Target_Capacity is {capacity}; it must be 0 or more. Set it to the number of instances wanted."
    if capacity > MAX_TARGET:
        return f"Target_Capacity is {capacity}, above {MAX_TARGET}, which is taken for a mistake. Correct the row."
    return None


def _reason_to_reject_type(instance_type: str) -> str | None:
    if _INSTANCE_TYPE.fullmatch(instance_type):
        return None
    meant = as_ec2_writes(instance_type)
    example = quoted(meant) if _INSTANCE_TYPE.fullmatch(meant) else "e.g. 'r5b.2xlarge'"
    return f"Write it as EC2 does, {example}: {quoted(instance_type)} is not an instance type."
