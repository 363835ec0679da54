"""How a demand's total is spread over its pools: where to ask next and for how many, and who gives back first.

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
class Place:
    """One pool as it stands."""

    key: TargetKey
    held: int
    """Instances."""
    weight: Amount = 1
    """Units that an instance counts for."""
    least: int = 0
    most: int | None = None
    """Instances to be held there at most; None: any number."""
    may_buy: bool = True
    """Whether EC2 may be asked for more there."""
    is_removed: bool = False
    affordable: int | None = None
    """Instances that may be added under a cap; None: any number."""

    @property
    def room(self) -> int | None:
        """Instances that may be added, as the row says; None: any number."""
        return None if self.most is None else max(0, self.most - self.held)

    @property
    def unmet(self) -> int:
        """Instances that it lacks of the least that it is to hold."""
        return max(0, self.least - self.held)

    @property
    def zone(self) -> str:
        """Its Availability Zone."""
        return self.key.zone


@dataclass(frozen=True, slots=True)
class Allocation:
    """A demand's pools, the most wanted first, and its total."""

    places: Sequence[Place]
    total: Amount
    strategy: Strategy = Strategy.prioritized
    allows_overshoot: bool = False

    @property
    def held(self) -> Amount:
        """Units."""
        return units((one.held, one.weight) for one in self.places)

    @property
    def missing(self) -> Amount:
        """Units wanted and not held."""
        return amount(max(0, self.total - self.held))

    @property
    def is_full(self) -> bool:
        """Whether something is missing, and every pool holds the most that its row allows."""
        return bool(self.missing) and not any(one.room != 0 for one in self._members)

    @property
    def has_rest(self) -> bool:
        """Whether what is missing is less than an instance of any pool that has room counts for."""
        return self.missing > 0 and not (self.is_full or self._fits)

    @property
    def is_met(self) -> bool:
        """Whether all is held that the total and the weights allow."""
        return not self.missing or (self.has_rest and not self.allows_overshoot)

    @property
    def is_excess(self) -> bool:
        """Whether so much more is held than is wanted that an instance could be spared.

        With `allows_overshoot` what a pool that has room could only have brought is none.
        """
        excess = self.held - self.total
        weights = [one.weight for one in self._members if one.room != 0] if self.allows_overshoot else []
        return any(one.held and one.weight <= excess for one in self.places) and excess >= min(weights, default=0)

    @property
    def spare(self) -> Amount:
        """Units above the total that could be given back, if nobody used them."""
        given = self.to_give_back(amount(max(0, self.held - self.total)), {one.key: one.held for one in self.places})
        return units((given.get(one.key, 0), one.weight) for one in self.places)

    def next_turn(self, dry: Collection[TargetKey] = ()) -> tuple[TargetKey, int] | None:
        """The pool to ask next, and for how many instances at most; None if nothing is to be asked for.

        What a pool lacks of its least comes first. While it is dry the room for it is kept; not if it cannot be asked.

        Args:
            dry: pools that are not asked any more.
        """
        asked = [one for one in self.places if one.may_buy and one.key not in dry]
        askable = self._askable()
        for one in asked:
            if one.unmet and (count := min(one.unmet, askable(one))) > 0:
                return one.key, count
        if self.allows_overshoot and self.has_rest:
            covering = [one for one in asked if one.room != 0 and one.affordable != 0]
            smallest = min(covering, key=lambda one: one.weight, default=None)
            return (smallest.key, 1) if smallest else None
        able = ((one, count) for one in asked if (count := askable(one)) > 0)
        if self.strategy is Strategy.prioritized:
            return next(((one.key, count) for one, count in able), None)
        return self._evenly(each) if (each := list(able)) else None

    def to_give_back(self, excess: Amount, spare: Mapping[TargetKey, int]) -> dict[TargetKey, int]:
        """How many instances each pool gives back: the least wanted first, and what is above its least before the rest.

        Balanced over zones, the zone that holds most gives first.

        Args:
            excess: units to give back; what is left holds no less than the total.
            spare: instances that each pool can give.
        """
        given: dict[TargetKey, int] = {}

        def give(one: Place, most: int) -> None:
            nonlocal excess
            count = min(most, int(excess // one.weight))
            if count > 0:
                given[one.key] = given.get(one.key, 0) + count
                excess = amount(excess - count * one.weight)

        for keeps_least in (True, False):

            def left_of(one: Place, keeps_least: bool = keeps_least) -> int:
                left = spare.get(one.key, 0) - given.get(one.key, 0)
                above = one.held - given.get(one.key, 0) - one.least
                return max(0, min(left, above) if keeps_least else left)

            for one in (one for one in self.places if one.is_removed):
                give(one, left_of(one))
            if self.strategy is Strategy.balanced:
                while able := [one for one in self.places if left_of(one) and one.weight <= excess]:
                    zones = self._by_zone(given)
                    fullest = max(able, key=lambda one: (zones[one.zone], self.places.index(one)))
                    next_level = max((zones[one.zone] for one in able if one.zone != fullest.zone), default=0)
                    above = (zones[fullest.zone] - next_level) // fullest.weight
                    # Its even share of all, which no zone gives less than that holds as much as any other.
                    share = excess // (fullest.weight * len({one.zone for one in able}))
                    give(fullest, max(1, min(left_of(fullest), max(int(above), int(share)))))
            for one in reversed(self.places):
                give(one, left_of(one))
        return given

    @property
    def _members(self) -> list[Place]:
        return [one for one in self.places if not one.is_removed]

    @property
    def _fits(self) -> bool:
        return any(one.room != 0 and one.weight <= self.missing for one in self._members)

    def _askable(self) -> Callable[[Place], int]:
        """Instances that each pool may be asked for, without the room for what others lack of their least."""
        missing = self.missing
        unmet = {one.key: one.unmet * one.weight for one in self.places if one.unmet and one.may_buy}
        kept = sum(unmet.values())
        kept_before = dict(zip(unmet, accumulate(unmet.values(), initial=0), strict=False))

        def askable(one: Place) -> int:
            count = int(max(0, missing - kept + unmet.get(one.key, 0)) // one.weight)
            if one.key in unmet:
                # Of two that lack something and do not both fit, the more wanted one comes first.
                count = max(count, min(one.unmet, int(max(0, missing - kept_before[one.key]) // one.weight)))
            limits = [limit for limit in (one.room, one.affordable) if limit is not None]
            return min([count, *limits])

        return askable

    def _evenly(self, able: Sequence[tuple[Place, int]]) -> tuple[TargetKey, int]:
        """The first pool of the zone that holds least, and what it takes to be as full as the others then are."""
        zones = self._by_zone({})
        levels = {one.zone: zones[one.zone] for one, _ in able}
        lowest = min(levels, key=lambda zone: levels[zone])
        place, count = next((one, count) for one, count in able if one.zone == lowest)
        share = _level(levels.values(), self.missing) - Fraction(levels[lowest])
        return place.key, max(1, min(count, int(share // Fraction(place.weight))))

    def _by_zone(self, given: Mapping[TargetKey, int]) -> dict[str, Amount]:
        zones: dict[str, Amount] = {}
        for one in self.places:
            zones[one.zone] = zones.get(one.zone, 0) + (one.held - given.get(one.key, 0)) * one.weight
        return zones


def _level(heights: Iterable[Amount], poured: Amount) -> Fraction:
    """How high vessels of these heights are filled that share what is poured into them."""
    ordered = sorted(map(Fraction, heights))
    levels = ((sum(ordered[:count]) + Fraction(poured)) / count for count in range(len(ordered), 0, -1))
    return next(level for level, highest in zip(levels, reversed(ordered), strict=True) if level >= highest)
