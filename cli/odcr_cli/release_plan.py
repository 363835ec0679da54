"""What `odcr release` gives back for a demand, by the product's own rules: docs/how-to/give-capacity-back.md.

Only unused instances, newest reservations first, and by default only reservations that odcr made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from odcr_cli.demands import Demand, Pool
from odcr_cli.reservations import Reservation, reservations_for, units_per_instance

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Reduction:
    """How many instances to take from a reservation."""

    reservation: Reservation
    given: int
    """Instances."""

    @property
    def kept(self) -> int:
        """The instances that it holds afterwards; if 0, it is cancelled."""
        return self.reservation.count - self.given


@dataclass(frozen=True)
class Retained:
    """A reservation that keeps more than it should, and why."""

    reservation: Reservation
    reason: str


@dataclass(frozen=True)
class ReleasePlan:
    """What a release gives back and what it leaves."""

    held: Decimal
    """The units held before."""
    excess: Decimal
    """The units held above what to keep."""
    reductions: tuple[Reduction, ...]
    left: tuple[Retained, ...]
    remaining: Decimal
    """The part of the excess that cannot be given back now."""

    @property
    def instances(self) -> int:
        """The instances to give back."""
        return sum(reduction.given for reduction in self.reductions)


def plan_release(
    demand: Demand, reservations: Iterable[Reservation], keep: Decimal, *, also_adopted: bool
) -> ReleasePlan:
    """Plans how to hold no more than `keep`, as far as possible.

    Args:
        demand: the demand, with its pools in order of priority.
        reservations: all that exist.
        keep: the units to keep.
        also_adopted: whether to give back adopted reservations too.

    Raises:
        Trouble: if an instance's units are not recorded yet.
    """
    mine = [reservation for reservation in reservations_for(demand, reservations) if reservation.is_held]
    fitting = [reservation for reservation in mine if reservation.fits(demand)]
    weights = {reservation.id: units_per_instance(reservation, demand) for reservation in fitting}
    held = sum((reservation.count * weights[reservation.id] for reservation in fitting), Decimal(0))
    excess = left_over = max(Decimal(0), held - keep)
    reasons = {
        reservation.id: reason
        for reservation in mine
        if (reason := _why_not(reservation, demand, also_adopted=also_adopted))
    }
    if keep and any(reservation.state == "pending" for reservation in mine):
        # If the pending one fails, what was given back would be missing.
        reasons = {
            reservation.id: "EC2 is still providing some of it; repeat the command in some minutes"
            for reservation in mine
        }
    given: dict[str, int] = {}
    for keeps_least in (True, False):
        for pool in _least_wanted_first(demand):
            here = [reservation for reservation in fitting if reservation.is_in(pool)]
            room = sum(reservation.count for reservation in here) - sum(
                given.get(reservation.id, 0) for reservation in here
            )
            room -= pool.least if keeps_least else 0
            for reservation in sorted(
                here, key=lambda reservation: (reservation.created or _BEGINNING, reservation.id), reverse=True
            ):
                spare = 0 if reservation.id in reasons else reservation.unused - given.get(reservation.id, 0)
                count = max(0, min(spare, room, int(left_over // weights[reservation.id])))
                given[reservation.id] = given.get(reservation.id, 0) + count
                left_over -= count * weights[reservation.id]
                room -= count
    reductions = [
        Reduction(reservation, given[reservation.id]) for reservation in _in_order(fitting) if given.get(reservation.id)
    ]
    left = [
        Retained(reservation, reasons[reservation.id]) for reservation in mine if reservation.id in reasons and excess
    ]
    if left_over:
        used = [reservation for reservation in fitting if reservation.id not in reasons and reservation.used]
        left += [Retained(reservation, f"{reservation.used} of {reservation.count} are in use") for reservation in used]
    return ReleasePlan(held, excess, tuple(reductions), tuple(left), left_over)


def instances_to_give(reduction: Reduction, seen: Reservation | None) -> int:
    """How many instances to give back now, given the reservation's current state.

    Args:
        reduction: the planned reduction.
        seen: the reservation's current state; None if it is gone.
    """
    if seen is None or seen.state != "active":
        return 0
    # Count what somebody has already taken out of it meanwhile.
    return max(0, min(seen.count - reduction.kept, seen.unused))


def _least_wanted_first(demand: Demand) -> Sequence[Pool]:
    removed = [pool for pool in demand.pools if not pool.is_member]
    return [*removed, *reversed([pool for pool in demand.pools if pool.is_member])]


def _in_order(reservations: Sequence[Reservation]) -> list[Reservation]:
    return sorted(
        reservations,
        key=lambda reservation: (reservation.pool, reservation.created or _BEGINNING, reservation.id),
        reverse=True,
    )


def _why_not(reservation: Reservation, demand: Demand, *, also_adopted: bool) -> str:
    """Why a reservation gives nothing back; empty if it may."""
    reasons = (
        (
            not reservation.fits(demand),
            f"it is for {reservation.platform}, tenancy {reservation.tenancy}, which the demand is not",
        ),
        (reservation.state == "pending", "EC2 is still providing it; repeat the command in some minutes"),
        (not reservation.kind.is_changeable, f"it is {reservation.kind}, whose count is not odcr's to change"),
        (reservation.is_committed, "its commitment has not ended"),
        (bool(reservation.lent), f"{reservation.lent} of it are lent out"),
        (
            not (reservation.is_made or also_adopted),
            "it was adopted: --also-adopted gives it back as well",
        ),
    )
    return next((reason for is_so, reason in reasons if is_so), "")
