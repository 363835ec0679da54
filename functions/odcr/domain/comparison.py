"""What is missing: the targets compared with what EC2 holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from odcr.domain.excess import reason_for_excess
from odcr.domain.outcome import MAX_REASON, Outcome
from odcr.domain.payload import ROOM, fitting, size_of
from odcr.domain.release import MAX_RELEASES, is_due
from odcr.domain.reservation import Reservation, duplicates, held
from odcr.domain.shortfall import Shortfall
from odcr.domain.status import Status
from odcr.domain.target import Target, TargetKey

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
    releases: bool = False,
) -> Comparison:
    """Decides for every target whether it is fulfilled, short or in excess.

    Args:
        targets: what is wanted, each key once, least recently tried first.
        rejected: rows that make no sense, with the reservations that a run recorded for them; what is held for them is
            held all the same.
        reservations: what this stack manages in the targets' Regions, in any state.
        is_complete: whether these are all rows of the table that could ask for a reservation.
        releases: whether what is held above a lowered target is given back. For a row that is gone nothing ever is.

    Returns:
        The shortfalls, in the targets' order, and what the table has wrong. A managed reservation that no row asks for
        is observed as an excess over a target of 0: it is a bill that somebody must see.
    """
    by_key: dict[TargetKey, list[Reservation]] = {}
    for reservation in reservations:
        if reservation.is_held:
            by_key.setdefault(reservation.key, []).append(reservation)

    comparison = Comparison()
    for target in targets:
        managed = by_key.pop(target.key, [])
        if not (target.withdrawn and managed):
            _compare_one(target, managed, comparison, releases=releases)
        elif not _is_recorded(target, outcome := _unlisted(target.key, managed, releases=releases)):
            comparison.observed.append(outcome)
    for outcome in rejected:
        # What the row probably meant, unless another row means it rightly.
        managed = by_key.pop(outcome.key.stripped(), [])
        twice = duplicates(managed, outcome.reservation_ids)
        comparison.rejected.append(
            replace(outcome, reserved=held(managed), reservation_ids=_ids(managed), duplicate_ids=_ids(twice))
        )
    if is_complete:
        comparison.observed.extend(_unlisted(key, managed, releases=releases) for key, managed in by_key.items())
    return comparison


def bounded(comparison: Comparison) -> Comparison:
    """What of a comparison one run can work on and pass on.

    The outcomes take the shortfalls' place in the run's data, so it is their size that counts. What is left out comes
    again in the next run: shortfalls then come first, and what was recorded is not observed once more.
    """
    releases = [shortfall for shortfall in comparison.shortfalls if shortfall.is_release]
    others = [shortfall for shortfall in comparison.shortfalls if not shortfall.is_release]
    first = [*releases[:MAX_RELEASES], *others][:MAX_SHORTFALLS]
    shortfalls, room = fitting(first, ROOM, _outcome_bytes)
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
        shortfall.duplicate_ids,
        acquired=-shortfall.reserved if shortfall.is_release else shortfall.target,
        calls=100,
        reason="x" * MAX_REASON,
    )
    return max(size_of(longest.to_event()), size_of(shortfall.to_event()))


def _compare_one(target: Target, managed: Sequence[Reservation], comparison: Comparison, *, releases: bool) -> None:
    serving = [one for one in managed if one.serves(target.options)]
    others = [one for one in managed if not one.serves(target.options)]
    reserved = held(serving)
    if reserved < target.capacity <= held(others):
        # To go on would hold the target twice, and once more whenever the options change.
        reason = f"{_others(others)}. Cancel them in EC2, or correct odcr_option: nothing is bought until then."
        twice = _ids(duplicates(serving, target.last_ids))
        outcome = Outcome(target.key, Status.INVALID, target.capacity, reserved, _ids(managed), twice, reason=reason)
        if not _is_recorded(target, outcome):
            comparison.observed.append(outcome)
        return

    bought_twice = duplicates(serving, target.last_ids) if reserved > target.capacity else []
    is_release = releases and reserved > target.capacity and is_due(target, serving)
    if reserved < target.capacity or is_release or any(one.is_growable for one in bought_twice):
        comparison.shortfalls.append(
            Shortfall(
                target.key,
                target.capacity,
                reserved,
                _ids(serving),
                target.last_status,
                target.options,
                target.last_reserved if target.is_fresh else 0,
                target.last_ids,
                _ids(bought_twice),
                is_release,
            )
        )
        return

    status, reason = Status.FULFILLED, ""
    if reserved > target.capacity:
        status, reason = Status.EXCESS, reason_for_excess(serving, target.capacity, releases=releases)
    elif others:
        status = Status.EXCESS
        reason = f"{_others(others)}. Nothing is given back unasked: cancel them in EC2 unless you want them."
    elif target.withdrawn:
        reason = "The row is gone, and nothing is held for it any more."
    elif target.capacity == 0:
        reason = "The target is 0: nothing is to be reserved."
    outcome = Outcome(target.key, status, target.capacity, reserved, _ids(managed), _ids(bought_twice), reason=reason)
    # An excess is told again: its target may have changed, and the reason with it.
    if status == Status.EXCESS or not _is_recorded(target, outcome):
        comparison.observed.append(outcome)


def _is_recorded(target: Target, outcome: Outcome) -> bool:
    same = (target.last_status, target.current) == (outcome.status, outcome.reserved)
    return same and set(target.last_ids) == set(outcome.reservation_ids)


def _unlisted(key: TargetKey, managed: Sequence[Reservation], *, releases: bool) -> Outcome:
    ids = _ids(managed)
    to_end = "one with a target of 0 to release it" if releases else f"cancel {', '.join(ids)} in EC2"
    reason = f"Held for no row of odcr_capacity. Insert one to keep it, or {to_end}."
    return Outcome(key, Status.EXCESS, 0, held(managed), ids, reason=reason)


def _others(others: Sequence[Reservation]) -> str:
    return f"{held(others)} held in {', '.join(_ids(others))} have another platform or tenancy than the row asks for"


def _ids(reservations: Iterable[Reservation]) -> tuple[str, ...]:
    return tuple(reservation.id for reservation in reservations)
