"""A target with something to do, as one item of the Map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from odcr.domain.event import optional, required, texts
from odcr.domain.status import Status
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A target of which something is missing, was bought twice, or is to be released."""

    key: TargetKey
    target: int
    reserved: int
    """Instances held when the run looked."""
    reservation_ids: tuple[str, ...] = ()
    last_status: str | None = None
    options: ReservationOptions = USUAL_OPTIONS
    recorded: int = 0
    """Instances held as a run recorded them a moment ago; EC2's answers may lag behind. 0 if that is longer ago."""
    recorded_ids: tuple[str, ...] = ()
    """The reservations that the last run recorded."""
    duplicate_ids: tuple[str, ...] = ()
    """What was bought twice, as the run saw it."""
    is_release: bool = False
    """What is held above the target is to be given back, as the last run announced."""

    @property
    def was_refused(self) -> bool:
        """Whether the last run asked for more, and was told that there is none."""
        return self.last_status in (Status.SHORT, Status.QUOTA_EXCEEDED)

    def to_event(self) -> dict[str, Any]:
        """The shortfall as one item of the Map."""
        return {
            **self.key.to_event(),
            "TargetCapacity": self.target,
            "Reserved": self.reserved,
            "ReservationIds": list(self.reservation_ids),
            "DuplicateIds": list(self.duplicate_ids),
            "LastStatus": self.last_status,
            **self.options.to_event(),
            # Usually the record is right, and the event stays small.
            **({"Recorded": self.recorded} if self.recorded > self.reserved else {}),
            **(
                {"RecordedReservationIds": list(self.recorded_ids)} if self.recorded_ids != self.reservation_ids else {}
            ),
            **({"Release": True} if self.is_release else {}),
        }

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Shortfall":
        """Reads one item of the Map.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        ids = texts(event, "ReservationIds")
        return cls(
            key=TargetKey.from_event(event),
            target=required(event, "TargetCapacity", int),
            reserved=required(event, "Reserved", int),
            reservation_ids=ids,
            last_status=optional(event, "LastStatus", str, None),
            options=ReservationOptions.from_event(event),
            recorded=optional(event, "Recorded", int, 0),
            recorded_ids=texts(event, "RecordedReservationIds") if "RecordedReservationIds" in event else ids,
            duplicate_ids=texts(event, "DuplicateIds"),
            is_release=optional(event, "Release", bool, False),
        )
