"""What one attempt at a target has achieved so far."""

from dataclasses import dataclass

from odcr.domain.outcome import Outcome
from odcr.domain.reservation import Reservation, duplicates, held
from odcr.domain.shortfall import Shortfall
from odcr.domain.status import Status


@dataclass(slots=True)
class Progress:
    """What is held, and what it took, while an attempt goes on."""

    shortfall: Shortfall
    reservations: list[Reservation] | None = None
    """What is held; None until EC2 was asked."""
    calls: int = 0
    returned: int = 0
    """Instances that were bought twice and given back."""
    may_have_released: bool = False
    """Whether this attempt, or one before it in the same run, may have given anything back for a lowered target."""

    @property
    def held(self) -> list[Reservation]:
        """What is held; nothing before EC2 was asked."""
        return self.reservations or []

    @property
    def reserved(self) -> int:
        """Instances held; before EC2 was asked, as the run saw them."""
        return self.shortfall.reserved if self.reservations is None else held(self.reservations)

    @property
    def released(self) -> int:
        """Instances that the run gave back because the target was lowered, whether that was answered or not."""
        return max(0, self.shortfall.reserved - self.reserved) if self.may_have_released else 0

    def take_over(self, reservation: Reservation) -> None:
        """What a reservation holds now; with a count of 0 it has ended."""
        others = [one for one in self.held if one.id != reservation.id]
        self.reservations = [*others, reservation] if reservation.count else others

    def outcome(self, status: Status, reason: str = "") -> Outcome:
        """The attempt's outcome as it stands."""
        seen = tuple(reservation.id for reservation in self.held)
        twice: tuple[str, ...] = self.shortfall.duplicate_ids
        if self.reservations is not None:
            excess = self.reserved > self.shortfall.target
            twice = tuple(one.id for one in duplicates(self.held, self.shortfall.recorded_ids)) if excess else ()
        return Outcome(
            key=self.shortfall.key,
            status=status,
            target=self.shortfall.target,
            reserved=self.reserved,
            reservation_ids=self.shortfall.reservation_ids if self.reservations is None else seen,
            duplicate_ids=twice,
            acquired=-self.released or max(0, self.reserved - self.shortfall.reserved),
            calls=self.calls,
            reason=reason,
        )
