"""The hourly cost of everything wanted, before and after a change, by currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.demands import Demand
from odcr_cli.prices import Price, Prices


@dataclass(frozen=True)
class Hourly:
    """The hourly cost in one currency, once all is held."""

    currency: str
    before: Decimal
    after: Decimal
    all_before: Decimal
    """The cost of all demands together."""
    all_after: Decimal


def hourly_of(demands: Iterable[Demand], changed: Demand, wanted: Decimal, prices: Prices) -> list[Hourly]:
    """The cost of a change by currency, that of the changed demand first; empty if no price is known.

    Args:
        demands: all demands.
        changed: the demand that changes.
        wanted: how much will be wanted, in its unit.
        prices: the known prices.
    """
    together: dict[str, Decimal] = {}
    unit = price_of_unit(changed, prices)
    if unit:
        together[unit.currency] = Decimal(0)
    for demand in demands:
        if price := price_of_unit(demand, prices):
            together[price.currency] = together.get(price.currency, Decimal(0)) + demand.wanted * price.amount
    costs = []
    for currency, all_before in together.items():
        amount = unit.amount if unit and unit.currency == currency else Decimal(0)
        before, after = changed.wanted * amount, wanted * amount
        costs.append(Hourly(currency, before, after, all_before, all_before + after - before))
    return costs


def unpriced_of(demands: Iterable[Demand], prices: Prices) -> int:
    """How many demands have no known price, so they are in no sum."""
    return sum(bool(demand.wanted) and price_of_unit(demand, prices) is None for demand in demands)


def price_of_unit(demand: Demand, prices: Prices) -> Price | None:
    """The hourly price of a unit. For a group, that of its first pool with a known price: nobody knows which pools
    will have capacity."""
    for pool in sorted(demand.pools, key=lambda pool: pool.priority):
        weight = pool.weight or (Decimal(1) if demand.unit == "instances" else None)
        price = prices.of(pool, demand.options) if pool.is_member else None
        if price and weight:
            return Price(price.amount / weight, price.currency)
    return None
