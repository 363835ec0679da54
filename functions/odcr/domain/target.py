"""What the table asks for: one target per instance type and Availability Zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from odcr.domain.event import optional, required
from odcr.domain.zone import region_of

MAX_TARGET = 100_000
"""A target above this is taken for a slip of the finger: it would cost millions a day."""

_INSTANCE_TYPE = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TargetKey:
    """The table's primary key."""

    instance_type: str
    availability_zone: str

    def __str__(self) -> str:
        return f"{self.instance_type} in {self.availability_zone}"

    @property
    def region(self) -> str:
        """The zone's Region.

        Raises:
            ValueError: if the zone's name is not one of a zone.
        """
        region = region_of(self.availability_zone)
        if region is None:
            raise ValueError(f"{self.availability_zone!r} is not an Availability Zone")
        return region

    def to_event(self) -> dict[str, Any]:
        """The key's fields in an event."""
        return {"InstanceType": self.instance_type, "AvailabilityZone": self.availability_zone}

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "TargetKey":
        """Reads the key's fields.

        Raises:
            InvalidEvent: if one is missing or no text.
        """
        return cls(required(event, "InstanceType", str), required(event, "AvailabilityZone", str))


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
            InvalidEvent: if one is no text.
        """
        return cls(
            platform=optional(event, "Platform", str, "Linux/UNIX"),
            tenancy=optional(event, "Tenancy", str, "default"),
            match_criteria=optional(event, "MatchCriteria", str, "open"),
            end_date=optional(event, "EndDate", str, None),
        )


USUAL_OPTIONS = ReservationOptions()
"""What a row without a row of its own in odcr_option gets."""


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
    """Instances held as a run recorded them a moment ago; EC2's answers may lag behind. 0 if that is longer ago."""
    last_ids: tuple[str, ...] = ()
    """The reservations that the last run recorded."""
    withdrawn: bool = False
    """Its row was deleted while something is held for it; the capacity is then 0."""

    def to_event(self) -> dict[str, Any]:
        """The target as LoadTargets passes it on."""
        return {
            **self.key.to_event(),
            "TargetCapacity": self.capacity,
            "CurrentCapacity": self.current,
            "LastStatus": self.last_status,
            **self.options.to_event(),
            **({"LastReserved": self.last_reserved} if self.last_reserved else {}),
            **({"LastReservationIds": list(self.last_ids)} if self.last_ids else {}),
            **({"Withdrawn": True} if self.withdrawn else {}),
        }

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Target":
        """Reads a target as LoadTargets passes it on.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        return cls(
            key=TargetKey.from_event(event),
            capacity=required(event, "TargetCapacity", int),
            current=optional(event, "CurrentCapacity", int, 0),
            last_status=optional(event, "LastStatus", str, None),
            options=ReservationOptions.from_event(event),
            last_reserved=optional(event, "LastReserved", int, 0),
            last_ids=tuple(optional(event, "LastReservationIds", list, [])),
            withdrawn=optional(event, "Withdrawn", bool, False),
        )


def reason_to_reject(key: TargetKey, capacity: int | None) -> str | None:
    """Why a row makes no sense, in words that say what to do; None if it does.

    Args:
        key: the row's primary key, as it is written in the table.
        capacity: `Target_Capacity`.
    """
    if not _INSTANCE_TYPE.fullmatch(key.instance_type):
        return f"{key.instance_type!r} is not an instance type; write it as EC2 does, e.g. 'r5b.2xlarge'."
    if region_of(key.availability_zone) is None:
        return f"{key.availability_zone!r} is not an Availability Zone; write it as EC2 does, e.g. 'ap-northeast-1c'."
    if capacity is None:
        return "Target_Capacity is NULL; set it to the number of instances wanted."
    if capacity < 0:
        return f"Target_Capacity is {capacity}; it must be 0 or more. Set it to the number of instances wanted."
    if capacity > MAX_TARGET:
        return f"Target_Capacity is {capacity}, above {MAX_TARGET}, which is taken for a mistake. Correct the row."
    return None
