"""The surplus: what attempts bought beyond what was wanted, found by comparing a pool with its record."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from odcr.domain.allocation import Allocation
from odcr.domain.amounts import Amount, amount
from odcr.domain.reservation import Reduction, Reservation, duplicates, held, reductions
from odcr.domain.target import TargetKey, units
from odcr.domain.wire import MAX_IDS


@dataclass(frozen=True, slots=True)
class HeldPool:
    """What is held in one pool for a demand, and its record."""

    key: TargetKey
    serving: Sequence[Reservation]
    """The reservations that count for the demand."""
    recorded_ids: Sequence[str]
    """The recorded reservations, without duplicates."""
    kept: int
    """Recorded instances, without a surplus."""
    more_ids: int
    """Recorded reservations that are not named."""
    weight: Amount
    """Units per instance."""

    @property
    def newest_first(self) -> list[Reservation]:
        """The reservations in the order in which to give them back."""
        return sorted(self.serving, key=lambda reservation: (reservation.created, reservation.id), reverse=True)

    @property
    def duplicates(self) -> list[Reservation]:
        """The reservations that can only have been bought twice."""
        return duplicates(self.serving, self.recorded_ids, self.more_ids)

    @property
    def is_named(self) -> bool:
        """Whether the record can tell for each reservation if it knows it."""
        return not self.more_ids and len(self.serving) <= MAX_IDS


def surplus(
    pools: Sequence[HeldPool], allocation: Allocation, last_total: Amount | None, *, has_rivals: bool, can_now: bool
) -> dict[TargetKey, list[Reduction]]:
    """What attempts bought beyond the total: only what this stack made and, in a group, what nobody uses.

    A row has one reservation, which grows. Its surplus is its duplicates: other reservations that no run has recorded.

    Two attempts at a group side by side may buy in two pools what was wanted once, as EC2 has no operation over two.
    They may also grow a recorded reservation, and EC2 does not say who made one grow. It was the attempts if they were
    asking: if less than the total was recorded and is still held, or if there was a rival. Then all growth beyond the
    record and the total is surplus. Otherwise somebody else may have made it grow, or the record is lost, and only a
    second, unrecorded reservation in a pool is surplus.

    Args:
        pools: one for each pool.
        allocation: the pools as they stand.
        last_total: units of a group that were wanted when it was recorded. What a lowered total leaves above it is no
            surplus. None for a row, or a group without a record.
        has_rivals: whether a run that recorded nothing may just have bought too.
        can_now: whether to leave out what EC2 does not take back yet.

    Returns:
        By pool, which reservations give how much, the newest first. What stays holds the total.
    """
    is_group = pools[0].key.group
    total = allocation.total if last_total is None else max(allocation.total, last_total)
    excess = amount(max(0, allocation.held - total))
    if not is_group:
        (pool,) = pools
        returnable = [reservation for reservation in pool.duplicates if reservation.can_be_given_back or not can_now]
        return {pool.key: reductions(returnable, int(excess), lambda reservation: reservation.count)}
    stayed = units((min(held(pool.serving), pool.kept), pool.weight) for pool in pools)
    with_growth = has_rivals or (last_total is not None and stayed < total)
    spare = {pool.key: _spare(pool, with_growth=with_growth, can_now=can_now) for pool in pools}
    counts = allocation.to_give_back(excess, {key: sum(spare_there.values()) for key, spare_there in spare.items()})

    def spare_of(reservation: Reservation) -> int:
        return spare[reservation.key].get(reservation.id, 0)

    return {pool.key: reductions(pool.newest_first, counts.get(pool.key, 0), spare_of) for pool in pools}


def _spare(pool: HeldPool, *, with_growth: bool, can_now: bool) -> dict[str, int]:
    """By reservation, the unused instances that attempts may have bought beyond the total."""
    if not pool.is_named:
        return {}
    recorded = [reservation for reservation in pool.serving if reservation.id in pool.recorded_ids]
    growth = max(0, held(recorded) - pool.kept) if with_growth else 0
    tokens = Counter(reservation.made for reservation in pool.serving if reservation.made)
    # If none is recorded, the oldest is the one to keep.
    oldest = pool.newest_first[-1].id if pool.serving and not recorded else ""
    spare = {}
    for reservation in pool.newest_first:
        if tokens[reservation.made] > 1 and reservation.id not in pool.recorded_ids:
            # EC2 makes one reservation per token, so a person split this one off another.
            continue
        if not (reservation.can_be_given_back if can_now else reservation.may_be_released):
            continue
        unused = max(0, reservation.count - reservation.in_use)
        if reservation.id == oldest:
            spare[reservation.id] = unused if with_growth else 0
        elif reservation.id in pool.recorded_ids:
            spare[reservation.id] = min(unused, growth)
            growth -= spare[reservation.id]
        else:
            spare[reservation.id] = unused
    return spare
