"""How a demand's total is spread over its pools: where to ask next, for how many, and which pool gives back first.

A row has one pool. A group's pools, weights and strategies are those of AWS's Capacity Reservation Fleets:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-cr-fleet.html
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from odcr.domain.amounts import Amount, amount
from odcr.domain.target import Strategy, TargetKey, units


@dataclass(frozen=True, slots=True)
class PoolState:
    """One pool as it stands."""

    key: TargetKey
    held: int
    """Instances held."""
    weight: Amount = 1
    """Units per instance."""
    least: int = 0
    """Fewest instances to hold there."""
    most: int | None = None
    """Most instances to hold there; None: any number."""
    may_buy: bool = True
    """Whether EC2 may be asked for more there."""
    is_removed: bool = False
    """Whether it is no longer a member of its group."""
    affordable: int | None = None
    """Instances that a cap allows to add; None: any number."""

    @property
    def room(self) -> int | None:
        """Instances that `most` allows to add; None: any number."""
        return None if self.most is None else max(0, self.most - self.held)

    @property
    def unmet(self) -> int:
        """Instances missing to `least`."""
        return max(0, self.least - self.held)

    @property
    def zone(self) -> str:
        """Its Availability Zone."""
        return self.key.zone


@dataclass(frozen=True, slots=True)
class Allocation:
    """A demand's total, and its pools in order of priority."""

    pools: Sequence[PoolState]
    total: Amount
    strategy: Strategy = Strategy.prioritized
    allows_overshoot: bool = False

    @property
    def held(self) -> Amount:
        """Units held."""
        return units((pool.held, pool.weight) for pool in self.pools)

    @property
    def missing(self) -> Amount:
        """Units missing."""
        return amount(max(0, self.total - self.held))

    @property
    def is_full(self) -> bool:
        """Whether something is missing while every pool holds its most."""
        return bool(self.missing) and not any(pool.room != 0 for pool in self._members)

    @property
    def has_rest(self) -> bool:
        """Whether less is missing than one instance of any pool with room counts for."""
        return self.missing > 0 and not (self.is_full or self._fits)

    @property
    def is_met(self) -> bool:
        """Whether everything is held that the total and the weights allow."""
        return not self.missing or (self.has_rest and not self.allows_overshoot)

    @property
    def is_excess(self) -> bool:
        """Whether at least one instance more is held than needed.

        With `allows_overshoot`, an excess smaller than one instance of any pool with room does not count.
        """
        excess = self.held - self.total
        weights = [pool.weight for pool in self._members if pool.room != 0] if self.allows_overshoot else []
        return any(pool.held and pool.weight <= excess for pool in self.pools) and excess >= min(weights, default=0)

    @property
    def spare(self) -> Amount:
        """Units above the total that could be given back if nobody used them."""
        given = self.to_give_back(amount(max(0, self.held - self.total)), {pool.key: pool.held for pool in self.pools})
        return units((given.get(pool.key, 0), pool.weight) for pool in self.pools)

    def to_ask_next(self, dry: Collection[TargetKey] = ()) -> tuple[TargetKey, int] | None:
        """The pool to ask next, and for how many instances at most; None if there is nothing to ask for.

        Pools below their least come first. While one of them is dry, its share of the total is kept for it; not if it
        may not be asked at all.

        Args:
            dry: pools not to ask again.
        """
        asked = [pool for pool in self.pools if pool.may_buy and pool.key not in dry]
        askable = self._askable()
        for pool in asked:
            if pool.unmet and (count := min(pool.unmet, askable(pool))) > 0:
                return pool.key, count
        if self.allows_overshoot and self.has_rest:
            covering = [pool for pool in asked if pool.room != 0 and pool.affordable != 0]
            smallest = min(covering, key=lambda pool: pool.weight, default=None)
            return (smallest.key, 1) if smallest else None
        able = ((pool, count) for pool in asked if (count := askable(pool)) > 0)
        if self.strategy is Strategy.prioritized:
            return next(((pool.key, count) for pool, count in able), None)
        candidates = list(able)
        return self._evenly(candidates) if candidates else None

    def to_give_back(self, excess: Amount, spare: Mapping[TargetKey, int]) -> dict[TargetKey, int]:
        """How many instances each pool gives back.

        Pools give in reverse order of priority, and go below their least only once all others have given. With
        `balanced`, the zone that holds most gives first.

        Args:
            excess: units to give back at most.
            spare: instances that each pool can give back.
        """
        given: dict[TargetKey, int] = {}

        def give(pool: PoolState, most: int) -> None:
            nonlocal excess
            count = min(most, int(excess // pool.weight))
            if count > 0:
                given[pool.key] = given.get(pool.key, 0) + count
                excess = amount(excess - count * pool.weight)

        for keeps_least in (True, False):

            def left_of(pool: PoolState, keeps_least: bool = keeps_least) -> int:
                left = spare.get(pool.key, 0) - given.get(pool.key, 0)
                above = pool.held - given.get(pool.key, 0) - pool.least
                return max(0, min(left, above) if keeps_least else left)

            for pool in (pool for pool in self.pools if pool.is_removed):
                give(pool, left_of(pool))
            if self.strategy is Strategy.balanced:
                while able := [pool for pool in self.pools if left_of(pool) and pool.weight <= excess]:
                    zones = self._by_zone(given)
                    fullest = max(able, key=lambda pool: (zones[pool.zone], self.pools.index(pool)))
                    next_level = max((zones[pool.zone] for pool in able if pool.zone != fullest.zone), default=0)
                    above = (zones[fullest.zone] - next_level) // fullest.weight
                    # An even share of the excess: zones that hold equally much give at least that.
                    share = excess // (fullest.weight * len({pool.zone for pool in able}))
                    give(fullest, max(1, min(left_of(fullest), max(int(above), int(share)))))
            for pool in reversed(self.pools):
                give(pool, left_of(pool))
        return given

    @property
    def _members(self) -> list[PoolState]:
        return [pool for pool in self.pools if not pool.is_removed]

    @property
    def _fits(self) -> bool:
        return any(pool.room != 0 and pool.weight <= self.missing for pool in self._members)

    def _askable(self) -> Callable[[PoolState], int]:
        """Tells how many instances a pool may be asked for, without what is kept for pools below their least."""
        missing = self.missing
        unmet = {pool.key: pool.unmet * pool.weight for pool in self.pools if pool.unmet and pool.may_buy}
        kept = sum(unmet.values())
        kept_before = dict(zip(unmet, accumulate(unmet.values(), initial=0), strict=False))

        def askable(pool: PoolState) -> int:
            count = int(max(0, missing - kept + unmet.get(pool.key, 0)) // pool.weight)
            if pool.key in unmet:
                # If two pools below their least do not both fit, the one with the higher priority does.
                count = max(count, min(pool.unmet, int(max(0, missing - kept_before[pool.key]) // pool.weight)))
            limits = [limit for limit in (pool.room, pool.affordable) if limit is not None]
            return min([count, *limits])

        return askable

    def _evenly(self, able: Sequence[tuple[PoolState, int]]) -> tuple[TargetKey, int]:
        """The first pool of the zone that holds least, and the instances that bring it level with the others."""
        zones = self._by_zone({})
        levels = {pool.zone: zones[pool.zone] for pool, _ in able}
        lowest = min(levels, key=lambda zone: levels[zone])
        pool, count = next((pool, count) for pool, count in able if pool.zone == lowest)
        share = _level(levels.values(), self.missing) - Fraction(levels[lowest])
        return pool.key, max(1, min(count, int(share // Fraction(pool.weight))))

    def _by_zone(self, given: Mapping[TargetKey, int]) -> dict[str, Amount]:
        zones: dict[str, Amount] = {}
        for pool in self.pools:
            zones[pool.zone] = zones.get(pool.zone, 0) + (pool.held - given.get(pool.key, 0)) * pool.weight
        return zones


def _level(heights: Iterable[Amount], poured: Amount) -> Fraction:
    """The level that water reaches when this much is poured over a floor of steps of these heights."""
    ordered = sorted(map(Fraction, heights))
    levels = ((sum(ordered[:count]) + Fraction(poured)) / count for count in range(len(ordered), 0, -1))
    return next(level for level, highest in zip(levels, reversed(ordered), strict=True) if level >= highest)
