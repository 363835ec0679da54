"""Closing one target's shortfall."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

from odcr.domain import errors
from odcr.domain.excess import reason_for_excess
from odcr.domain.giving_back import give_back, reductions
from odcr.domain.ladder import ask_ladder
from odcr.domain.outcome import Outcome
from odcr.domain.ports import Ec2, Turns
from odcr.domain.progress import Progress
from odcr.domain.refusal import (
    Changed,
    Denied,
    NoCapacity,
    NotOffered,
    OutOfTime,
    QuotaReached,
    Refusal,
    Throttled,
    Unanswered,
)
from odcr.domain.release import release
from odcr.domain.reservation import Reservation, duplicates, held
from odcr.domain.shortfall import Shortfall
from odcr.domain.status import Status

MAX_LOOKS = 3
"""How often one attempt looks again because somebody else was there."""


def acquire(
    shortfall: Shortfall,
    execution: str,
    attempt: int,
    ec2: Ec2,
    turns: Turns,
    is_recent: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Asks EC2 until the target is met.

    Args:
        shortfall: the target, and what was held when the run looked.
        execution: the run.
        attempt: how often the state machine has repeated this item; 0 the first time.
        ec2: the way to EC2.
        turns: the target's share of the requests that EC2 takes.
        is_recent: whether the target was read from the table a moment ago; else nothing is released for it.

    Returns:
        The outcome of a target that is met.

    Raises:
        TargetNotMet: of the type by which the state machine decides; its message carries the outcome.
    """
    progress = Progress(shortfall)
    try:
        for look in range(MAX_LOOKS):
            # What a client token does after a refusal is not known, nor for how long EC2 remembers it. After a refusal,
            # the same intent is therefore another occasion; before one, it is the same for whoever has it.
            is_first = attempt == look == 0 and not shortfall.was_refused
            occasion = "" if is_first else f"{execution}/{attempt}/{look}"
            try:
                return _close(progress, attempt, occasion, ec2, turns, is_recent)
            except Changed as change:
                changed = change
    except Refusal as refusal:
        raise _error_for(refusal, progress) from None
    reason = f"Somebody else keeps changing the reservations; the next run tries again. ({changed})"
    raise errors.RequestRefused(progress.outcome(Status.FAILED, _told(progress, reason)))


def _close(
    progress: Progress, attempt: int, occasion: str, ec2: Ec2, turns: Turns, is_recent: Callable[[], bool]
) -> Outcome:
    """Looks what is there, and climbs the ladder from it."""
    shortfall = progress.shortfall
    observed = _look(progress, ec2)
    before = progress.reserved
    progress.may_have_released |= shortfall.is_release and attempt > 0
    gap = shortfall.target - before
    ladder = ask_ladder(max(0, gap), from_one=attempt > 0 or shortfall.was_refused)

    def turn() -> bool:
        is_there = turns.allows_another()
        if is_there and turns.has_waited:
            _check(progress, ec2)
        return is_there

    def add(count: int) -> None:
        if turns.has_waited:
            _check(progress, ec2)
        _add(progress, count, observed, occasion, ec2)

    refusal = _climb(progress, ladder, add, turns)

    if refusal is not None and progress.reserved > before:
        # The state machine may repeat the item at once, from what EC2 shows then.
        _look(progress, ec2)
    if refusal is not None and progress.reserved < shortfall.target:
        raise refusal
    if len(progress.held) > len(shortfall.reservation_ids) or gap < 0:
        _give_back_duplicates(progress, ec2, turn)
    if shortfall.is_release and progress.reserved > shortfall.target:
        release(progress, ec2, lambda: is_recent() and turn())
    if progress.reserved < shortfall.target:
        # A reservation that was made, or grown, is not what it was answered to be.
        raise Unanswered("NotHeld", f"EC2 shows {progress.reserved} of {shortfall.target}. It is asked again shortly.")
    if progress.reserved > shortfall.target:
        return progress.outcome(Status.EXCESS, _told(progress))
    returned = f"{progress.returned} instances had been bought twice and were given back." if progress.returned else ""
    return progress.outcome(Status.FULFILLED, _told(progress, returned))


def _look(progress: Progress, ec2: Ec2) -> list[Reservation]:
    """Takes over what EC2 shows, unless it lags behind what is known.

    A resize sets an absolute count: from too low a count it would give instances away, and a reservation that is not
    seen yet would be made a second time. EC2's answers lag by seconds, so the state machine repeats the item after
    half a minute.

    Returns:
        All that EC2 shows for the target, in every state.

    Raises:
        Unanswered: if less is held than is known, and no reservation has ended that would explain it.
    """
    shortfall = progress.shortfall
    known, known_ids = progress.reserved, {reservation.id for reservation in progress.held}
    if progress.reservations is None:
        # Above the target may be what was bought twice, and is given back.
        known = max(shortfall.recorded, min(shortfall.reserved, shortfall.target))
        known_ids = {*shortfall.recorded_ids, *shortfall.reservation_ids}
    observed = ec2.find(shortfall.key)
    seen = _serving(observed, shortfall)
    ended = any(one.id in known_ids and not one.is_held for one in observed)
    if held(seen) < known and not ended:
        raise Unanswered(
            "ObservationLags", f"EC2 shows {held(seen)} instances where {known} were known. It is asked again shortly."
        )
    progress.reservations = seen
    return observed


def _check(progress: Progress, ec2: Ec2) -> None:
    """Makes sure, after a wait, that nobody has added anything meanwhile: a resize would give it away.

    Raises:
        Changed: if somebody has. Less than is known may be a describe that lags.
    """
    known = {reservation.id: reservation.count for reservation in progress.held}
    for one in _serving(ec2.find(progress.shortfall.key), progress.shortfall):
        if one.count > known.get(one.id, 0):
            raise Changed("Changed", f"{one.id} holds {one.count} now.")


def _serving(observed: Sequence[Reservation], shortfall: Shortfall) -> list[Reservation]:
    return [one for one in observed if one.is_held and one.serves(shortfall.options)]


def _climb(
    progress: Progress, ladder: Generator[int, bool, None], add: Callable[[int], None], turns: Turns
) -> Refusal | None:
    """Asks for what the ladder says; the last refusal, or None if there was none.

    Raises:
        Unanswered: if it is not known whether a request had its effect.
        Changed: if what was observed is no longer so.
    """
    refusal: Refusal | None = None
    ask = next(ladder, None)
    while ask is not None:
        if not turns.allows_another():
            return OutOfTime()
        progress.calls += 1
        try:
            add(ask)
            granted = True
        except (NoCapacity, QuotaReached) as shortage:
            # A quota, too, may leave room for some of the gap.
            refusal, granted = shortage, False
        except (Unanswered, Changed):
            raise
        except Refusal as other:
            return other
        ask = _send(ladder, granted)
    return refusal


def _send(ladder: Generator[int, bool, None], granted: bool) -> int | None:
    try:
        return ladder.send(granted)
    except StopIteration:
        return None


def _give_back_duplicates(progress: Progress, ec2: Ec2, turn: Callable[[], bool]) -> None:
    """Gives back what was bought twice, and no more than that.

    A creation whose answer was lost, and that EC2 did not show when it was made again, is seen only afterwards.
    """
    shortfall = progress.shortfall
    observed = ec2.find(shortfall.key)
    shown = {reservation.id for reservation in observed}
    not_shown_yet = (reservation for reservation in progress.held if reservation.id not in shown)
    progress.reservations = [*_serving(observed, shortfall), *not_shown_yet]
    growable = (one for one in duplicates(progress.reservations, shortfall.recorded_ids) if one.is_growable)
    planned = reductions(growable, progress.reserved - shortfall.target, lambda one: one.count)
    before = progress.reserved
    try:
        give_back(progress, planned, ec2, turn)
    finally:
        progress.returned += before - progress.reserved


def _add(progress: Progress, ask: int, observed: Sequence[Reservation], occasion: str, ec2: Ec2) -> None:
    """Adds instances to the oldest reservation that can grow, or makes one.

    Raises:
        Changed: if what was to be made is there already, and holds something else.
    """
    reservations = progress.held
    growable = [reservation for reservation in reservations if reservation.is_growable]
    if not growable:
        # Those that are still pending cannot grow, and count as observed: the next one is another.
        shortfall, seen = progress.shortfall, [*observed, *reservations]
        created = ec2.create(shortfall.key, shortfall.options, ask, seen, occasion)
        progress.reservations = [*reservations, created]
        if created.count != ask:
            # An earlier request of the same intent made it, and it has grown since, of which the ladder knows nothing.
            raise Changed("MadeBefore", f"{created.id} holds {created.count} already.")
        return
    oldest = min(growable, key=lambda reservation: (reservation.created, reservation.id))
    ec2.resize(oldest, oldest.count + ask)
    grown = replace(oldest, count=oldest.count + ask)
    progress.reservations = [grown if reservation is oldest else reservation for reservation in reservations]


_ERRORS: dict[type[Refusal], type[errors.TargetNotMet]] = {
    NoCapacity: errors.InsufficientInstanceCapacity,
    OutOfTime: errors.InsufficientInstanceCapacity,
    Throttled: errors.RequestLimitExceeded,
    QuotaReached: errors.QuotaExceeded,
    NotOffered: errors.InvalidTarget,
    Unanswered: errors.OutcomeUnknown,
    Denied: errors.RequestRefused,
}


def _error_for(refusal: Refusal, progress: Progress) -> errors.TargetNotMet:
    error = _ERRORS[type(refusal)]
    shortfall = progress.shortfall
    missing = f"{shortfall.target - progress.reserved} of {shortfall.target} missing"
    if isinstance(refusal, NoCapacity):
        reason = f"EC2 has no more {shortfall.key}: {missing}. Every run asks again."
    elif isinstance(refusal, OutOfTime):
        reason = f"The time was up before all was asked for: {missing}. It goes on from here."
    else:
        # What to do comes first, for a long message of EC2's is cut.
        reason = " ".join(part for part in (refusal.advice, f"{refusal.code}: {refusal.message}") if part)
    return error(progress.outcome(error.status, _told(progress, reason)))


def _told(progress: Progress, reason: str = "") -> str:
    """The reason, after what was released and what is still held above the target."""
    shortfall = progress.shortfall
    released = f"Released {progress.released}, as the target was lowered to {shortfall.target}."
    parts = [released if progress.released else "", reason]
    if progress.reserved > shortfall.target and (shortfall.is_release or not reason):
        # It is also the announcement by which the next run may go on.
        excess = reason_for_excess(progress.held, shortfall.target, releases=shortfall.is_release)
        parts.insert(1, excess)
    return " ".join(part for part in parts if part)
