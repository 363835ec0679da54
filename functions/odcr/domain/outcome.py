"""What a run found or achieved for one target."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from odcr.domain.event import InvalidEvent, optional, required, texts
from odcr.domain.id_list import cut, parsed
from odcr.domain.status import Status
from odcr.domain.target import TargetKey
from odcr.domain.wording import MAX_REASON

__all__ = ["MAX_REASON", "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one target stands, and what it took."""

    key: TargetKey
    status: Status
    target: int | None
    """Instances wanted; None if the row does not say."""
    reserved: int
    """Instances held."""
    reservation_ids: tuple[str, ...] = ()
    duplicate_ids: tuple[str, ...] = ()
    """Those among them that were bought twice and are still to be given back."""
    acquired: int = 0
    """Instances that this run added; below 0, those that it gave back because the target was lowered."""
    calls: int = 0
    """Requests for capacity that the last attempt made."""
    reason: str = ""
    lost: int = 0
    """Instances that the last run recorded and that are gone, also if others were bought in their place."""
    more_ids: int = 0
    """Reservations beside `reservation_ids`, which are not named."""

    @property
    def was_tried(self) -> bool:
        """Whether EC2 was asked for anything. What was only looked at makes no record fresh: EC2 may lag behind no more
        than it did, and a target that is looked at again and again would never be believed to hold less."""
        return self.calls > 0 or self.acquired != 0

    @property
    def is_short(self) -> bool:
        """Whether something is missing: a target that cannot be looked at is not short if all of it was held."""
        is_covered = self.target is not None and 0 <= self.target <= self.reserved
        return not self.status.is_met and not is_covered

    def to_event(self) -> dict[str, Any]:
        """The outcome as it passes between the states; empty fields are left out."""
        event: dict[str, Any] = {**self.key.to_event(), "Status": str(self.status), "Reserved": self.reserved}
        if self.target is not None:
            event["TargetCapacity"] = self.target
        event["ReservationIds"] = cut(self.reservation_ids, self.more_ids)
        if self.duplicate_ids:
            event["DuplicateIds"] = cut(self.duplicate_ids)
        if self.acquired or self.calls:
            event |= {"Acquired": self.acquired, "Calls": self.calls}
        if self.lost:
            event["Lost"] = self.lost
        if self.reason:
            event["Reason"] = self.reason[:MAX_REASON]
        return event

    @classmethod
    def from_event(cls, event: Mapping[str, Any] | str) -> "Outcome":
        """Reads an outcome: an object, or the JSON text of one, as an error's message carries it.

        Raises:
            InvalidEvent: if it is neither, or a field is missing or of another type.
        """
        if isinstance(event, str):
            event = _parsed(event)
        status = required(event, "Status", str)
        if status not in Status.__members__:
            raise InvalidEvent(f"'Status' must be one of {', '.join(Status)}, not {status!r}.")
        ids, more = parsed(texts(event, "ReservationIds"))
        twice, more_twice = parsed(texts(event, "DuplicateIds"))
        return cls(
            key=TargetKey.from_event(event),
            status=Status(status),
            target=optional(event, "TargetCapacity", int, None),
            reserved=optional(event, "Reserved", int, 0),
            reservation_ids=ids,
            duplicate_ids=twice,
            acquired=optional(event, "Acquired", int, 0),
            calls=optional(event, "Calls", int, 0),
            lost=optional(event, "Lost", int, 0),
            reason=optional(event, "Reason", str, ""),
            more_ids=more or more_twice,
        )


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        raise InvalidEvent(f"An outcome must be a JSON object, not {text[:80]!r}.") from None
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"An outcome must be a JSON object, not {type(event).__name__}.")
    return event
