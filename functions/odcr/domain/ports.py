"""What an attempt needs of the world: EC2, and a purse."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from odcr.domain.reservation import Reservation
from odcr.domain.target import ReservationOptions, TargetKey


class Ec2(Protocol):
    """What an attempt needs of EC2. Every method may raise a `Refusal`."""

    def find(self, *keys: TargetKey) -> list[Reservation]:
        """This stack's reservations for a row, or for several pools of one group, in every state."""

    def find_all(self, key: TargetKey) -> list[Reservation]:
        """The account's reservations for the key, in every state, whatever their tags."""

    def create(
        self, key: TargetKey, options: ReservationOptions, count: int, observed: Sequence[Reservation], occasion: str
    ) -> Reservation:
        """Makes a reservation of exactly this many instances; once only for the same arguments."""

    def resize(self, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds."""

    def cancel(self, reservation: Reservation) -> None:
        """Gives a reservation back."""

    def adjust(self, reservation: Reservation, options: ReservationOptions) -> None:
        """Sets when a reservation ends and which instances may use it."""

    def tag(self, reservation: Reservation, tags: Mapping[str, str], removed: Sequence[str]) -> None:
        """Sets tags of a reservation, and removes others."""

    def join(self, reservation: Reservation, group: str) -> None:
        """Puts a reservation into a resource group."""


class Purse(Protocol):
    """What pays for purchases under the stack's cap."""

    def take(self, cost: Decimal) -> bool:
        """Counts a purchase at its hourly cost; False if the cap does not allow it."""

    def put_back(self, cost: Decimal) -> None:
        """Undoes `take` for what was definitely not bought."""
