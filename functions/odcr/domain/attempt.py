"""One attempt at a demand: what it holds, the requests that change that, and its outcome."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import TypeVar

from odcr.domain.allocation import Allocation, PoolState
from odcr.domain.amounts import Amount, amount
from odcr.domain.holding import Holding
from odcr.domain.pace import Action, Pace
from odcr.domain.ports import Ec2, Purse
from odcr.domain.refusal import (
    OF_THE_MOMENT,
    Changed,
    OutcomeUnknown,
    OutOfTime,
    OverCap,
    Refusal,
)
from odcr.domain.reservation import Reduction, Reservation
from odcr.domain.shortfall import Shortfall
from odcr.domain.surplus import surplus
from odcr.domain.target import TargetKey, units

_T = TypeVar("_T")

_ASKINGS_PER_LOOK = 3
"""Askings per look where nothing is held: EC2 may show late what an earlier request bought."""


class Attempt:
    """One invocation of ReserveCapacity.

    Args:
        shortfall: the demand, and what was held when the run looked.
        occasion: the visit to the target, by its run and its time: part of a client token, unless it is the first.
        number: how often the state machine has repeated this visit; 0 the first time.
        ec2: the gateway to EC2.
        pace: when to send requests.
        stack_tags: the tags of every reservation of the stack.
        now: the time, ISO 8601 in UTC.
        purse: what pays for purchases under the stack's cap; None: there is no such cap.
    """

    def __init__(
        self,
        shortfall: Shortfall,
        occasion: str,
        number: int,
        ec2: Ec2,
        pace: Pace,
        stack_tags: Mapping[str, str],
        now: str,
        purse: Purse | None,
    ) -> None:
        self.shortfall, self.number, self.pace = shortfall, number, pace
        self.ec2, self.stack_tags, self.now = ec2, stack_tags, now
        self.holdings = [Holding(pool, shortfall, ec2) for pool in shortfall.pools]
        self.returned: Amount = 0
        """Units of the surplus that were given back."""
        self.absorbed = 0
        """Instances that were already running, and now run in reservations that it has made."""
        self.may_have_released = shortfall.is_release and number > 0
        """Whether this attempt, or an earlier one of the run, may have given anything back for a lowered target."""
        self.looks_in_a_row = 0
        """Looks since the last asking began."""
        self._looks = 0
        self._askings = 1
        self._occasion, self._purse = occasion, purse

    @property
    def calls(self) -> int:
        """Requests that change capacity."""
        return sum(holding.calls for holding in self.holdings)

    @property
    def refusals(self) -> int:
        """The calls that EC2 definitely refused."""
        return sum(holding.refusals for holding in self.holdings)

    @property
    def is_seen(self) -> bool:
        """Whether EC2 has shown what is held."""
        return all(holding.is_seen for holding in self.holdings)

    @property
    def reservations(self) -> list[Reservation]:
        """The reservations that this stack holds."""
        return list(chain.from_iterable(holding.reservations for holding in self.holdings))

    @property
    def managed(self) -> Amount:
        """Units that this stack holds; before the first look, as the run saw them."""
        return units((holding.managed, holding.pool.weight) for holding in self.holdings)

    @property
    def reserved(self) -> Amount:
        """Units held, including those astray; before the first look, as recorded."""
        if not self.is_seen:
            return self.shortfall.standing
        return units((holding.standing, holding.pool.weight) for holding in self.holdings)

    @property
    def allocation(self) -> Allocation:
        """The pools as they stand, with what may be bought there."""
        shortfall, limit = self.shortfall, self.shortfall.limit
        left = None
        # What the run did not see, in a pool without a price, may cost anything.
        is_unknown = limit and any(
            not holding.pool.price and holding.standing > holding.pool.reserved for holding in self.holdings
        )
        if limit and limit.cost and not is_unknown:
            left = Decimal(limit.cost) - sum(
                holding.standing * Decimal(holding.pool.price or 0) for holding in self.holdings
            )

        def affordable(holding: Holding) -> int | None:
            if limit is None:
                return None
            if limit.count is not None:
                return max(0, limit.count - holding.standing)
            if left is None or not holding.pool.price:
                return 0
            price = Decimal(holding.pool.price)
            return max(0, int(left // price)) if price else None

        pools = [
            PoolState(
                holding.key,
                holding.standing,
                holding.pool.weight,
                holding.pool.least,
                holding.pool.most,
                holding.pool.may_buy and not holding.is_unusable,
                holding.pool.is_removed,
                affordable(holding),
            )
            for holding in self.holdings
        ]
        return Allocation(pools, shortfall.target, shortfall.strategy, shortfall.allows_overshoot)

    @property
    def own_allocation(self) -> Allocation:
        """The pools with what this stack holds itself, and the total to keep."""
        pools = [
            PoolState(
                holding.pool.key.pool,
                holding.managed,
                holding.pool.weight,
                holding.pool.least,
                is_removed=holding.pool.is_removed,
            )
            for holding in self.holdings
        ]
        return Allocation(pools, self.target, self.shortfall.strategy, self.shortfall.allows_overshoot)

    @property
    def missing(self) -> Amount:
        """Units missing; 0 if nothing more can be asked for."""
        allocation = self.allocation
        return 0 if self.shortfall.rest or allocation.to_ask_next() is None else allocation.missing

    @property
    def target(self) -> Amount:
        """Units to keep: none if the demand is given up."""
        return 0 if self.shortfall.is_given_up else self.shortfall.target

    @property
    def excess(self) -> Amount:
        """Units that this stack holds above the target."""
        return amount(max(0, self.managed - self.target))

    @property
    def astray(self) -> list[Reservation]:
        """Reservations held without this stack's tag."""
        return list(chain.from_iterable(holding.astray for holding in self.holdings))

    @property
    def lenders(self) -> list[Reservation]:
        """Reservations part of which is lent out."""
        return list(chain.from_iterable(holding.lenders for holding in self.holdings))

    @property
    def lost(self) -> Amount:
        """Recorded units that are gone."""
        return units((holding.lost, holding.pool.weight) for holding in self.holdings)

    @property
    def released(self) -> Amount:
        """Units that the run gave back because the target was lowered, also if EC2's answer was lost."""
        return amount(max(0, self.shortfall.reserved - self.managed)) if self.may_have_released else 0

    def surplus(self, *, can_now: bool) -> dict[TargetKey, list[Reduction]]:
        """What attempts bought beyond the total, by pool.

        Args:
            can_now: whether to leave out what EC2 does not take back yet.
        """
        held_pools, shortfall = [holding.held_pool for holding in self.holdings], self.shortfall
        # A function that timed out may have gone on buying.
        has_rivals = shortfall.has_rivals or self.number > 0
        return surplus(held_pools, self.own_allocation, shortfall.last_target, has_rivals=has_rivals, can_now=can_now)

    def look(self) -> None:
        """Takes over what EC2 shows in all pools.

        Raises:
            OutcomeUnknown: if EC2's answer lags.
        """
        self._looks += 1
        self.looks_in_a_row += 1
        is_first = not self.is_seen
        for holding, observed in self._shown():
            holding.look(observed)
        known = min(self.shortfall.reserved, self.shortfall.target)
        if is_first and self.reserved < known and not any(holding.has_ended for holding in self.holdings):
            # A group with a surplus does not have to hold in each pool what it is known to hold there.
            for holding in self.holdings:
                holding.forget()
            raise OutcomeUnknown(
                "ObservationLags",
                f"EC2 shows {self.reserved} where {known} were known. It is asked again shortly.",
            )

    def await_asking(self) -> bool:
        """Waits until it is time to ask the dry pools again; False if the attempt has to end.

        Raises:
            Changed: if somebody has added anything meanwhile.
        """
        self._askings += 1
        # Where nothing is held, a resize cannot give anything away, so not every asking needs a look.
        looks = bool(self.reservations) or self._askings % _ASKINGS_PER_LOOK == 0
        if not self.pace.await_asking(looks=looks):
            return False
        # The check counts as the first look of this asking.
        self.looks_in_a_row = int(looks)
        for holding, observed in self._shown() if looks else ():
            holding.check(observed)
        return True

    def look_for_duplicates(self) -> None:
        """Looks once more, without forgetting what EC2 does not show yet.

        If Create's answer is lost and Describe lags, the retry makes a second reservation. It shows up later.
        """
        for holding, observed in self._shown():
            holding.look_for_duplicates(observed)

    def _shown(self) -> list[tuple[Holding, list[Reservation]]]:
        """What EC2 shows in each pool, with one request for all pools of a Region."""
        known = [holding.pool.key for holding in self.holdings if not holding.is_skipped]
        shown = self.ec2.find(*known) if known else []
        if len(known) == 1:
            return [(holding, [] if holding.is_skipped else shown) for holding in self.holdings]
        by_pool: dict[TargetKey, list[Reservation]] = {}
        for reservation in shown:
            by_pool.setdefault(reservation.key, []).append(reservation)
        return [(holding, by_pool.get(holding.pool.key.pool, [])) for holding in self.holdings]

    def add(self, holding: Holding, count: int) -> None:
        """Adds instances to the oldest reservation of a pool that can grow, or else makes a new one.

        A reservation that EC2 will not change does not block the target: the next one grows, or a new one is made.

        Raises:
            Changed: if the reservation exists already, with another count.
            Refusal: if nothing was added.
        """
        if adjusting := [reservation.id for reservation in holding.reservations if reservation.is_adjusting]:
            # It may still grow by itself. If we bought beside it, more would be held than wanted.
            raise OutcomeUnknown("Adjusting", f"EC2 has not decided about the last modification of {adjusting[0]}.")
        cost = count * Decimal(holding.pool.price) if self._purse else Decimal(0)
        if self._purse and not self._purse.take(cost):
            raise OverCap()
        try:
            if not any(self._grow(holding, reservation, count) for reservation in holding.growable):
                self._create(holding, count)
        except Refusal as refusal:
            if self._purse and refusal.is_definite:
                self._purse.put_back(cost)
            raise

    def _grow(self, holding: Holding, reservation: Reservation, count: int) -> bool:
        """Grows a reservation; False if EC2 will not change it."""
        self.await_request(holding, Action.MODIFY)
        try:
            self.send(holding, lambda: self.ec2.resize(reservation, reservation.count + count))
        except OF_THE_MOMENT:
            raise
        except Refusal as refusal:
            if isinstance(refusal, Changed) and self.looks_in_a_row <= 1:
                # It may have ended: look again. If it is still there after that, EC2 will not change it.
                raise
            holding.unchangeable[reservation.id] = refusal
            return False
        holding.take_over(replace(reservation, count=reservation.count + count))
        return True

    def _create(self, holding: Holding, count: int) -> None:
        self.await_request(holding, Action.CREATE)
        # The token covers what exists already, so a new one beside it gets another token.
        seen = [*holding.observed, *holding.reservations]
        # AWS does not say what a token does after a refusal, nor how long EC2 remembers it. So after a refusal the same
        # intent is another occasion. Before one, everybody with the same intent sends the same token.
        is_first = self.number == 0 and self._looks == 1 and not self.shortfall.had_trouble
        occasion = "" if is_first else f"{self._occasion}/{self.number}/{self._looks - 1}"
        if holding.refused_creations:
            occasion += f"/{holding.refused_creations}"
        key, options = holding.pool.key, self.shortfall.options
        try:
            created = self.send(holding, lambda: self.ec2.create(key, options, count, seen, occasion))
        except (OutcomeUnknown, Changed):
            raise
        except Refusal:
            holding.refused_creations += 1
            raise
        self.absorbed += created.in_use
        holding.take_over(created)
        holding.outside_group.add(created.id)
        if created.count != count:
            # An earlier request with the same intent made it, and it has grown since. The ladder knows nothing of that.
            raise Changed("MadeBefore", f"{created.id} holds {created.count} already.")

    def resize(self, holding: Holding, reservation: Reservation, count: int) -> None:
        """Sets how many instances a reservation holds, at the attempt's pace."""
        self.await_request(holding, Action.MODIFY)
        self.send(holding, lambda: self.ec2.resize(reservation, count))

    def cancel(self, holding: Holding, reservation: Reservation) -> None:
        """Gives a reservation back, at the attempt's pace."""
        self.await_request(holding, Action.CANCEL)
        # If EC2's answer was lost, the repeated request finds that the reservation has ended.
        with suppress(Changed):
            self.send(holding, lambda: self.ec2.cancel(reservation))

    def await_request(self, holding: Holding, action: Action) -> None:
        """Waits until a request may be sent, and checks after a wait that nobody has added anything to the pool.

        Raises:
            OutOfTime: if the time is up.
            Changed: if somebody has added something.
        """
        if not self.pace.await_request(action, holding.pool.key.region):
            raise OutOfTime()
        if self.pace.has_waited:
            holding.check(self.ec2.find(holding.pool.key))
            if self.pace.is_late():
                raise OutOfTime()

    def send(self, holding: Holding, request: Callable[[], _T]) -> _T:
        """Sends a request and counts it."""
        holding.calls += 1
        try:
            return request()
        except Refusal as refusal:
            holding.refusals += refusal.is_definite
            raise
