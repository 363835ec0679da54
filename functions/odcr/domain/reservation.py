"""Capacity Reservations as EC2 reports them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from odcr.domain.target import ReservationOptions, TargetKey

HELD_STATES = frozenset({"active", "pending"})
"""The states in which a reservation holds capacity, or is about to.

All others have ended, failed or not begun:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reservation that this stack manages."""

    id: str
    key: TargetKey
    count: int
    """Instances that it reserves, used or not."""
    state: str
    platform: str = "Linux/UNIX"
    tenancy: str = "default"
    created: str = ""
    """When it was made, ISO 8601: the oldest is the one that grows."""
    in_use: int = 0
    """Instances that run in it."""
    is_adopted: bool = False
    """A person tagged it; the system did not make it and never gives it back."""

    @property
    def is_held(self) -> bool:
        """Whether its instances count as held."""
        return self.state in HELD_STATES

    @property
    def is_growable(self) -> bool:
        """Whether EC2 lets its count be changed."""
        return self.state == "active"

    def serves(self, options: ReservationOptions) -> bool:
        """Whether instances of these options can run in it; neither can be changed later."""
        return self.platform == options.platform and self.tenancy == options.tenancy


def held(reservations: Iterable[Reservation]) -> int:
    """Instances that these reservations hold together."""
    return sum(reservation.count for reservation in reservations if reservation.is_held)


def duplicates(reservations: Iterable[Reservation], known_ids: Collection[str]) -> list[Reservation]:
    """Those that can only be a purchase made twice, newest first; pending ones cannot be given back yet.

    A target has one reservation, which grows. Another one that the system made, and that no run has recorded, is what a
    creation left whose answer was lost while EC2 did not show it either. If none is recorded, the oldest is what there
    is to be.

    Args:
        reservations: all that serve one target.
        known_ids: those that a run recorded, and not as bought twice.
    """
    by_age = sorted(reservations, key=lambda reservation: (reservation.created, reservation.id), reverse=True)
    is_any_known = any(one.id in known_ids for one in by_age)
    candidates = by_age if is_any_known else by_age[:-1]
    return [one for one in candidates if not one.is_adopted and one.id not in known_ids]
