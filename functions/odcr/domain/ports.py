"""What the domain needs of its surroundings."""

from collections.abc import Sequence
from typing import Protocol

from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, TargetKey


class Ec2(Protocol):
    """What the acquisition needs of EC2. Every method may raise a `Refusal`."""

    def find(self, key: TargetKey) -> list[Reservation]:
        """This stack's reservations for the key, in every state."""

    def find_all(self, key: TargetKey) -> list[Reservation]:
        """The account's reservations for the key, in every state, whatever their tags."""

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        """Makes a reservation of exactly this many instances, or none; the same for the same arguments."""

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds."""

    def cancel(self, reservation: Reservation) -> None:
        """Gives a reservation back."""


class Turns(Protocol):
    """When the next request may be sent."""

    has_waited: bool
    """Whether the last one had to wait."""

    def allows_another(self) -> bool:
        """Waits for the turn; False if the attempt's time is up."""
