"""What an hour of all that is wanted costs, before and after a change, in each currency by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.demands import Demand
from odcr_cli.prices import Price, Prices


@dataclass(frozen=True)
class Hourly:
    """What an hour costs in one currency, once all is held."""

    currency: str
    before: Decimal
    after: Decimal
    all_before: Decimal
    """Of all demands together."""
    all_after: Decimal


def hourly_of(demands: Iterable[Demand], changed: Demand, wanted: Decimal, prices: Prices) -> list[Hourly]:
    """What a change costs: the currency of what is changed first; empty if no price is known.

    Args:
        demands: all of them.
        changed: the one among them of which so many are to be `wanted`.
        wanted: in its unit.
        prices: that are known.
    """
    together: dict[str, Decimal] = {}
    unit = price_of_unit(changed, prices)
    if unit:
        together[unit.currency] = Decimal(0)
    for demand in demands:
        if price := price_of_unit(demand, prices):
            together[price.currency] = together.get(price.currency, Decimal(0)) + demand.wanted * price.amount
    found = []
    for currency, all_before in together.items():
        amount = unit.amount if unit and unit.currency == currency else Decimal(0)
        before, after = changed.wanted * amount, wanted * amount
        found.append(Hourly(currency, before, after, all_before, all_before + after - before))
    return found


def unpriced_of(demands: Iterable[Demand], prices: Prices) -> int:
    """How many demands have no known price, so that they are in no sum."""
    return sum(bool(demand.wanted) and price_of_unit(demand, prices) is None for demand in demands)


def price_of_unit(demand: Demand, prices: Prices) -> Price | None:
    """What an hour of one unit costs. Of a group in its most wanted pool that has a price: which ones will have
    capacity nobody knows."""
    for pool in sorted(demand.pools, key=lambda pool: pool.priority):
        weight = pool.weight or (Decimal(1) if demand.unit == "instances" else None)
        price = prices.of(pool, demand) if pool.is_member else None
        if price and weight:
            return Price(price.amount / weight, price.currency)
    return None
