"""Closing one target's shortfall."""

from collections.abc import Collection, Generator, Sequence
from dataclasses import replace
from typing import Protocol

from odcr.domain import errors
from odcr.domain.ladder import ask_ladder
from odcr.domain.outcome import Outcome
from odcr.domain.progress import Progress
from odcr.domain.refusal import (
    Changed,
    Denied,
    NoCapacity,
    NotOffered,
    QuotaReached,
    Refusal,
    Throttled,
    Unanswered,
)
from odcr.domain.reservation import Reservation, duplicates, held
from odcr.domain.shortfall import Shortfall, excess_reason
from odcr.domain.status import Status
from odcr.domain.target import ReservationOptions, TargetKey

MAX_LOOKS = 3
"""How often one attempt looks again because somebody else was there."""


class Ec2(Protocol):
    """What the acquisition needs of EC2. Every method may raise a `Refusal`."""

    def find(self, key: TargetKey) -> list[Reservation]:
        """This stack's reservations for the key, in every state."""

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation]
    ) -> Reservation:
        """Makes a reservation of exactly this many instances, or none."""

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds."""

    def cancel(self, reservation: Reservation) -> None:
        """Gives a reservation back."""


def acquire(shortfall: Shortfall, attempt: int, ec2: Ec2) -> Outcome:
    """Asks EC2 until the target is met.

    Args:
        shortfall: the target, and what was held when the run looked.
        attempt: how often the state machine has repeated this item; 0 the first time.
        ec2: the way to EC2.

    Returns:
        The outcome of a target that is met.

    Raises:
        TargetNotMet: of the type by which the state machine decides; its message carries the outcome.
    """
    progress = Progress(shortfall)
    try:
        for _ in range(MAX_LOOKS):
            try:
                return _close(progress, attempt, ec2)
            except Changed:
                continue
    except Refusal as refusal:
        raise _error_for(refusal, progress) from None
    raise errors.RequestRefused(
        progress.outcome(Status.FAILED, "Somebody else keeps changing the reservations; the next run tries again.")
    )


def _close(progress: Progress, attempt: int, ec2: Ec2) -> Outcome:
    """Looks what is there, and climbs the ladder from it."""
    shortfall = progress.shortfall
    observed = ec2.find(shortfall.key)
    serving = [reservation for reservation in observed if reservation.serves(shortfall.options)]
    progress.reservations = [reservation for reservation in serving if reservation.is_held]
    if attempt == 0:
        _doubt(observed, progress.reserved, shortfall.recorded, shortfall.recorded_ids)

    before = progress.reserved
    gap = shortfall.target - before
    known_dry = attempt > 0 or shortfall.last_status in (Status.SHORT, Status.QUOTA_EXCEEDED)
    ladder = ask_ladder(max(0, gap), from_one=known_dry)
    shortage: NoCapacity | QuotaReached | None = None
    ask = next(ladder, None)
    while ask is not None:
        progress.calls += 1
        try:
            _add(progress, ask, observed, ec2)
            granted = True
        except (NoCapacity, QuotaReached) as refusal:
            # A quota, too, may leave room for some of the gap.
            shortage, granted = refusal, False
        ask = _send(ladder, granted)

    if progress.reserved < shortfall.target and shortage is not None:
        if progress.reserved > before:
            _settle(progress, ec2)
        raise shortage
    if len(progress.held) > len(shortfall.reservation_ids) or gap < 0:
        _give_back_duplicates(progress, ec2)
    if progress.reserved > shortfall.target:
        return progress.outcome(Status.EXCESS, excess_reason(progress.reserved, shortfall.target, progress.held))
    returned = f"{progress.returned} instances had been bought twice and were given back." if progress.returned else ""
    return progress.outcome(Status.FULFILLED, returned)


def _send(ladder: Generator[int, bool, None], granted: bool) -> int | None:
    try:
        return ladder.send(granted)
    except StopIteration:
        return None


def _doubt(observed: Sequence[Reservation], reserved: int, known: int, known_ids: Collection[str]) -> None:
    """Refuses to go on from an observation that may lag behind what is known.

    A resize sets an absolute count: from too low a count it would give instances away, and a reservation that is not
    seen yet would be made a second time. EC2's answers lag by seconds, so the state machine repeats the item after
    half a minute, and then believes what it sees: somebody reduced the reservation.

    Raises:
        Unanswered: if less is seen than is known, and no reservation has ended that would explain it.
    """
    ended = any(reservation.id in known_ids and not reservation.is_held for reservation in observed)
    if reserved < known and not ended:
        raise Unanswered(
            "ObservationLags", f"EC2 shows {reserved} instances where {known} were known. It is asked again shortly."
        )


def _settle(progress: Progress, ec2: Ec2) -> None:
    """Makes sure that EC2 shows what was just added, before the state machine repeats the item from what EC2 shows.

    Raises:
        Unanswered: if it does not.
    """
    shortfall = progress.shortfall
    observed = ec2.find(shortfall.key)
    seen = [one for one in observed if one.is_held and one.serves(shortfall.options)]
    _doubt(observed, held(seen), progress.reserved, {reservation.id for reservation in progress.held})


def _give_back_duplicates(progress: Progress, ec2: Ec2) -> None:
    """Gives back what was bought twice, and no more than that.

    A creation whose answer was lost, and that EC2 did not show when it was made again, is seen only afterwards.
    """
    shortfall = progress.shortfall
    seen = [one for one in ec2.find(shortfall.key) if one.is_held and one.serves(shortfall.options)]
    ids = {reservation.id for reservation in seen}
    progress.reservations = [*seen, *(reservation for reservation in progress.held if reservation.id not in ids)]
    for duplicate in duplicates(progress.reservations, shortfall.recorded_ids):
        excess = progress.reserved - shortfall.target
        if excess <= 0:
            return
        progress.calls += 1
        kept = max(0, duplicate.count - excess)
        if kept:
            ec2.resize(duplicate, kept)
        else:
            ec2.cancel(duplicate)
        progress.returned += duplicate.count - kept
        others = [reservation for reservation in progress.reservations if reservation.id != duplicate.id]
        progress.reservations = [*others, replace(duplicate, count=kept)] if kept else others


def _add(progress: Progress, ask: int, observed: Sequence[Reservation], ec2: Ec2) -> None:
    """Adds instances to the oldest reservation that can grow, or makes one."""
    reservations = progress.held
    growable = [reservation for reservation in reservations if reservation.is_growable]
    if not growable:
        created = ec2.create(progress.shortfall.key, progress.shortfall.options, ask, observed)
        progress.reservations = [*reservations, created]
        return
    oldest = min(growable, key=lambda reservation: (reservation.created, reservation.id))
    ec2.resize(oldest, oldest.count + ask)
    grown = replace(oldest, count=oldest.count + ask)
    progress.reservations = [grown if reservation is oldest else reservation for reservation in reservations]


_ERRORS: dict[type[Refusal], type[errors.TargetNotMet]] = {
    NoCapacity: errors.InsufficientInstanceCapacity,
    Throttled: errors.RequestLimitExceeded,
    QuotaReached: errors.QuotaExceeded,
    NotOffered: errors.InvalidTarget,
    Unanswered: errors.OutcomeUnknown,
    Denied: errors.RequestRefused,
}


def _error_for(refusal: Refusal, progress: Progress) -> errors.TargetNotMet:
    error = _ERRORS[type(refusal)]
    shortfall = progress.shortfall
    missing = shortfall.target - progress.reserved
    if isinstance(refusal, NoCapacity):
        reason = f"EC2 has no more {shortfall.key}: {missing} of {shortfall.target} missing. Every run asks again."
    else:
        reason = " ".join(part for part in (f"{refusal.code}: {refusal.message}", refusal.advice) if part)
    return error(progress.outcome(error.status, reason))
