"""What one attempt at a target needs, has achieved so far, and gives back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from odcr.domain.ladder import MAX_STEP
from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import OF_THE_MOMENT, Changed, NoCapacity, QuotaReached, Refusal
from odcr.domain.reservation import Reservation, duplicates, held, ids_of
from odcr.domain.shortfall import Shortfall
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


@dataclass(frozen=True, slots=True)
class Reduction:
    """A reservation that is to hold less."""

    reservation: Reservation
    kept: int
    """Instances that it holds afterwards; with 0 it is cancelled."""


def reductions(
    reservations: Iterable[Reservation], excess: int, spare: Callable[[Reservation], int]
) -> list[Reduction]:
    """Which reservations give how much: the first ones all that they can, until the excess is gone.

    Args:
        reservations: in the order in which they are to give.
        excess: instances to give back.
        spare: how many instances a reservation can give.

    Returns:
        At most `excess` instances, in one reduction for each reservation that gives any.
    """
    found = []
    for one in reservations:
        given = min(excess, spare(one))
        if given > 0:
            found.append(Reduction(one, one.count - given))
            excess -= given
    return found


def give_back(progress: Progress, planned: Sequence[Reduction], ec2: Ec2, turn: Callable[[], bool]) -> None:
    """Reduces and cancels as planned, and ends early if there is no turn any more.

    All counts are absolute, so repeating it is harmless. A reservation that stays comes before those that end: when
    those are cancelled, EC2 has confirmed what stays. One that EC2 does not take back is left, and told.

    Args:
        progress: is told of each reduction when it is made.
        planned: what is to be given back.
        ec2: the way to EC2.
        turn: waits for the turn of the next request; False if there is none.

    Raises:
        Refusal: if it is to be asked again, or if somebody changed something meanwhile.
    """
    for reduction in sorted(planned, key=lambda one: one.kept == 0):
        reservation = reduction.reservation
        while reservation.count > reduction.kept:
            if not turn():
                return
            progress.calls += 1
            # One request changes a count by so much at most; a cancellation has no limit.
            count = max(reduction.kept, reservation.count - MAX_STEP) if reduction.kept else 0
            try:
                if count:
                    ec2.resize(reservation, count)
                else:
                    _end(reservation, ec2)
            except (*OF_THE_MOMENT, Changed):
                raise
            except Refusal as refusal:
                progress.unchangeable[reservation.id] = refusal
                break
            reservation = replace(reservation, count=count)
            progress.take_over(reservation)


def confirm(progress: Progress, planned: Sequence[Reduction], ec2: Ec2, turn: Callable[[], bool]) -> bool:
    """Makes sure of the reservations that stay as they are, before anything is given up for their sake.

    A describe may lag: it may show a reservation that a person has just cancelled, or reduced. So whatever stays is set
    to the count that it has, which EC2 refuses if the reservation has ended.

    Args:
        progress: what is held.
        planned: what is to be given back.
        ec2: the way to EC2.
        turn: waits for the turn of the next request; False if there is none.

    Returns:
        Whether all that stays was confirmed; False if there was no turn, or one cannot be confirmed.

    Raises:
        Changed: if something that was to stay is not there as it was shown.
        Refusal: if it is to be asked again.
    """
    changing = {reduction.reservation.id for reduction in planned}
    for one in progress.held:
        if one.id in changing:
            continue
        if one.state == "pending" or not turn():
            return False
        if not one.is_changeable:
            # A fleet's: there is no request that has no effect on it.
            continue
        progress.calls += 1
        try:
            ec2.resize(one, one.count)
        except (NoCapacity, QuotaReached) as shortage:
            # To a request for no more than there is: it is less by now.
            raise Changed(shortage.code, shortage.message) from None
        except (*OF_THE_MOMENT, Changed):
            raise
        except Refusal as refusal:
            progress.unchangeable[one.id] = refusal
            return False
    return True


def _end(reservation: Reservation, ec2: Ec2) -> None:
    try:
        ec2.cancel(reservation)
    except Changed:
        # It has ended before: so a request finds it that was not answered and is sent again.
        return
