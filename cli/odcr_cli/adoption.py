"""What `odcr adopt` puts under odcr's care: reservations without anybody's tag.

A reservation that is tagged counts for its demand and grows with it, and odcr never gives it back:
docs/how-to/look-after-reservations.md.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.demands import Demand
from odcr_cli.reservations import GROUP_TAG, OWNER_TAG, Reservation, Whose, serving, units_of_one
from odcr_cli.trouble import Trouble


@dataclass(frozen=True)
class Adoption:
    """A reservation to be tagged, and the demand that it counts for then."""

    reservation: Reservation
    demand: Demand

    def tags(self, owner: str) -> dict[str, str]:
        """What it is tagged with."""
        return {OWNER_TAG: owner} | ({GROUP_TAG: self.demand.name} if self.demand.is_group else {})


@dataclass(frozen=True)
class NotAdopted:
    """A reservation that is left alone, and why."""

    reservation: Reservation
    reason: str


def adoptions(
    reservations: Iterable[Reservation], demands: Sequence[Demand], ids: Collection[str] = (), group: str = ""
) -> tuple[list[Adoption], list[NotAdopted]]:
    """What can be adopted, and what cannot, though it was named or is in a pool that is wanted.

    Args:
        reservations: those that there are.
        demands: those that somebody wants.
        ids: reservations that were named; empty: all untagged ones in pools that demands name.
        group: the group that they are to count for; empty: what their pool says.

    Raises:
        Trouble: if there is no such reservation, or no such group.
    """
    every = {one.id: one for one in reservations}
    if unknown := [one for one in ids if one not in every]:
        raise Trouble(
            f"There is no reservation {unknown[0]} that holds anything in a Region that demands name. Correct the id."
        )
    wanted = [one for one in demands if one.is_there]
    if group:
        wanted = [one for one in wanted if one.is_group and one.name == group]
        if not wanted:
            raise Trouble(f"There is no group {group!r}. `odcr groups list` shows those that there are.")
    found: list[Adoption] = []
    left: list[NotAdopted] = []
    for one in (every[id_] for id_ in ids) if ids else every.values():
        here = [demand for demand in wanted if any(one.is_in(pool) and pool.is_member for pool in demand.pools)]
        if not ids and (not here or one.whose is not Whose.NOBODYS):
            continue
        if reason := _why_not(one, here, group):
            left.append(NotAdopted(one, reason))
        else:
            # Without the group's tag it would be the row's, so where there is a row that it fits it stays that.
            fitting = [demand for demand in here if one.fits(demand)]
            found.append(Adoption(one, next((demand for demand in fitting if not demand.is_group), fitting[0])))
    return found, left


def held_after(
    demand: Demand, reservations: Sequence[Reservation], adopted: Sequence[Adoption]
) -> tuple[Decimal, Decimal]:
    """Units that a demand holds before and after.

    Raises:
        Trouble: if nobody knows how many these are.
    """

    def units(one: Reservation) -> Decimal:
        return one.count * units_of_one(one, demand)

    before = sum((units(one) for one in serving(demand, reservations) if one.is_held), Decimal(0))
    more = sum((units(one.reservation) for one in adopted if one.demand is demand), Decimal(0))
    return before, before + more


def _why_not(one: Reservation, here: Sequence[Demand], group: str) -> str:
    """Why a reservation is not adopted; empty if it is."""
    if one.whose is not Whose.NOBODYS:
        return f"{OWNER_TAG} says that it is {one.whose}'s" if one.whose is not Whose.OURS else "it is odcr's already"
    if not here:
        return f"no demand{' of that name' if group else ''} wants {one.pool}: add one first"
    if not one.kind.is_counted:
        return f"it is {one.kind}, which counts for no demand"
    if not one.is_held:
        return f"it is {one.state}; adopt it once it is active"
    if not any(one.fits(demand) for demand in here):
        return f"it is for {one.platform}, tenancy {one.tenancy}: write that into the options of {here[0].name} first"
    if all(demand.is_group for demand in here) and len(here) > 1:
        names = ", ".join(demand.name for demand in here)
        return f"several groups want its pool ({names}): say which with --group"
    return ""
