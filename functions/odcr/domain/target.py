"""What is wanted and where: demands, their pools, and how they are to be met."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import Annotated

from odcr.domain.amounts import Amount, amount
from odcr.domain.event_codec import As, Event
from odcr.domain.use import NO_USE, Use
from odcr.domain.wire import moment
from odcr.domain.wording import quoted
from odcr.domain.zone import as_ec2_writes, reason_to_reject_zone, region_of

MAX_TARGET = 100_000
"""Instances. More is taken for a typo: it would cost millions a day."""

_INSTANCE_TYPE = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TargetKey(Event):
    """Which row, group or pool of a group something is about, spelled as in its table."""

    instance_type: str
    """Empty for a whole group."""
    availability_zone: str
    """A zone's name or id; empty for a whole group."""
    zone_name: str = field(default="", compare=False)
    """The zone's name in this account, once FindShortfalls has looked up the row's zone id."""
    group: Annotated[str, As("GroupName")] = ""
    """The name of the group; empty for a row of odcr_capacity."""

    def __str__(self) -> str:
        if self.is_group:
            return f"group {self.group}"
        return f"{self.instance_type} in {self.availability_zone}"

    @property
    def is_group(self) -> bool:
        """Whether this is a whole group."""
        return bool(self.group) and not self.instance_type

    @property
    def table(self) -> str:
        """The table to correct."""
        return "odcr_group" if self.group else "odcr_capacity"

    @property
    def option_table(self) -> str:
        """The table that holds its options."""
        return "odcr_group" if self.group else "odcr_option"

    @property
    def demand(self) -> "TargetKey":
        """The key of the whole demand: a pool's group, or the row itself."""
        return group_key(self.group) if self.group else self

    @property
    def zone(self) -> str:
        """The zone to send to EC2: its name, if known."""
        return self.zone_name or as_ec2_writes(self.availability_zone)

    @property
    def region(self) -> str:
        """The zone's Region.

        Raises:
            ValueError: if the text is not a zone, or an id of unknown form.
        """
        region = region_of(self.zone)
        if region is None:
            raise ValueError(f"{self.availability_zone!r} is not an Availability Zone")
        return region

    @property
    def pool(self) -> "TargetKey":
        """The key in EC2's spelling, to compare with reservations."""
        return TargetKey(as_ec2_writes(self.instance_type), self.zone, group=self.group)

    def in_zone(self, name: str) -> "TargetKey":
        """The same key with the zone's name filled in."""
        return replace(self, zone_name=name)


def group_key(name: str) -> TargetKey:
    """The key of a whole group."""
    return TargetKey("", "", group=name)


@dataclass(frozen=True, slots=True)
class ReservationOptions(Event):
    """What kind of reservation a target wants. The defaults are those of a row without options.

    See https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
    """

    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    match_criteria: str = "open"
    end_date: Annotated[str | None, As(check=moment)] = None
    """When the reservation ends, ISO 8601 in UTC; None: only when it is cancelled."""
    placement_group: str = ""
    """The name of its cluster placement group; empty: none."""
    resource_group: str = ""
    """The resource group that it joins; empty: none."""
    tags: str = ""
    """The row's tags as a JSON object (see tags.py); empty: none."""


USUAL_OPTIONS = ReservationOptions()
"""The options of a target that has no row in odcr_option."""


@dataclass(frozen=True, slots=True)
class Terms(Event):
    """When and how urgently to ask for a demand. The defaults are those of a row without options."""

    priority: int = 0
    """The short demand with the lowest number is asked for first."""
    start_at: Annotated[str | None, As(check=moment)] = None
    """When to start asking, ISO 8601 in UTC; None: at once."""
    deadline: Annotated[str | None, As(check=moment)] = None
    """When everything has to be held, ISO 8601 in UTC; None: no deadline."""
    stops_at_deadline: bool = False
    """Whether to stop asking after the deadline."""
    releases_if_missed: bool = False
    """Whether to give back what is held and unused if the deadline is missed."""
    max_hourly_cost: str | None = None
    """Highest hourly cost of the demand that a purchase may lead to, a decimal number; None: no cap."""


USUAL_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class OptionRow(Event):
    """A row of odcr_option that may belong to a target although it spells the zone differently."""

    zone: Annotated[str, As("AvailabilityZone")]
    """The zone as the row spells it."""
    options: Annotated[ReservationOptions, As(flat=True)]
    terms: Annotated[Terms, As(flat=True)] = USUAL_TERMS


class Verdict(StrEnum):
    """Whether everything wanted was held at the deadline."""

    MET = "MET"
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class Judgement(Event):
    """The verdict on one deadline, given by the first run that looks at the demand after it."""

    verdict: Verdict
    deadline: Annotated[str, As(check=moment)]
    """ISO 8601, in UTC."""
    gives_up: bool = False
    """Whether to give back what is held, as the row said at the time of the verdict."""


@dataclass(frozen=True, slots=True)
class Announcement(Event):
    """A release that one run announces and the next one makes, if nothing changes meanwhile."""

    reserved: Amount
    """Units held."""
    target: Annotated[Amount, As("TargetCapacity")]
    """Units wanted."""


@dataclass(frozen=True, slots=True)
class Member(Event):
    """One pool of a group: what its row says, and what the last run recorded."""

    key: Annotated[TargetKey, As(flat=True)]
    weight: Amount | None = None
    """Units per instance; None: the number of vCPUs of the type, which FindShortfalls looks up."""
    least: Annotated[int, As("MinInstances")] = 0
    most: Annotated[int | None, As("MaxInstances")] = None
    """Most instances to hold there; None: any number."""
    last_reserved: int = 0
    """Instances held, as recorded."""
    last_kept: Annotated[int, As(same_as="last_reserved")] = 0
    """Recorded instances without the surplus of two attempts side by side."""
    last_ids: Annotated[tuple[str, ...], As("LastReservationIds")] = ()
    more_ids: Annotated[int, As(is_more=True)] = 0
    last_status: str | None = None
    last_reason: str = ""
    last_use: Annotated[Use, As(flat=True)] = NO_USE
    is_resting: Annotated[bool, As("Resting")] = False
    """Whether to leave the pool alone in this run: EC2 has just said that it does not offer it."""
    is_removed: Annotated[bool, As("Removed")] = False
    """Whether its row is gone. What is held there still counts, and is given back first; nothing more is bought."""
    fault: str = ""
    """Why nothing is bought there, and what to do; empty if nothing is wrong."""
    last_weight: Amount | None = None
    """The recorded weight, while `weight` has to be looked up."""

    @property
    def recorded_weight(self) -> Amount | None:
        """Units per recorded instance; None if unknown."""
        return self.last_weight if self.weight is None else self.weight


class Strategy(StrEnum):
    """How a group's total is spread over its pools, by the name of `AllocationStrategy`."""

    prioritized = "prioritized"
    """In the order of their priority: the next pool when one is dry."""
    balanced = "balanced"
    """As evenly over the zones as the pools allow."""


class Unit(StrEnum):
    """What a group's total counts."""

    instances = "instances"
    vcpus = "vcpus"


@dataclass(frozen=True, slots=True)
class Target(Event):
    """One valid demand: a row of odcr_capacity, or a group."""

    key: Annotated[TargetKey, As(flat=True)]
    capacity: Annotated[Amount, As("TargetCapacity")]
    """Units wanted; instances for a row."""
    current: Annotated[int, As("CurrentCapacity")] = 0
    """Instances held, according to `Current_Capacity`: a report that people may overwrite."""
    last_status: str | None = None
    options: Annotated[ReservationOptions, As(flat=True)] = USUAL_OPTIONS
    last_reserved: Annotated[int, As(same_as="current")] = 0
    """Instances held, as recorded."""
    is_fresh: Annotated[bool, As("Fresh")] = False
    """Whether the record is so new that EC2's answers may lag behind it."""
    last_ids: Annotated[tuple[str, ...], As("LastReservationIds")] = ()
    """The recorded reservations, without duplicates."""
    withdrawn: bool = False
    """Whether its row was deleted while something is held for it. The capacity is then 0."""
    last_reason: str = ""
    last_announced: Announcement | None = None
    """The release that the last run announced."""
    is_resting: Annotated[bool, As("Resting")] = False
    """Whether to leave it alone in this run: EC2 has just said that it does not offer it."""
    was_just_tried: Annotated[bool, As("Tried")] = False
    """Whether EC2 was asked in the last minutes. What it may have refused to change is then left for a while."""
    elsewhere: Annotated[tuple[OptionRow, ...], As("OptionsElsewhere")] = ()
    """Rows of odcr_option for its type with a zone id where this row has a name, or the reverse; one may be its own."""
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Recorded reservations that `last_ids` does not name. While there are any, nothing is given back."""
    terms: Annotated[Terms, As(flat=True)] = USUAL_TERMS
    dry_seconds: int | None = None
    """Seconds since the pool ran dry; None if it gave something when last asked."""
    last_judgement: Judgement | None = None
    """The last recorded verdict, perhaps on an earlier deadline."""
    last_use: Annotated[Use, As(flat=True)] = NO_USE
    members: tuple[Member, ...] = ()
    """The pools of a group, in order of priority, removed ones last."""
    strategy: Strategy = Strategy.prioritized
    allows_overshoot: Annotated[bool, As("Overshoot")] = False
    """Whether to exceed the total by less than one instance where the weights do not add up to it."""
    unit: Unit = Unit.instances
    last_capacity: Annotated[Amount | None, As("LastTarget")] = None
    """Units of a group that were wanted when it was last recorded."""
    has_rivals: bool = False
    """Whether a run that recorded nothing may just have bought for this group too."""

    @property
    def pools(self) -> tuple[Member, ...]:
        """Where it may be met. A row has one pool."""
        if self.key.is_group:
            return self.members
        return (Member(self.key, 1, last_reserved=self.last_reserved, last_ids=self.last_ids, more_ids=self.more_ids),)

    @property
    def recorded(self) -> Amount:
        """Units held, as recorded."""
        return units((pool.last_reserved, pool.recorded_weight) for pool in self.pools)

    @property
    def recorded_ids(self) -> tuple[str, ...]:
        """The recorded reservations of all pools."""
        return tuple(chain.from_iterable(pool.last_ids for pool in self.pools))

    @property
    def unnamed_ids(self) -> int:
        """How many recorded reservations are not named."""
        return sum(pool.more_ids for pool in self.pools)


def units(counts: Iterable[tuple[int, Amount | None]]) -> Amount:
    """The sum of instances times weight. A weight of None counts as 1."""
    return amount(sum(count * (1 if weight is None else weight) for count, weight in counts))


def reason_to_reject(key: TargetKey, capacity: int | None) -> str | None:
    """Why a row is invalid, and what to do; None if it is valid.

    Args:
        key: the row's primary key, spelled as in the table.
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
