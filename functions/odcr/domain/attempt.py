"""One attempt at a demand: what it holds, the requests that change that, and what it comes to."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Protocol, TypeVar

from odcr.domain.allocation import Allocation, Place
from odcr.domain.amounts import Amount, amount
from odcr.domain.holding import Ec2, Holding
from odcr.domain.ladder import MAX_STEP
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pace import Action
from odcr.domain.refusal import (
    OF_THE_MOMENT,
    Changed,
    InsufficientInstanceCapacity,
    OutcomeUnknown,
    OutOfTime,
    OverCap,
    QuotaExceeded,
    Refusal,
)
from odcr.domain.reservation import Reduction, Reservation, ids_of
from odcr.domain.shortfall import Shortfall
from odcr.domain.stock import surplus
from odcr.domain.target import Announcement, TargetKey, units
from odcr.domain.use import NO_USE, use_of
from odcr.domain.wire import MAX_IDS

_T = TypeVar("_T")

_ASKINGS_OF_A_LOOK = 3
"""Where nothing is held, every so many askings EC2 is looked at first: it may have shown late what a run bought."""


class Turns(Protocol):
    """When an attempt may send its requests."""

    has_waited: bool
    """Whether the last request had to wait."""

    def allows_another(self, action: Action, region: str) -> bool:
        """Waits for a token of that action's bucket in a Region; False if the attempt's time is up."""

    def turns_to_pool(self) -> None:
        """The next request is the first one for another pool of this asking."""

    def is_late(self) -> bool:
        """Whether a look after the wait took so long that the request is not to be sent any more."""

    def asks_again(self, *, looks: bool) -> bool:
        """Waits until pools that were found dry are to be asked again, also after a look; False if it is to end."""


class Purse(Protocol):
    """What purchases are paid with, under a cap of the stack."""

    def take(self, cost: Decimal) -> bool:
        """Counts a purchase that costs so much for an hour; False if it is not to be made."""

    def put_back(self, cost: Decimal) -> None:
        """Takes back what was definitely not bought."""


class Attempt:
    """One invocation of ReserveCapacity.

    Args:
        shortfall: the demand, and what was held when the run looked.
        execution: the run.
        number: how often the state machine has repeated this item; 0 the first time.
        ec2: the way to EC2.
        turns: the demand's share of the requests that EC2 takes.
        stack_tags: what every reservation of the stack bears.
        now: the time, ISO 8601 in UTC.
        purse: what purchases are paid with; None: no cap of the stack is to be kept.
    """

    def __init__(
        self,
        shortfall: Shortfall,
        execution: str,
        number: int,
        ec2: Ec2,
        turns: Turns,
        stack_tags: Mapping[str, str] | None = None,
        now: str = "",
        purse: Purse | None = None,
    ) -> None:
        self.shortfall, self.number, self.turns = shortfall, number, turns
        self.ec2, self.stack_tags, self.now = ec2, stack_tags or {}, now
        self.holdings = [Holding(pool, shortfall, ec2) for pool in shortfall.pools]
        self.returned: Amount = 0
        """Units that were bought too much and given back."""
        self.absorbed = 0
        """Instances that ran already, and run in the reservations that it has made."""
        self.may_have_released = shortfall.is_release and number > 0
        """Whether this attempt, or one before it in the same run, may have given anything back for a lowered target."""
        self.looks_in_a_row = 0
        """How often it has looked since the pools were last asked afresh."""
        self._looks = 0
        self._askings = 1
        self._execution, self._purse = execution, purse

    # What is held

    @property
    def calls(self) -> int:
        """Requests for capacity."""
        return sum(holding.calls for holding in self.holdings)

    @property
    def refusals(self) -> int:
        """Requests among them that EC2 definitely refused."""
        return sum(holding.refusals for holding in self.holdings)

    @property
    def is_seen(self) -> bool:
        """Whether EC2 has shown what is held."""
        return all(holding.is_seen for holding in self.holdings)

    @property
    def reservations(self) -> list[Reservation]:
        """What this stack holds."""
        return list(chain.from_iterable(holding.reservations for holding in self.holdings))

    @property
    def managed(self) -> Amount:
        """Units that this stack holds; before EC2 was asked, as the run saw them."""
        return units((holding.managed, holding.pool.weight) for holding in self.holdings)

    @property
    def reserved(self) -> Amount:
        """Units held, those astray included; before EC2 was asked, as the record stands."""
        if not self.is_seen:
            return self.shortfall.standing
        return units((holding.standing, holding.pool.weight) for holding in self.holdings)

    @property
    def allocation(self) -> Allocation:
        """The pools as they stand, with what may be bought there."""
        shortfall, limit = self.shortfall, self.shortfall.limit
        left = None
        # What is held somewhere at an unknown price, and the run did not see, may cost anything.
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

        places = [
            Place(
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
        return Allocation(places, shortfall.target, shortfall.strategy, shortfall.allows_overshoot)

    @property
    def own(self) -> Allocation:
        """What this stack holds, and what is to stay of it."""
        places = [
            Place(
                holding.pool.key.pool,
                holding.managed,
                holding.pool.weight,
                holding.pool.least,
                is_removed=holding.pool.is_removed,
            )
            for holding in self.holdings
        ]
        return Allocation(places, self.target, self.shortfall.strategy, self.shortfall.allows_overshoot)

    @property
    def missing(self) -> Amount:
        """Units wanted and not held; none if nothing more is to be asked for, or may be."""
        allocation = self.allocation
        return 0 if self.shortfall.rest or allocation.next_turn() is None else allocation.missing

    @property
    def target(self) -> Amount:
        """Units that are to stay; of a demand that was given up none."""
        return 0 if self.shortfall.is_given_up else self.shortfall.target

    @property
    def excess(self) -> Amount:
        """Units that this stack holds above the target."""
        return amount(max(0, self.managed - self.target))

    @property
    def astray(self) -> list[Reservation]:
        """What is held without this stack's tag."""
        return list(chain.from_iterable(holding.astray for holding in self.holdings))

    @property
    def lenders(self) -> list[Reservation]:
        """Reservations part of which is lent out."""
        return list(chain.from_iterable(holding.lenders for holding in self.holdings))

    @property
    def lost(self) -> Amount:
        """Units that were recorded and are gone."""
        return units((holding.lost, holding.pool.weight) for holding in self.holdings)

    @property
    def released(self) -> Amount:
        """Units that the run gave back because the target was lowered, whether that was answered or not."""
        return amount(max(0, self.shortfall.reserved - self.managed)) if self.may_have_released else 0

    def surplus(self, *, can_now: bool) -> dict[TargetKey, list[Reduction]]:
        """What was bought too much, by pool.

        Args:
            can_now: whether what EC2 cannot take back yet is left out.
        """
        stocks, shortfall = [holding.stock for holding in self.holdings], self.shortfall
        # A function that the state machine gave up may have bought on.
        has_rivals = shortfall.has_rivals or self.number > 0
        return surplus(stocks, self.own, shortfall.last_target, has_rivals=has_rivals, can_now=can_now)

    def outcome(self, status: Status, reason: str, announced: Announcement | None = None) -> Outcome:
        """The attempt's outcome as it stands."""
        shortfall, is_group = self.shortfall, self.shortfall.key.is_group
        ids, twice = shortfall.standing_ids, shortfall.duplicate_ids
        if self.is_seen and not is_group:
            ids = ids_of((*self.reservations, *self.astray))
            twice = (
                ids_of(chain.from_iterable(holding.stock.duplicates for holding in self.holdings))
                if self.excess
                else ()
            )
        return Outcome(
            key=shortfall.key,
            status=status,
            target=shortfall.target,
            reserved=self.reserved,
            reservation_ids=() if is_group else ids,
            duplicate_ids=() if is_group else twice,
            acquired=-self.released or amount(max(0, self.managed - shortfall.reserved)),
            calls=self.calls,
            refusals=self.refusals,
            lost=self.lost,
            reason=reason,
            announced=announced,
            more_ids=0 if self.is_seen or is_group else shortfall.more_ids,
            use=use_of((*self.reservations, *self.astray)) if self.is_seen else NO_USE,
            is_use_known=self.is_seen,
            pools=self._outcomes_of_pools(is_met=status.is_met) if is_group else (),
            unit=shortfall.unit,
        )

    def _outcomes_of_pools(self, *, is_met: bool) -> tuple[Outcome, ...]:
        too_much = self.surplus(can_now=False) if self.is_seen else {}
        most = MAX_IDS // len(self.holdings)
        return tuple(
            holding.outcome(
                too_much.get(holding.pool.key.pool, ()),
                most,
                self.shortfall.options,
                is_met=is_met,
                may_have_released=self.may_have_released,
            )
            for holding in self.holdings
        )

    # What changes it

    def look(self) -> None:
        """Takes over what EC2 shows in all pools.

        Raises:
            OutcomeUnknown: if it lags behind what is known.
        """
        self._looks += 1
        self.looks_in_a_row += 1
        is_first = not self.is_seen
        for holding, observed in self._shown():
            holding.look(observed)
        known = min(self.shortfall.reserved, self.shortfall.target)
        if is_first and self.reserved < known and not any(holding.has_ended for holding in self.holdings):
            # Of a group that holds too much, what each pool is known to hold is not what has to be there.
            for holding in self.holdings:
                holding.forget()
            raise OutcomeUnknown(
                "ObservationLags",
                f"EC2 shows {self.reserved} where {known} were known. It is asked again shortly.",
            )

    def asks_again(self) -> bool:
        """Waits until the pools, which were found dry, are to be asked again; False if the attempt is to end.

        Raises:
            Changed: if somebody has added anything meanwhile.
        """
        self._askings += 1
        # Where nothing is held there is nothing that a resize could give away.
        looks = bool(self.reservations) or self._askings % _ASKINGS_OF_A_LOOK == 0
        if not self.turns.asks_again(looks=looks):
            return False
        # The check is this asking's first look.
        self.looks_in_a_row = int(looks)
        for holding, observed in self._shown() if looks else ():
            holding.check(observed)
        return True

    def look_for_duplicates(self) -> None:
        """Looks once more, and keeps what EC2 does not show yet.

        If Create's answer is lost and Describe lags, the repetition makes a second reservation. It shows up later.
        """
        for holding, observed in self._shown():
            holding.look_for_duplicates(observed)

    def _shown(self) -> list[tuple[Holding, list[Reservation]]]:
        """What EC2 shows in each pool: a request for all pools of a Region, or a group would wait for each in turn."""
        known = [holding.pool.key for holding in self.holdings if not holding.is_none]
        shown = self.ec2.find(*known) if known else []
        if len(known) == 1:
            return [(holding, [] if holding.is_none else shown) for holding in self.holdings]
        by_pool: dict[TargetKey, list[Reservation]] = {}
        for reservation in shown:
            by_pool.setdefault(reservation.key, []).append(reservation)
        return [(holding, by_pool.get(holding.pool.key.pool, [])) for holding in self.holdings]

    def add(self, holding: Holding, count: int) -> None:
        """Adds instances to the oldest reservation of a pool that can grow, or makes one.

        A reservation that EC2 will not change is left as it is, and never keeps the target from being met: the next one
        grows, or another is made beside it.

        Raises:
            Changed: if what was to be made is there already, and holds something else.
            Refusal: if nothing was added.
        """
        if adjusting := [reservation.id for reservation in holding.reservations if reservation.is_adjusting]:
            # It may grow by itself yet: with what is bought beside it, more would be held than was asked for.
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

    def confirm(
        self, holding: Holding, planned: Sequence[Reduction], goes_on: Callable[[], bool] = lambda: True
    ) -> bool:
        """Makes sure of the reservations that stay as they are, before anything is given up for their sake.

        A describe may lag: it may show a reservation that a person has just cancelled, or reduced. So whatever stays is
        set to the count that it has, which EC2 refuses if the reservation has ended.

        Args:
            holding: the pool.
            planned: what is to be given back.
            goes_on: whether it is still to be given back.

        Returns:
            Whether all that stays was confirmed; False if the time is up, or one cannot be confirmed.

        Raises:
            Changed: if something that was to stay is not there as it was shown.
            Refusal: if it is to be asked again.
        """
        changing = {reduction.reservation.id for reduction in planned}
        for reservation in holding.reservations:
            if reservation.id in changing:
                continue
            if reservation.state == "pending":
                return False
            if not reservation.is_changeable:
                # A fleet's: there is no request that has no effect on it.
                continue
            if not goes_on():
                return False
            try:
                self._resize(holding, reservation, reservation.count)
            except OutOfTime:
                return False
            except (InsufficientInstanceCapacity, QuotaExceeded) as shortage:
                # To a request for no more than there is: it is less by now.
                raise Changed(shortage.code, shortage.message) from None
            except (*OF_THE_MOMENT, Changed):
                raise
            except Refusal as refusal:
                holding.unchangeable[reservation.id] = refusal
                return False
        return True

    def give_back(
        self, holding: Holding, planned: Sequence[Reduction], goes_on: Callable[[], bool] = lambda: True
    ) -> None:
        """Reduces and cancels as planned, and ends early if the time is up.

        All counts are absolute, so repeating it is harmless. A reservation that stays comes before those that end: when
        those are cancelled, EC2 has confirmed what stays. One that EC2 does not take back is left, and told.

        Args:
            holding: the pool.
            planned: what is to be given back.
            goes_on: whether it is still to be given back.

        Raises:
            Refusal: if it is to be asked again, or if somebody changed something meanwhile.
        """
        for reduction in sorted(planned, key=lambda reduction: reduction.kept == 0):
            reservation = reduction.reservation
            while reservation.count > reduction.kept:
                if not goes_on():
                    return
                # One request changes a count by so much at most; a cancellation has no limit.
                count = max(reduction.kept, reservation.count - MAX_STEP) if reduction.kept else 0
                try:
                    if count:
                        self._resize(holding, reservation, count)
                    else:
                        self._cancel(holding, reservation)
                except OutOfTime:
                    return
                except (*OF_THE_MOMENT, Changed):
                    raise
                except Refusal as refusal:
                    holding.unchangeable[reservation.id] = refusal
                    break
                reservation = replace(reservation, count=count)
                holding.take_over(reservation)

    def _grow(self, holding: Holding, reservation: Reservation, count: int) -> bool:
        """Grows a reservation; False if EC2 will not change this one."""
        self.take_turn(holding, Action.MODIFY)
        try:
            self.send(holding, lambda: self.ec2.resize(reservation, reservation.count + count))
        except OF_THE_MOMENT:
            raise
        except Refusal as refusal:
            if isinstance(refusal, Changed) and self.looks_in_a_row <= 1:
                # Has it ended? The next look tells; if that shows it as it was, it is the reservation.
                raise
            holding.unchangeable[reservation.id] = refusal
            return False
        holding.take_over(replace(reservation, count=reservation.count + count))
        return True

    def _create(self, holding: Holding, count: int) -> None:
        self.take_turn(holding, Action.CREATE)
        # Those that cannot grow count as observed: the next one is another.
        seen = [*holding.observed, *holding.reservations]
        # What a client token does after a refusal is not known, nor for how long EC2 remembers it. After a refusal, the
        # same intent is therefore another occasion; before one, it is the same for whoever has it.
        is_first = self.number == 0 and self._looks == 1 and not self.shortfall.had_trouble
        occasion = "" if is_first else f"{self._execution}/{self.number}/{self._looks - 1}"
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
            # An earlier request of the same intent made it, and it has grown since, of which the ladder knows nothing.
            raise Changed("MadeBefore", f"{created.id} holds {created.count} already.")

    def _resize(self, holding: Holding, reservation: Reservation, count: int) -> None:
        self.take_turn(holding, Action.MODIFY)
        self.send(holding, lambda: self.ec2.resize(reservation, count))

    def _cancel(self, holding: Holding, reservation: Reservation) -> None:
        self.take_turn(holding, Action.CANCEL)
        # A reservation that has ended before is what a cancellation finds that was not answered and is sent again.
        with suppress(Changed):
            self.send(holding, lambda: self.ec2.cancel(reservation))

    def take_turn(self, holding: Holding, action: Action) -> None:
        """Waits for a request's turn, and makes sure after a wait that nobody has added anything to the pool.

        Raises:
            OutOfTime: if there is no turn any more.
            Changed: if somebody has.
        """
        if not self.turns.allows_another(action, holding.pool.key.region):
            raise OutOfTime()
        if self.turns.has_waited:
            holding.check(self.ec2.find(holding.pool.key))
            if self.turns.is_late():
                raise OutOfTime()

    def send(self, holding: Holding, request: Callable[[], _T]) -> _T:
        """Sends a request, and counts it."""
        holding.calls += 1
        try:
            return request()
        except Refusal as refusal:
            holding.refusals += refusal.is_definite
            raise
