"""What may be spent on capacity, and what is spent already."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from odcr.domain.price_pools import price_pool
from odcr.domain.prices import PriceList
from odcr.domain.reservation import HELD_STATES, Kind, Reservation
from odcr.domain.target import ReservationOptions, Target, TargetKey


@dataclass(frozen=True, slots=True)
class Budget:
    """The stack's cap, and what an instance costs."""

    cap: Decimal | None = None
    """The stack's hourly cap; None: no cap."""
    prices: PriceList = field(default_factory=PriceList)
    currency: str = "USD"
    """The cap's currency. A price in another one counts as unknown."""

    def price(self, key: TargetKey, options: ReservationOptions) -> Decimal | None:
        """The hourly price of an instance; None if it is unknown."""
        price = self.prices.of(price_pool(key, options))
        return price.amount if price is not None and price.currency == self.currency else None


@dataclass(frozen=True, slots=True)
class Spent:
    """The hourly cost of everything held, or recorded as held."""

    amount: Decimal = Decimal(0)
    unknown: TargetKey | None = None
    """A pool that is held at an unknown price, which makes the amount unknown."""


def spent(reservations: Iterable[Reservation], targets: Iterable[Target], budget: Budget) -> Spent:
    """The hourly cost of all pools. Each counts with what EC2 shows or what was recorded, if more: Describe may lag.

    Args:
        reservations: all with the stack's tag, in all Regions that answered.
        targets: all of this run, including deleted ones and those whose Region did not answer.
        budget: the prices.
    """
    total, seen = Decimal(0), dict[TargetKey, int]()
    for reservation in reservations:
        if reservation.state not in HELD_STATES or reservation.kind is Kind.BLOCK or not reservation.count:
            continue
        price = budget.price(reservation.key, ReservationOptions(reservation.platform, reservation.tenancy))
        if price is None:
            return Spent(unknown=reservation.key)
        total += price * reservation.count
        seen[reservation.key] = seen.get(reservation.key, 0) + reservation.count
    for target in targets:
        if target.last_status is None and not target.key.is_group:
            # Without a record, the count is that of Current_Capacity, which anybody may have written.
            continue
        for pool in target.pools:
            unseen = pool.last_reserved - seen.get(pool.key.pool, 0)
            if unseen > 0:
                price = budget.price(pool.key, target.options)
                if price is None:
                    return Spent(unknown=pool.key)
                total += price * unseen
    return Spent(total)
