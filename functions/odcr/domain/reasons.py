"""Sentences for people on why a target has its status, and remarks on its reservations."""

from collections.abc import Callable, Iterable, Sequence

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import amount
from odcr.domain.reservation import COMING_STATES, HELD_STATES, Reservation, ids_of
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Announcement, ReservationOptions, Target, TargetKey
from odcr.domain.wording import counted, listed, minute

_IDS_ROOM = 50
"""Characters of a list of ids in a sentence."""

_MAX_UNCOUNTED = 3
"""Reservations that do not count, with a sentence for each."""


def reason_for_excess(reservations: Sequence[Reservation], held: Allocation, announced: Announcement | None) -> str:
    """How much more is held than wanted, and what happens to it.

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
    """What happens to what is held for a demand that is given up, and how to keep it.

    Args:
        reservations: those that serve the demand.
        held: what they hold, and the total to keep.
        announced: the release that the next run may make.
    """
    if announced:
        return f"Set On_Missed to keep, or a later Deadline: otherwise the next run releases {held.spare} if unused."
    if any(reservation.may_be_released for reservation in reservations):
        return ""
    return f"None of the {held.held} held is odcr's to give back."


def remark_on_group(demand: Shortfall | Target, allocation: Allocation) -> str:
    """Why a group cannot hold exactly its total, and what is held in removed members; empty for a row."""
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
    if removed := sum(pool.held for pool in allocation.pools if pool.is_removed):
        parts.append(
            f"{removed} instances are held in pools that are no longer members, and count as long as they are held."
        )
    return " ".join(parts)


def named(reservations: Sequence[Reservation]) -> str:
    """The ids of reservations, as many as fit into a sentence."""
    return listed(ids_of(reservations), _IDS_ROOM)


def remarks(reservations: Iterable[Reservation], options: ReservationOptions) -> str:
    """What a person should know about the reservations that count for a target, or seem to.

    Args:
        reservations: this stack's reservations in the pool, in every state.
        options: what the row asks for.
    """
    fitting = [reservation for reservation in reservations if reservation.fits(options)]

    def counts(reservation: Reservation) -> bool:
        return reservation.is_held and reservation.serves(options)

    counted = [reservation for reservation in fitting if counts(reservation)]

    def sentence(chosen: Iterable[Reservation], text: Callable[[str, int], str]) -> str:
        about = list(chosen)
        return text(named(about), sum(reservation.count for reservation in about)) if about else ""

    uncounted = [reservation for reservation in fitting if reservation.state in HELD_STATES and not counts(reservation)]
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
    """What is held outside this stack's control, and what to do about it.

    Args:
        key: the demand's key.
        astray: reservations without the tag, which somebody removed or split off.
        lenders: reservations that are partly lent out.
        lent: instances lent out.
    """
    parts = []
    if astray:
        count = sum(reservation.count for reservation in astray)
        lacked = "this stack's tag odcr:stack, or odcr:group" if key.is_group else "this stack's tag odcr:stack"
        parts.append(
            f"{count} are held in {named(astray)} without {lacked}: tag them again, or delete the "
            "target's row in odcr_status to buy them again."
        )
    if lent:
        parts.append(f"{lent} are lent out by {named(lenders)}: reclaim them in EC2 before you need them.")
    return " ".join(parts)


def _earliest(reservations: Iterable[Reservation]) -> str:
    return minute(min(reservation.ends for reservation in reservations if reservation.ends is not None))
