"""What is held in one pool beside what a run recorded of it, and what of that was bought too much."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import Amount, amount
from odcr.domain.reservation import Reduction, Reservation, duplicates, held, reductions
from odcr.domain.target import TargetKey, units
from odcr.domain.wire import MAX_IDS


@dataclass(frozen=True, slots=True)
class Stock:
    """What is held in one pool for a demand."""

    key: TargetKey
    serving: Sequence[Reservation]
    """The reservations that count for it."""
    recorded_ids: Sequence[str] = ()
    """Those that the last run recorded, and not as bought twice."""
    kept: int = 0
    """Instances that it recorded, and not as bought too much."""
    more_ids: int = 0
    """Reservations that it recorded without naming them."""
    weight: Amount = 1

    @property
    def newest_first(self) -> list[Reservation]:
        """The reservations in the order in which they are given back."""
        return sorted(self.serving, key=lambda reservation: (reservation.created, reservation.id), reverse=True)

    @property
    def duplicates(self) -> list[Reservation]:
        """What can only be a purchase made twice."""
        return duplicates(self.serving, self.recorded_ids, self.more_ids)

    @property
    def is_named(self) -> bool:
        """Whether it is known of each reservation if it was recorded."""
        return not self.more_ids and len(self.serving) <= MAX_IDS


def surplus(
    stocks: Sequence[Stock], allocation: Allocation, last_total: Amount | None, *, has_rivals: bool, can_now: bool
) -> dict[TargetKey, list[Reduction]]:
    """What was bought too much, of what this stack made and, in a group, nobody uses.

    A row has one reservation that grows, so what was bought twice is another reservation that no run has recorded. Two
    attempts at a group side by side may also have bought in two pools what was wanted once. EC2 has no operation over
    two, and does not say who made a reservation grow. But as long as less than the total is recorded as held, and has
    stayed, attempts were asking, and so may one of a run that recorded nothing: what is held beyond the record and the
    total is then theirs. Otherwise somebody else made it grow, or the record is lost, and only a second reservation in
    a pool is given back, if no run has recorded it.

    Args:
        stocks: of each pool.
        allocation: the pools as they stand.
        last_total: of a group, units that were wanted when it was recorded: what a total that was lowered since leaves
            above it is not given back unasked. None: of a row, or of a group that is not recorded.
        has_rivals: whether a run that recorded nothing may have bought a moment ago.
        can_now: whether what EC2 cannot take back yet is left out.

    Returns:
        By pool, which reservations give how much, the newest first. What is left holds the total.
    """
    is_group = stocks[0].key.group
    total = allocation.total if last_total is None else max(allocation.total, last_total)
    excess = amount(max(0, allocation.held - total))
    if not is_group:
        (stock,) = stocks
        twice = [reservation for reservation in stock.duplicates if reservation.can_be_given_back or not can_now]
        return {stock.key: reductions(twice, int(excess), lambda reservation: reservation.count)}
    stayed = units((min(held(stock.serving), stock.kept), stock.weight) for stock in stocks)
    with_growth = has_rivals or (last_total is not None and stayed < total)
    spare = {stock.key: _spare(stock, with_growth=with_growth, can_now=can_now) for stock in stocks}
    counts = allocation.to_give_back(excess, {key: sum(spare_there.values()) for key, spare_there in spare.items()})

    def spare_of(reservation: Reservation) -> int:
        return spare[reservation.key].get(reservation.id, 0)

    return {stock.key: reductions(stock.newest_first, counts.get(stock.key, 0), spare_of) for stock in stocks}


def _spare(stock: Stock, *, with_growth: bool, can_now: bool) -> dict[str, int]:
    """Of each reservation, the instances that attempts may have bought and nobody uses."""
    if not stock.is_named:
        return {}
    recorded = [reservation for reservation in stock.serving if reservation.id in stock.recorded_ids]
    growth = max(0, held(recorded) - stock.kept) if with_growth else 0
    tokens = Counter(reservation.made for reservation in stock.serving if reservation.made)
    # Where none is recorded, the oldest is what there is to be.
    oldest = stock.newest_first[-1].id if stock.serving and not recorded else ""
    spare = {}
    for reservation in stock.newest_first:
        if tokens[reservation.made] > 1 and reservation.id not in stock.recorded_ids:
            # Split off by a person, for EC2 makes one of each token.
            continue
        if not (reservation.can_be_given_back if can_now else reservation.may_be_released):
            continue
        unused = max(0, reservation.count - reservation.in_use)
        if reservation.id == oldest:
            spare[reservation.id] = unused if with_growth else 0
        elif reservation.id in stock.recorded_ids:
            spare[reservation.id] = min(unused, growth)
            growth -= spare[reservation.id]
        else:
            spare[reservation.id] = unused
    return spare
