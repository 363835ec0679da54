"""What `odcr release` gives back of a demand, by the product's own rules: docs/how-to/give-capacity-back.md.

Only unused instances, the newest reservations first, and only what odcr made, unless more is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from odcr_cli.demands import Demand, Pool
from odcr_cli.reservations import Reservation, serving, units_of_one

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Reduction:
    """What one reservation is to give."""

    reservation: Reservation
    given: int
    """Instances."""

    @property
    def kept(self) -> int:
        """Instances that it holds afterwards; with 0 it is cancelled."""
        return self.reservation.count - self.given


@dataclass(frozen=True)
class Left:
    """A reservation that gives less than it might, and why."""

    reservation: Reservation
    reason: str


@dataclass(frozen=True)
class GivingBack:
    """What a release comes to."""

    held: Decimal
    """Units held before."""
    excess: Decimal
    """Units above what is to be kept."""
    reductions: tuple[Reduction, ...]
    left: tuple[Left, ...]
    remaining: Decimal
    """Units above what is to be kept that cannot be given back now."""

    @property
    def instances(self) -> int:
        """Instances that are given back."""
        return sum(one.given for one in self.reductions)


def giving_back(
    demand: Demand, reservations: Iterable[Reservation], keep: Decimal, *, also_adopted: bool = False
) -> GivingBack:
    """What is to be given back so that no more than `keep` is held, if that is possible.

    Args:
        demand: the demand, whose pools come the most wanted first.
        reservations: those that there are.
        keep: units to keep.
        also_adopted: whether what a person put under odcr's care is given back as well.

    Raises:
        Trouble: if nobody knows how many units are held.
    """
    mine = [one for one in serving(demand, reservations) if one.is_held]
    fitting = [one for one in mine if one.fits(demand)]
    weights = {one.id: units_of_one(one, demand) for one in fitting}
    held = sum((one.count * weights[one.id] for one in fitting), Decimal(0))
    excess = left_over = max(Decimal(0), held - keep)
    reasons = {one.id: reason for one in mine if (reason := _why_not(one, demand, also_adopted=also_adopted))}
    if keep and any(one.state == "pending" for one in mine):
        # It may fail, and what is given back now would be missing then.
        reasons = {one.id: "EC2 is still providing some of it; repeat the command in some minutes" for one in mine}
    given: dict[str, int] = {}
    for keeps_least in (True, False):
        for pool in _least_wanted_first(demand):
            here = [one for one in fitting if one.is_in(pool)]
            room = sum(one.count for one in here) - sum(given.get(one.id, 0) for one in here)
            room -= pool.least if keeps_least else 0
            for one in sorted(here, key=lambda one: (one.created or _BEGINNING, one.id), reverse=True):
                spare = 0 if one.id in reasons else one.unused - given.get(one.id, 0)
                count = max(0, min(spare, room, int(left_over // weights[one.id])))
                given[one.id] = given.get(one.id, 0) + count
                left_over -= count * weights[one.id]
                room -= count
    reductions = [Reduction(one, given[one.id]) for one in _in_order(fitting) if given.get(one.id)]
    left = [Left(one, reasons[one.id]) for one in mine if one.id in reasons and excess]
    if left_over:
        used = [one for one in fitting if one.id not in reasons and one.used]
        left += [Left(one, f"{one.used} of {one.count} are in use") for one in used]
    return GivingBack(held, excess, tuple(reductions), tuple(left), left_over)


def now_given(reduction: Reduction, seen: Reservation | None) -> int:
    """How much of a reduction is still to be made of a reservation as it is now.

    Args:
        reduction: as it was planned.
        seen: the reservation, described a moment ago; None if it is gone.
    """
    if seen is None or seen.state != "active":
        return 0
    # What somebody took out of it meanwhile has been given back already.
    return max(0, min(seen.count - reduction.kept, seen.unused))


def _least_wanted_first(demand: Demand) -> Sequence[Pool]:
    removed = [pool for pool in demand.pools if not pool.is_member]
    return [*removed, *reversed([pool for pool in demand.pools if pool.is_member])]


def _in_order(reservations: Sequence[Reservation]) -> list[Reservation]:
    return sorted(reservations, key=lambda one: (one.pool, one.created or _BEGINNING, one.id), reverse=True)


def _why_not(one: Reservation, demand: Demand, *, also_adopted: bool) -> str:
    """Why a reservation gives nothing; empty if it may."""
    reasons = (
        (not one.fits(demand), f"it is for {one.platform}, tenancy {one.tenancy}, which the demand is not"),
        (one.state == "pending", "EC2 is still providing it; repeat the command in some minutes"),
        (not one.kind.is_changeable, f"it is {one.kind}, whose count is not odcr's to change"),
        (one.is_committed, "its commitment has not ended"),
        (bool(one.lent), f"{one.lent} of it are lent out"),
        (not (one.is_made or also_adopted), "a person put it under odcr's care: --also-adopted gives it back as well"),
    )
    return next((reason for is_so, reason in reasons if is_so), "")
