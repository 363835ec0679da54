"""How much of what is held is in use. What nobody uses costs as much."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odcr.domain.event_codec import Event

if TYPE_CHECKING:
    from odcr.domain.reservation import Reservation


@dataclass(frozen=True, slots=True)
class Use(Event):
    """Instances held, by whether somebody uses them. Those of a pending reservation count as neither."""

    in_use: int = 0
    """Instances running in reservations."""
    unused: int = 0
    """Instances held while nothing runs in them."""


NO_USE = Use()


def use_of(reservations: Iterable["Reservation"]) -> Use:
    """The use of these reservations together."""
    active = [reservation for reservation in reservations if reservation.is_held and reservation.state == "active"]
    return Use(sum(reservation.in_use for reservation in active), sum(reservation.unused for reservation in active))
