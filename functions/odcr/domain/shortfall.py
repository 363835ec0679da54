"""A target with something to do, as one item of the Map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from odcr.domain.outcome import Status
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey
from odcr.domain.wire import cut_ids, optional, parsed_ids, required, texts

MAY_BE_ASTRAY = (Status.ASTRAY, Status.FAILED)
"""After these a run looks for recorded reservations that are not shown, even if enough is held without them."""


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
    """Instances held as the last run recorded them."""
    recorded_ids: tuple[str, ...] = ()
    """The reservations that the last run recorded."""
    duplicate_ids: tuple[str, ...] = ()
    """What was bought twice, as the run saw it."""
    is_release: bool = False
    """What is held above the target is to be given back, as the last run announced."""
    is_fresh: bool = False
    """The record is a moment old, and EC2's answers may lag behind it."""
    more_ids: int = 0
    """Reservations that are, or were, there beside those that are named; while there are any, nothing is given back."""

    @property
    def was_refused(self) -> bool:
        """Whether the last run asked for more, and was told that there is none."""
        return self.last_status in (Status.SHORT, Status.QUOTA_EXCEEDED)

    @property
    def had_trouble(self) -> bool:
        """Whether EC2 may have refused a request of the last run, and may remember the client token of it."""
        return self.last_status is not None and self.last_status not in (Status.FULFILLED, Status.EXCESS)

    @property
    def standing(self) -> int:
        """Instances held as long as nobody has looked up what became of the recorded ones."""
        return max(self.reserved, min(self.recorded, self.target))

    @property
    def standing_ids(self) -> tuple[str, ...]:
        """The reservations seen, and those recorded: what an attempt that dies must not make the record forget."""
        return (*self.reservation_ids, *(one for one in self.recorded_ids if one not in self.reservation_ids))

    def to_event(self) -> dict[str, Any]:
        """The shortfall as one item of the Map.

        `Reserved` and `ReservationIds` are what the state machine records if the attempt ends without an outcome.
        """
        event = {
            **self.key.to_event(),
            "TargetCapacity": self.target,
            "Reserved": self.standing,
            "ReservationIds": cut_ids(self.standing_ids, self.more_ids),
            "DuplicateIds": cut_ids(self.duplicate_ids),
            "LastStatus": self.last_status,
            **self.options.to_event(),
        }
        # Usually the record is right, and the event stays small.
        if self.standing != self.reserved:
            event["Seen"] = self.reserved
        if self.standing_ids != self.reservation_ids:
            event["SeenIds"] = cut_ids(self.reservation_ids)
        if self.recorded != self.standing:
            event["Recorded"] = self.recorded
        if self.recorded_ids != self.standing_ids:
            event["RecordedIds"] = cut_ids(self.recorded_ids)
        if self.is_release:
            event["Release"] = True
        if self.is_fresh and self.recorded > self.reserved:
            event["Fresh"] = True
        return event

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Shortfall":
        """Reads one item of the Map.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        standing = required(event, "Reserved", int)
        standing_ids, more = parsed_ids(texts(event, "ReservationIds"))
        ids, more_seen = parsed_ids(texts(event, "SeenIds"))
        recorded_ids, more_recorded = parsed_ids(texts(event, "RecordedIds"))
        twice, more_twice = parsed_ids(texts(event, "DuplicateIds"))
        return cls(
            key=TargetKey.from_event(event),
            target=required(event, "TargetCapacity", int),
            reserved=optional(event, "Seen", int, standing),
            reservation_ids=ids if "SeenIds" in event else standing_ids,
            last_status=optional(event, "LastStatus", str, None),
            options=ReservationOptions.from_event(event),
            recorded=optional(event, "Recorded", int, standing),
            recorded_ids=recorded_ids if "RecordedIds" in event else standing_ids,
            duplicate_ids=twice,
            is_release=optional(event, "Release", bool, False),
            is_fresh=optional(event, "Fresh", bool, False),
            more_ids=max(more, more_seen, more_recorded, more_twice),
        )
