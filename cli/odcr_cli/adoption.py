"""Which untagged reservations `odcr adopt` puts under odcr's care: docs/how-to/look-after-reservations.md.

An adopted reservation counts for its demand and grows with it. odcr never gives it back.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.demands import Demand
from odcr_cli.reservations import GROUP_TAG, OWNER_TAG, Reservation, Whose, reservations_for, units_per_instance
from odcr_cli.trouble import Trouble


@dataclass(frozen=True)
class Adoption:
    """A reservation to tag, and the demand that it will count for."""

    reservation: Reservation
    demand: Demand

    def tags(self, owner: str) -> dict[str, str]:
        """The tags to add."""
        return {OWNER_TAG: owner} | ({GROUP_TAG: self.demand.name} if self.demand.is_group else {})


@dataclass(frozen=True)
class NotAdopted:
    """A reservation that is not adopted, and why."""

    reservation: Reservation
    reason: str


def plan_adoptions(
    reservations: Iterable[Reservation], demands: Sequence[Demand], ids: Collection[str], group: str
) -> tuple[list[Adoption], list[NotAdopted]]:
    """What can be adopted; and what cannot, though it was named or is in a wanted pool.

    Args:
        reservations: all that exist.
        demands: all that exist.
        ids: the reservations to adopt; empty for all untagged ones in pools that demands name.
        group: the group that they will count for; empty to choose by pool.

    Raises:
        Trouble: if there is no such reservation, or no such group.
    """
    every = {reservation.id: reservation for reservation in reservations}
    if unknown := [id_ for id_ in ids if id_ not in every]:
        raise Trouble(
            f"There is no reservation {unknown[0]} that holds anything in a Region that demands name. Correct the id."
        )
    wanted = [demand for demand in demands if demand.is_there]
    if group:
        wanted = [demand for demand in wanted if demand.is_group and demand.name == group]
        if not wanted:
            raise Trouble(f"There is no group {group!r}. `odcr groups list` shows those that there are.")
    adopted: list[Adoption] = []
    left: list[NotAdopted] = []
    for reservation in (every[id_] for id_ in ids) if ids else every.values():
        here = [demand for demand in wanted if any(reservation.is_in(pool) and pool.is_member for pool in demand.pools)]
        if not ids and (not here or reservation.whose is not Whose.NOBODYS):
            continue
        if reason := _why_not(reservation, here, group):
            left.append(NotAdopted(reservation, reason))
        else:
            # Without a group tag it would count for the row, so a fitting row takes precedence.
            fitting = [demand for demand in here if reservation.fits(demand)]
            adopted.append(
                Adoption(reservation, next((demand for demand in fitting if not demand.is_group), fitting[0]))
            )
    return adopted, left


def held_after(
    demand: Demand, reservations: Sequence[Reservation], adopted: Sequence[Adoption]
) -> tuple[Decimal, Decimal]:
    """The units that a demand holds before and after.

    Raises:
        Trouble: if an instance's units are not recorded yet.
    """

    def units(reservation: Reservation) -> Decimal:
        return reservation.count * units_per_instance(reservation, demand)

    before = sum(
        (units(reservation) for reservation in reservations_for(demand, reservations) if reservation.is_held),
        Decimal(0),
    )
    more = sum((units(adoption.reservation) for adoption in adopted if adoption.demand is demand), Decimal(0))
    return before, before + more


def _why_not(reservation: Reservation, here: Sequence[Demand], group: str) -> str:
    """Why a reservation cannot be adopted; empty if it can."""
    if reservation.whose is not Whose.NOBODYS:
        return (
            f"{OWNER_TAG} says that it is {reservation.whose}'s"
            if reservation.whose is not Whose.OURS
            else "it is odcr's already"
        )
    if not here:
        return f"no demand{' of that name' if group else ''} wants {reservation.pool}: add one first"
    if not reservation.kind.is_counted:
        return f"it is {reservation.kind}, which counts for no demand"
    if not reservation.is_held:
        return f"it is {reservation.state}; adopt it once it is active"
    if not any(reservation.fits(demand) for demand in here):
        kind = f"{reservation.platform}, tenancy {reservation.tenancy}"
        return f"it is for {kind}: set these options of {here[0].name} first"
    if all(demand.is_group for demand in here) and len(here) > 1:
        names = ", ".join(demand.name for demand in here)
        return f"several groups want its pool ({names}): say which with --group"
    return ""
