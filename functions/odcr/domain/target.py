"""What the table asks for: one target per instance type and Availability Zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from odcr.domain.wire import cut_ids, moment, optional, parsed_ids, required, texts
from odcr.domain.wording import quoted
from odcr.domain.zone import as_ec2_writes, reason_to_reject_zone, region_of

MAX_TARGET = 100_000
"""A target above this is taken for a slip of the finger: it would cost millions a day."""

_INSTANCE_TYPE = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TargetKey:
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

    def to_event(self) -> dict[str, Any]:
        """The key's fields in an event."""
        zone = {"ZoneName": self.zone_name} if self.zone_name else {}
        return {"InstanceType": self.instance_type, "AvailabilityZone": self.availability_zone, **zone}

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "TargetKey":
        """Reads the key's fields.

        Raises:
            InvalidEvent: if one is missing or no text.
        """
        return cls(
            required(event, "InstanceType", str),
            required(event, "AvailabilityZone", str),
            optional(event, "ZoneName", str, ""),
        )


@dataclass(frozen=True, slots=True)
class ReservationOptions:
    """What kind of reservation a target wants; the defaults are those of the table's plain rows.

    See https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
    """

    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    match_criteria: str = "open"
    end_date: str | None = None
    """When the reservation ends, ISO 8601 in UTC; None: when it is cancelled."""

    def to_event(self) -> dict[str, Any]:
        """The options that differ from the defaults, so that the usual event stays small."""
        fields = {
            "Platform": (self.platform, "Linux/UNIX"),
            "Tenancy": (self.tenancy, "default"),
            "MatchCriteria": (self.match_criteria, "open"),
            "EndDate": (self.end_date, None),
        }
        return {name: value for name, (value, default) in fields.items() if value != default}

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "ReservationOptions":
        """Reads the options, each with its default.

        Raises:
            InvalidEvent: if one is no text, or the end no time.
        """
        end_date = optional(event, "EndDate", str, None)
        return cls(
            platform=optional(event, "Platform", str, "Linux/UNIX"),
            tenancy=optional(event, "Tenancy", str, "default"),
            match_criteria=optional(event, "MatchCriteria", str, "open"),
            end_date=end_date and moment(end_date, "EndDate").isoformat(),
        )


USUAL_OPTIONS = ReservationOptions()
"""What a row without a row of its own in odcr_option gets."""


class OptionRow(NamedTuple):
    """A row of odcr_option that may be for a target, whose zone it spells in another way."""

    zone: str
    """As the row has it."""
    options: ReservationOptions
    priority: int = 0

    def to_event(self) -> dict[str, Any]:
        """The row in its target's event."""
        priority = {"Priority": self.priority} if self.priority else {}
        return {"AvailabilityZone": self.zone, **self.options.to_event(), **priority}

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "OptionRow":
        """Reads the row.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        return cls(
            required(event, "AvailabilityZone", str),
            ReservationOptions.from_event(event),
            optional(event, "Priority", int, 0),
        )


@dataclass(frozen=True, slots=True)
class Announcement:
    """A release that a run has announced, and that the next one makes if nothing has changed."""

    reserved: int
    """Instances held."""
    target: int
    """Instances wanted."""

    def to_event(self) -> dict[str, Any]:
        """The announcement in an event."""
        return {"Reserved": self.reserved, "TargetCapacity": self.target}

    @classmethod
    def from_event(cls, event: Mapping[str, Any] | None) -> "Announcement | None":
        """Reads the announcement; None if there is none.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        if event is None:
            return None
        return cls(required(event, "Reserved", int), required(event, "TargetCapacity", int))


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the table, found to make sense."""

    key: TargetKey
    capacity: int
    """Instances wanted."""
    current: int = 0
    """Instances held as the table last recorded it: a report, not the truth."""
    last_status: str | None = None
    options: ReservationOptions = USUAL_OPTIONS
    last_reserved: int = 0
    """Instances held as the last run recorded them, which people do not write."""
    is_fresh: bool = False
    """That was a moment ago, and EC2's answers may lag behind."""
    last_ids: tuple[str, ...] = ()
    """The reservations that the last run recorded, without those that it took for bought twice."""
    withdrawn: bool = False
    """Its row was deleted while something is held for it; the capacity is then 0."""
    last_reason: str = ""
    """What the last run said of it."""
    last_announced: Announcement | None = None
    """The release that the last run announced."""
    is_resting: bool = False
    """EC2 said a moment ago that it does not support this, so it is not asked in this run."""
    elsewhere: tuple[OptionRow, ...] = ()
    """Rows of odcr_option for its type that spell the zone the other way, by id or by name; one may be for its pool."""
    more_ids: int = 0
    """Reservations that the last run recorded beside `last_ids`; while there are any, nothing is given back."""
    priority: int = 0
    """Of the targets that are short, the one with the lowest comes first."""
    dry_seconds: int | None = None
    """Seconds since its pool began to give nothing, though asked; None if it gave something when last asked."""

    def to_event(self) -> dict[str, Any]:
        """The target as LoadTargets passes it on."""
        return {
            **self.key.to_event(),
            "TargetCapacity": self.capacity,
            "CurrentCapacity": self.current,
            "LastStatus": self.last_status,
            **self.options.to_event(),
            **({"LastReserved": self.last_reserved} if self.last_reserved != self.current else {}),
            **({"Fresh": True} if self.is_fresh else {}),
            **({"LastReservationIds": cut_ids(self.last_ids, self.more_ids)} if self.last_ids or self.more_ids else {}),
            **({"Withdrawn": True} if self.withdrawn else {}),
            **({"LastReason": self.last_reason} if self.last_reason else {}),
            **({"LastAnnounced": self.last_announced.to_event()} if self.last_announced else {}),
            **({"Resting": True} if self.is_resting else {}),
            **({"OptionsElsewhere": [one.to_event() for one in self.elsewhere]} if self.elsewhere else {}),
            **({"Priority": self.priority} if self.priority else {}),
            **({} if self.dry_seconds is None else {"DrySeconds": self.dry_seconds}),
        }

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Target":
        """Reads a target as LoadTargets passes it on.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        key = TargetKey.from_event(event)
        current = optional(event, "CurrentCapacity", int, 0)
        ids, more = parsed_ids(texts(event, "LastReservationIds"))
        return cls(
            key=key,
            capacity=required(event, "TargetCapacity", int),
            current=current,
            last_status=optional(event, "LastStatus", str, None),
            options=ReservationOptions.from_event(event),
            last_reserved=optional(event, "LastReserved", int, current),
            is_fresh=optional(event, "Fresh", bool, False),
            last_ids=ids,
            withdrawn=optional(event, "Withdrawn", bool, False),
            last_reason=optional(event, "LastReason", str, ""),
            last_announced=Announcement.from_event(optional(event, "LastAnnounced", dict, None)),
            is_resting=optional(event, "Resting", bool, False),
            elsewhere=tuple(OptionRow.from_event(one) for one in optional(event, "OptionsElsewhere", list, [])),
            more_ids=more,
            priority=optional(event, "Priority", int, 0),
            dry_seconds=optional(event, "DrySeconds", int, None),
        )


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
