"""What the table asks for: one target per instance type and Availability Zone."""

import re
from dataclasses import dataclass, field, replace
from typing import Annotated

from odcr.domain.wire import As, Event, moment
from odcr.domain.wording import quoted
from odcr.domain.zone import as_ec2_writes, reason_to_reject_zone, region_of

MAX_TARGET = 100_000
"""A target above this is taken for a slip of the finger: it would cost millions a day."""

_INSTANCE_TYPE = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TargetKey(Event):
    """The table's primary key, as the row has it."""

    instance_type: str
    availability_zone: str
    """A zone's name or id."""
    zone_name: str = field(default="", compare=False)
    """The zone's name in this account, where the row has its id and FindShortfalls has looked it up."""

    def __str__(self) -> str:
        return f"{self.instance_type} in {self.availability_zone}"

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
        return TargetKey(as_ec2_writes(self.instance_type), self.zone)

    def in_zone(self, name: str) -> "TargetKey":
        """The same key, with its zone's name."""
        return replace(self, zone_name=name)


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


USUAL_OPTIONS = ReservationOptions()
"""What a row without a row of its own in odcr_option gets."""


@dataclass(frozen=True, slots=True)
class OptionRow(Event):
    """A row of odcr_option that may be for a target, whose zone it spells in another way."""

    zone: Annotated[str, As("AvailabilityZone")]
    """As the row has it."""
    options: Annotated[ReservationOptions, As(flat=True)]
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Announcement(Event):
    """A release that a run has announced, and that the next one makes if nothing has changed."""

    reserved: int
    """Instances held."""
    target: Annotated[int, As("TargetCapacity")]
    """Instances wanted."""


@dataclass(frozen=True, slots=True)
class Target(Event):
    """One row of the table, found to make sense."""

    key: Annotated[TargetKey, As(flat=True)]
    capacity: Annotated[int, As("TargetCapacity")]
    """Instances wanted."""
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
    elsewhere: Annotated[tuple[OptionRow, ...], As("OptionsElsewhere")] = ()
    """Rows of odcr_option for its type that spell the zone the other way, by id or by name; one may be for its pool."""
    more_ids: Annotated[int, As(is_more=True)] = 0
    """Reservations that the last run recorded beside `last_ids`; while there are any, nothing is given back."""
    priority: int = 0
    """Of the targets that are short, the one with the lowest comes first."""
    dry_seconds: int | None = None
    """Seconds since its pool began to give nothing, though asked; None if it gave something when last asked."""


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
