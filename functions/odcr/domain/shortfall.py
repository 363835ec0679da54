"""What is missing: the targets compared with what EC2 holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from odcr.domain.event import optional, required
from odcr.domain.outcome import MAX_REASON, Outcome
from odcr.domain.payload import ROOM, fitting, size_of
from odcr.domain.reservation import Reservation, duplicates, held
from odcr.domain.status import Status
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A target of which something is missing, or was bought twice."""

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

    def to_event(self) -> dict[str, Any]:
        """The shortfall as one item of the Map."""
        return {
            **self.key.to_event(),
            "TargetCapacity": self.target,
            "Reserved": self.reserved,
            "ReservationIds": list(self.reservation_ids),
            "LastStatus": self.last_status,
            **self.options.to_event(),
            # Usually the record is right, and the event stays small.
            **({"Recorded": self.recorded} if self.recorded > self.reserved else {}),
            **(
                {"RecordedReservationIds": list(self.recorded_ids)} if self.recorded_ids != self.reservation_ids else {}
            ),
        }

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Shortfall":
        """Reads one item of the Map.

        Raises:
            InvalidEvent: if a field is missing or of another type.
        """
        ids = tuple(optional(event, "ReservationIds", list, []))
        return cls(
            key=TargetKey.from_event(event),
            target=required(event, "TargetCapacity", int),
            reserved=required(event, "Reserved", int),
            reservation_ids=ids,
            last_status=optional(event, "LastStatus", str, None),
            options=ReservationOptions.from_event(event),
            recorded=optional(event, "Recorded", int, 0),
            recorded_ids=tuple(optional(event, "RecordedReservationIds", list, list(ids))),
        )


MAX_SHORTFALLS = 500
"""Shortfalls that one run works on, which keeps its history below 25,000 events. The others come first next time."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The targets, sorted by what is to be done about them."""

    shortfalls: list[Shortfall] = field(default_factory=list)
    observed: list[Outcome] = field(default_factory=list)
    """Targets that need no work but whose record in the table is to be corrected."""
    rejected: list[Outcome] = field(default_factory=list)
    """Rows that make no sense, with what is held for them."""


def compare(
    targets: Iterable[Target],
    rejected: Iterable[Outcome],
    reservations: Iterable[Reservation],
    *,
    is_complete: bool = True,
) -> Comparison:
    """Decides for every target whether it is fulfilled, short or in excess.

    Args:
        targets: what is wanted, each key once, least recently tried first.
        rejected: rows that make no sense; what is held for them is held all the same.
        reservations: what this stack manages in the targets' Regions, in any state.
        is_complete: whether these are all rows of the table that could ask for a reservation.

    Returns:
        The shortfalls, in the targets' order, and what the table has wrong. A managed reservation that no row asks for
        is observed as an excess over a target of 0: it is a bill that somebody must see.
    """
    by_key: dict[TargetKey, list[Reservation]] = {}
    for reservation in reservations:
        if reservation.is_held:
            by_key.setdefault(reservation.key, []).append(reservation)

    comparison = Comparison()
    for outcome in rejected:
        managed = by_key.pop(outcome.key, [])
        comparison.rejected.append(replace(outcome, reserved=held(managed), reservation_ids=_ids(managed)))
    for target in targets:
        managed = by_key.pop(target.key, [])
        if not (target.withdrawn and managed):
            _compare_one(target, [one for one in managed if one.serves(target.options)], comparison)
        elif not _is_recorded(target, Status.EXCESS, managed):
            comparison.observed.append(_unlisted(target.key, managed))
    if is_complete:
        comparison.observed.extend(_unlisted(key, managed) for key, managed in by_key.items())
    return comparison


def bounded(comparison: Comparison) -> Comparison:
    """What of a comparison one run can work on and pass on.

    The outcomes take the shortfalls' place in the run's data, so it is their size that counts. What is left out comes
    again in the next run: shortfalls then come first, and what was recorded is not observed once more.
    """
    shortfalls, room = fitting(comparison.shortfalls[:MAX_SHORTFALLS], ROOM, _outcome_bytes)
    observed, room = fitting(comparison.observed, room, lambda outcome: size_of(outcome.to_event()))
    rejected, _ = fitting(comparison.rejected, room, lambda outcome: size_of(outcome.to_event()))
    return Comparison(shortfalls, observed, rejected)


def _outcome_bytes(shortfall: Shortfall) -> int:
    """The bytes of the largest outcome that a shortfall can have, or of the shortfall itself."""
    longest = Outcome(
        shortfall.key,
        Status.QUOTA_EXCEEDED,
        shortfall.target,
        max(shortfall.target, shortfall.reserved),
        (*shortfall.reservation_ids, "cr-0123456789abcdef0"),
        acquired=shortfall.target,
        calls=100,
        reason="x" * MAX_REASON,
    )
    return max(size_of(longest.to_event()), size_of(shortfall.to_event()))


def _compare_one(target: Target, serving: Sequence[Reservation], comparison: Comparison) -> None:
    reserved = held(serving)
    ids = _ids(serving)
    twice = reserved > target.capacity and duplicates(serving, target.last_ids)
    if reserved < target.capacity or twice:
        comparison.shortfalls.append(
            Shortfall(
                target.key,
                target.capacity,
                reserved,
                ids,
                target.last_status,
                target.options,
                target.last_reserved,
                target.last_ids,
            )
        )
        return
    status, reason = Status.FULFILLED, ""
    if reserved > target.capacity:
        status = Status.EXCESS
        reason = excess_reason(reserved, target.capacity, serving)
    elif target.capacity == 0:
        reason = "The target is 0: nothing is to be reserved."
    # An excess is told again: its target may have changed, and the reason with it.
    if status == Status.EXCESS or not _is_recorded(target, status, serving):
        comparison.observed.append(Outcome(target.key, status, target.capacity, reserved, ids, reason=reason))


def _is_recorded(target: Target, status: Status, managed: Sequence[Reservation]) -> bool:
    is_same_status = (target.last_status, target.current) == (status, held(managed))
    return is_same_status and set(target.last_ids) == set(_ids(managed))


def excess_reason(reserved: int, target: int, reservations: Iterable[Reservation]) -> str:
    """What to do about more than is wanted."""
    return (
        f"{reserved} held, {target} wanted. Nothing is given back unasked: raise the target, "
        f"or reduce {', '.join(_ids(reservations))} in EC2."
    )


def _unlisted(key: TargetKey, managed: Sequence[Reservation]) -> Outcome:
    ids = _ids(managed)
    reason = f"Held for no row of odcr_capacity. Insert one to keep it, or cancel {', '.join(ids)} in EC2."
    return Outcome(key, Status.EXCESS, 0, held(managed), ids, reason=reason)


def _ids(reservations: Iterable[Reservation]) -> tuple[str, ...]:
    return tuple(reservation.id for reservation in reservations)
