"""Why a target stands as it does, and what is remarkable about its reservations."""

from collections.abc import Callable, Iterable, Sequence

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import amount
from odcr.domain.reservation import COMING_STATES, HELD_STATES, Reservation, ids_of
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Announcement, ReservationOptions, Target, TargetKey
from odcr.domain.wording import counted, listed, minute

_IDS_ROOM = 50
"""Characters that a list of ids takes in a sentence."""

_MAX_UNCOUNTED = 3
"""Reservations that are not counted, of which each has a sentence."""


def reason_for_excess(reservations: Sequence[Reservation], held: Allocation, announced: Announcement | None) -> str:
    """Why more is held than is wanted, and what becomes of it.

    Args:
        reservations: those that serve the target.
        held: what they hold, and the total.
        announced: the release that the next run may make.
    """
    reserved, target = held.held, held.total
    if announced:
        next_run = f"Unless it is raised, the next run releases {held.spare} if unused."
        return f"{reserved} held, {target} wanted. {next_run}"
    ids = named(reservations)
    return f"{reserved} held, {target} wanted. Nothing is given back unasked: raise the target, or reduce {ids} in EC2."


def reason_to_give_up(reservations: Sequence[Reservation], held: Allocation, announced: Announcement | None) -> str:
    """What becomes of what is held for a demand whose deadline was missed, and how to keep it.

    Args:
        reservations: those that serve the demand.
        held: what they hold, and what is to stay.
        announced: the release that the next run may make.
    """
    if announced:
        return f"Set On_Missed to keep, or a later Deadline: else the next run releases {held.spare} if unused."
    if any(reservation.may_be_released for reservation in reservations):
        return ""
    return f"None of {held.held} held is odcr's to give back."


def remark_on_group(demand: Shortfall | Target, allocation: Allocation) -> str:
    """Why a group holds less than its total although nothing more is asked for, and what is wrong with its members."""
    if not demand.key.is_group:
        return ""
    parts = []
    if allocation.is_full:
        missing = counted(allocation.missing, demand.unit)
        parts.append(f"Raise Max_Instances or add a member: all hold the most they may, and {missing} are missing.")
    elif allocation.has_rest and not demand.allows_overshoot:
        parts.append(f"{counted(allocation.missing, demand.unit)} of the total are less than any member's weight.")
    elif (more := amount(allocation.held - allocation.total)) > 0 and not allocation.is_excess:
        parts.append(
            f"{counted(more, demand.unit)} more than the total are held, which is less than any instance's weight."
        )
    if removed := sum(place.held for place in allocation.places if place.is_removed):
        parts.append(
            f"{removed} instances are held in pools that are no members any more, and count while they are held."
        )
    return " ".join(parts)


def named(reservations: Sequence[Reservation]) -> str:
    """Their ids, as many as a sentence has room for."""
    return listed(ids_of(reservations), _IDS_ROOM)


def remarks(reservations: Iterable[Reservation], options: ReservationOptions) -> str:
    """What a person should know of the reservations that a target is held in, or could be taken to be held in.

    Args:
        reservations: this stack's in the pool, in every state.
        options: what the row asks for.
    """
    fitting = [reservation for reservation in reservations if reservation.fits(options)]
    counted = [reservation for reservation in fitting if reservation.is_held and reservation.serves(options)]

    def sentence(chosen: Iterable[Reservation], text: Callable[[str, int], str]) -> str:
        found = list(chosen)
        return text(named(found), sum(reservation.count for reservation in found)) if found else ""

    uncounted = [
        reservation for reservation in fitting if reservation.state in HELD_STATES and reservation not in counted
    ]
    parts = [f"Not counted: {reservation.id}, {reservation.kind}." for reservation in uncounted[:_MAX_UNCOUNTED]]
    parts += [
        sentence(
            (reservation for reservation in fitting if reservation.state in COMING_STATES),
            lambda ids, count: f"Not counted yet: {count} in {ids}, which begin later.",
        ),
        sentence(
            (reservation for reservation in counted if not reservation.lasts_for(options)),
            lambda ids, count: f"{count} are held in {ids} only until {_earliest(counted)}.",
        ),
        sentence(
            (reservation for reservation in counted if reservation.match_criteria != options.match_criteria),
            lambda ids, _: (
                f"{ids}: targeted, so instances have to name it; the row says open."
                if options.match_criteria == "open"
                else f"{ids}: open, so any instance that matches uses it; the row says {options.match_criteria}."
            ),
        ),
    ]
    return " ".join(part for part in parts if part)


def astray_remark(key: TargetKey, astray: Sequence[Reservation], lenders: Sequence[Reservation], lent: int) -> str:
    """Why what is held is not all in this stack's hands.

    Args:
        key: the demand's.
        astray: reservations that lack the tag, or were split off without it.
        lenders: reservations part of which is lent out.
        lent: instances that are lent out.
    """
    parts = []
    if astray:
        count = sum(reservation.count for reservation in astray)
        lacked = "this stack's tag odcr:stack, or odcr:group" if key.is_group else "this stack's tag odcr:stack"
        parts.append(
            f"{count} are held in {named(astray)} without {lacked}: tag it again, or delete the "
            "target's row in odcr_status to have them bought anew."
        )
    if lent:
        parts.append(f"{lent} are lent out by {named(lenders)}: reclaim them in EC2 before you need them.")
    return " ".join(parts)


def _earliest(reservations: Iterable[Reservation]) -> str:
    return minute(min(reservation.ends for reservation in reservations if reservation.ends is not None))
