"""What one attempt at a target has achieved so far."""

from dataclasses import dataclass, field

from odcr.domain.outcome import Outcome
from odcr.domain.refusal import Refusal
from odcr.domain.reservation import Reservation, duplicates, held, ids_of
from odcr.domain.shortfall import Shortfall
from odcr.domain.status import Status


@dataclass(slots=True)
class Progress:
    """What is held, and what it took, while an attempt goes on."""

    shortfall: Shortfall
    reservations: list[Reservation] | None = None
    """What this stack holds; None until EC2 was asked."""
    astray: list[Reservation] = field(default_factory=list)
    """What is held for the target without this stack's tag: it was removed, or split off."""
    astray_count: int = 0
    """Instances held astray: no more than a run recorded, for what grew since grew for somebody else."""
    lent: int = 0
    """Instances that were recorded, and are lent out as an interruptible reservation now."""
    lost: int = 0
    """Instances that were recorded and are gone."""
    calls: int = 0
    refused_creations: int = 0
    returned: int = 0
    """Instances that were bought twice and given back."""
    may_have_released: bool = False
    """Whether this attempt, or one before it in the same run, may have given anything back for a lowered target."""
    unchangeable: dict[str, Refusal] = field(default_factory=dict)
    """Reservations whose count EC2 would not change, by id."""

    @property
    def held(self) -> list[Reservation]:
        """What this stack holds; nothing before EC2 was asked."""
        return self.reservations or []

    @property
    def managed(self) -> int:
        """Instances that this stack holds; before EC2 was asked, as the run saw them."""
        return self.shortfall.reserved if self.reservations is None else held(self.reservations)

    @property
    def reserved(self) -> int:
        """Instances held, those astray included; before EC2 was asked, as the record stands."""
        return self.shortfall.standing if self.reservations is None else self.managed + self.astray_count + self.lent

    @property
    def lenders(self) -> list[Reservation]:
        """Reservations part of which is lent out."""
        return [one for one in self.held if one.lent]

    @property
    def is_astray(self) -> bool:
        """Whether some of what is held has left this stack's hands."""
        return bool(self.astray or self.lenders)

    @property
    def is_pending(self) -> bool:
        """Whether EC2 is still providing some of what is held."""
        return any(one.state == "pending" for one in self.held)

    @property
    def excess(self) -> int:
        """Instances that this stack holds above the target."""
        return max(0, self.managed - self.shortfall.target)

    @property
    def released(self) -> int:
        """Instances that the run gave back because the target was lowered, whether that was answered or not."""
        return max(0, self.shortfall.reserved - self.managed) if self.may_have_released else 0

    def take_over(self, reservation: Reservation) -> None:
        """What a reservation holds now; with a count of 0 it has ended."""
        others = [one for one in self.held if one.id != reservation.id]
        self.reservations = [*others, reservation] if reservation.count else others

    def outcome(self, status: Status, reason: str = "") -> Outcome:
        """The attempt's outcome as it stands."""
        ids, twice = self.shortfall.standing_ids, self.shortfall.duplicate_ids
        if self.reservations is not None:
            ids = ids_of((*self.held, *self.astray))
            twice = (
                ids_of(duplicates(self.held, self.shortfall.recorded_ids, self.shortfall.more_ids))
                if self.excess
                else ()
            )
        return Outcome(
            key=self.shortfall.key,
            status=status,
            target=self.shortfall.target,
            reserved=self.reserved,
            reservation_ids=ids,
            duplicate_ids=twice,
            acquired=-self.released or max(0, self.managed - self.shortfall.reserved),
            calls=self.calls,
            lost=self.lost,
            reason=reason,
            more_ids=self.shortfall.more_ids if self.reservations is None else 0,
        )
