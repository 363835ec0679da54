"""How much of what is held is in use, and how much nobody uses, which is a bill all the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odcr.domain.wire import Event

if TYPE_CHECKING:
    from odcr.domain.reservation import Reservation


@dataclass(frozen=True, slots=True)
class Use(Event):
    """What becomes of the instances held. A pending reservation's are neither in use nor unused."""

    in_use: int = 0
    """Instances that run in what is held."""
    unused: int = 0
    """Instances held in which nothing runs."""


NO_USE = Use()


def use_of(reservations: Iterable["Reservation"]) -> Use:
    """The use of all these reservations together."""
    active = [reservation for reservation in reservations if reservation.is_held and reservation.state == "active"]
    return Use(sum(reservation.in_use for reservation in active), sum(reservation.unused for reservation in active))
