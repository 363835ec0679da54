"""What is held and not used, since when, and what an hour of it costs: docs/how-to/find-unused-capacity.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.amounts import sum_of
from odcr_cli.demands import Demand
from odcr_cli.prices import Prices


@dataclass(frozen=True)
class Idle:
    """One pool of a demand of which something is unused."""

    demand: str
    pool: str
    held: Decimal
    unused: int
    since: str
    """Since when some of it has been unused, without a break."""
    cost: Decimal | None
    """Of an hour of what is unused; None: its price is unknown."""
    currency: str
    misfits: str
    """Instances that run beside it and cannot use it, and why."""
    ids: tuple[str, ...]


def idle_of(demands: Iterable[Demand], prices: Prices) -> list[Idle]:
    """All that is unused, as the last run saw it; what costs most first, by currency, then what is unknown."""
    found = []
    for demand in demands:
        for pool in demand.pools:
            if not pool.unused:
                continue
            price = prices.of(pool, demand)
            found.append(
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
    return sorted(found, key=lambda one: (one.cost is None, one.currency, -(one.cost or 0), one.demand, one.pool))


def costs_of(idle: Sequence[Idle]) -> dict[str, Decimal]:
    """What an hour of all that is unused costs, by currency, as far as it is known."""
    return sum_of({one.currency: one.cost} for one in idle if one.cost is not None)
