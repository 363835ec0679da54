"""Held but unused capacity, since when, and its hourly cost: docs/how-to/find-unused-capacity.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.amounts import sum_of
from odcr_cli.demands import Demand
from odcr_cli.prices import Prices


@dataclass(frozen=True)
class Idle:
    """A pool of a demand with unused instances."""

    demand: str
    pool: str
    held: Decimal
    unused: int
    since: str
    """Since when some instances have been unused without a break."""
    cost: Decimal | None
    """The hourly cost of the unused instances; None if unknown."""
    currency: str
    misfits: str
    """Which running instances cannot use it, and why."""
    ids: tuple[str, ...]


def idle_of(demands: Iterable[Demand], prices: Prices) -> list[Idle]:
    """All unused capacity, as the last run saw it: dearest first within each currency, unknown prices last."""
    entries = []
    for demand in demands:
        for pool in demand.pools:
            if not pool.unused:
                continue
            price = prices.of(pool, demand.options)
            entries.append(
                Idle(
                    demand.name,
                    pool.name,
                    pool.held,
                    pool.unused,
                    pool.unused_since,
                    price.amount * pool.unused if price else None,
                    price.currency if price else "",
                    pool.misfits,
                    pool.reservation_ids,
                )
            )
    return sorted(
        entries, key=lambda entry: (entry.cost is None, entry.currency, -(entry.cost or 0), entry.demand, entry.pool)
    )


def costs_of(idle: Sequence[Idle]) -> dict[str, Decimal]:
    """The hourly cost of all unused capacity, by currency, as far as prices are known."""
    return sum_of({entry.currency: entry.cost} for entry in idle if entry.cost is not None)
