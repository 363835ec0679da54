"""How a target stands, and what a run found or achieved for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from odcr.domain.target import Target, TargetKey
from odcr.domain.wire import InvalidEvent, cut_ids, optional, parsed_ids, required, texts
from odcr.domain.wording import MAX_REASON


class Status(StrEnum):
    """The one word that says how a target stands after a run."""

    FULFILLED = "FULFILLED"
    """As much is held as was asked for."""
    PENDING = "PENDING"
    """As much is held as was asked for, but EC2 is still providing some of it, and that may fail."""
    ASTRAY = "ASTRAY"
    """As much is held as was asked for, but some of it has left this stack's hands; a person has to say what it is."""
    SHORT = "SHORT"
    """EC2 has no more at the moment; every run asks again."""
    EXCESS = "EXCESS"
    """More is held than is asked for; nothing is given back unasked."""
    THROTTLED = "THROTTLED"
    """EC2 took no more requests; the next run asks again."""
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    """The account may hold no more; a person has to raise the quota."""
    UNSUPPORTED = "UNSUPPORTED"
    """EC2 does not offer it, which has been seen to pass: it is asked again, but seldom."""
    INVALID = "INVALID"
    """The row makes no sense or EC2 does not know it; a person has to correct it."""
    FAILED = "FAILED"
    """Something else went wrong, and the reason says what; the next run tries again."""

    @property
    def is_met(self) -> bool:
        """Whether all that is wanted is held."""
        return self in (Status.FULFILLED, Status.EXCESS, Status.ASTRAY)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all targets, as they stand after a run."""

    wanted: int
    """Instances that the rows ask for."""
    held: int
    """Instances held, an excess included."""
    missing: int
    """Instances wanted and not held; one target's excess does not make up for another's shortage."""
    unmet: int
    """Targets of which not all is held."""
    longest_shortage_minutes: int
    """How long the one among them that has waited longest has not been met; 0 if all are."""


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
        event["ReservationIds"] = cut_ids(self.reservation_ids, self.more_ids)
        if self.duplicate_ids:
            event["DuplicateIds"] = cut_ids(self.duplicate_ids)
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
        ids, more = parsed_ids(texts(event, "ReservationIds"))
        twice, more_twice = parsed_ids(texts(event, "DuplicateIds"))
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


def with_record_kept(target: Target, status: Status, reason: str) -> Outcome:
    """The outcome of a target of which this run does not know what is held: the record of that stays as it is."""
    return Outcome(
        target.key,
        status,
        target.capacity,
        target.last_reserved,
        target.last_ids,
        reason=reason,
        more_ids=target.more_ids,
    )


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        raise InvalidEvent(f"An outcome must be a JSON object, not {text[:80]!r}.") from None
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"An outcome must be a JSON object, not {type(event).__name__}.")
    return event
