"""What is said of a target for which more is held than is wanted. One of the sentences announces a release."""

from collections.abc import Sequence

from odcr.domain.remarks import named
from odcr.domain.reservation import Reservation, held

_ANNOUNCED = "Unless it is raised, the next run releases"


def reason_for_excess(reservations: Sequence[Reservation], target: int, *, releases: bool) -> str:
    """Why more is held than is wanted, and what becomes of it.

    Args:
        reservations: those that serve the target.
        target: instances wanted.
        releases: whether the excess is given back. What a person put under odcr's care by tagging it never is, nor what
            is committed or lent out.
    """
    reserved = held(reservations)
    if releases and any(one.may_be_released for one in reservations):
        return announcement(reserved, target)
    ids = named(reservations)
    return f"{reserved} held, {target} wanted. Nothing is given back unasked: raise the target, or reduce {ids} in EC2."


def announcement(reserved: int, target: int) -> str:
    """Says that the next run gives back what is held above the target."""
    return f"{reserved} held, {target} wanted. {_ANNOUNCED} {reserved - target} if unused."


def announces_release(reason: str) -> bool:
    """Whether a reason has such an announcement in it."""
    return _ANNOUNCED in reason
