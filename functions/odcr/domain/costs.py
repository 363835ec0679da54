"""The hourly cost of what is held, by target and in total, and the totals of all targets."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from odcr.domain.amounts import Amount
from odcr.domain.outcome import Outcome, Status, Totals
from odcr.domain.price_pools import PricePool, price_pool
from odcr.domain.prices import PriceList, usual_currency
from odcr.domain.target import ReservationOptions, TargetKey

_DIGITS = Decimal("0.0001")
_MET = [status for status in Status if status.is_met]
_TOO_MUCH = Decimal(10) ** 10
"""The first cost that is too large for `odcr_status.Hourly_Cost`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a demand, or a pool of a group, stands according to its row of `odcr_status`."""

    key: TargetKey
    status: str
    target: Amount | None
    reserved: Amount
    short_minutes: int | None = None
    """Minutes that it has not been met; None if it is met."""
    platform: str | None = None
    """None: not recorded."""
    tenancy: str | None = None
    """None: not recorded."""
    unused: int = 0
    """Instances held while nothing runs in them."""
    unused_minutes: int | None = None
    """Minutes that it has had unused capacity without a break; None if it has none, or that is unknown."""
    weight: Amount | None = None
    """Units per instance of a group's pool."""

    @property
    def pool(self) -> PricePool | None:
        """The price pool of its instances; None if it is unknown."""
        return pool_of(self.key, self.platform, self.tenancy)

    @property
    def wanted(self) -> int:
        """Instances wanted. Before its start and after it has stopped, a demand wants no more than it holds."""
        return int(min(self.target or 0, self.reserved) if self.rests else self.target or 0)

    @property
    def rests(self) -> bool:
        """Whether the row says to ask for nothing now."""
        return self.status in Status.__members__ and Status(self.status).rests


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost per hour."""

    amount: Decimal
    """Currency units, with four digits after the point."""
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"


_NOTHING = Cost(Decimal(0), "")


def pool_of(key: TargetKey, platform: str | None, tenancy: str | None) -> PricePool | None:
    """The price pool of a target's instances; None if it is unknown.

    Args:
        key: the row's key. Like UpdatePrices, this takes the zone's name or id as the row gives it.
        platform: the platform; None if it is not recorded.
        tenancy: the tenancy; None if it is not recorded.
    """
    if not (platform and tenancy):
        return None
    return price_pool(TargetKey(key.instance_type, key.availability_zone), ReservationOptions(platform, tenancy))


def cost_of(reserved: Amount, pool: PricePool | None, prices: PriceList) -> Cost | None:
    """The hourly cost of so many instances; None if the price is unknown."""
    price = prices.of(pool)
    if price is None:
        return None
    amount = reserved * price.amount
    return Cost(amount.quantize(_DIGITS), price.currency) if amount < _TOO_MUCH else None


def recorded_cost(reserved: Amount, pool: PricePool | None, prices: PriceList) -> Decimal | None:
    """The value of `odcr_status.Hourly_Cost`: None if the price is unknown, 0 if nothing is held."""
    if reserved <= 0:
        return Decimal(0)
    cost = cost_of(reserved, pool, prices)
    return cost.amount if cost else None


def recorded_cost_of(outcome: Outcome, prices: PriceList) -> Decimal | None:
    """The same for an outcome. A group costs what its pools cost."""
    if outcome.key.is_group:
        costs = sum_of(cost_of(*_held(pool), prices) for pool in outcome.pools if pool.reserved > 0)
        return costs.amount if costs else None if any(pool.reserved > 0 for pool in outcome.pools) else Decimal(0)
    return recorded_cost(*_held(outcome), prices)


def recorded_costs(standings: Sequence[Standing], prices: PriceList) -> dict[TargetKey, Decimal | None]:
    """The same for all rows of `odcr_status`."""
    costs = costs_by_key(standings, prices)
    return {
        standing.key: cost.amount if (cost := costs.get(standing.key, _NOTHING)) else None for standing in standings
    }


def costs_by_key(standings: Sequence[Standing], prices: PriceList) -> dict[TargetKey, Cost | None]:
    """The hourly cost of each demand and pool that holds something; None if its price is unknown."""
    costs: dict[TargetKey, Cost | None] = {}
    by_group: dict[TargetKey, list[Cost | None]] = {}
    for standing in standings:
        if standing.reserved > 0 and not standing.key.is_group:
            costs[standing.key] = cost_of(standing.reserved, standing.pool, prices)
            if standing.key.group:
                by_group.setdefault(standing.key.demand, []).append(costs[standing.key])
    return costs | {key: sum_of(parts) for key, parts in by_group.items()}


def sum_of(costs: Iterable[Cost | None]) -> Cost | None:
    """The sum of costs; None if one is unknown or in another currency, or if there are none."""
    known = list(costs)
    currencies = {cost.currency if cost else "" for cost in known}
    if len(currencies) != 1 or "" in currencies:
        return None
    amount = sum((cost.amount for cost in known if cost), Decimal(0))
    return Cost(amount, currencies.pop()) if amount < _TOO_MUCH else None


def _held(outcome: Outcome) -> tuple[Amount, PricePool | None]:
    return outcome.reserved, pool_of(outcome.key, outcome.platform, outcome.tenancy)


@dataclass(frozen=True, slots=True)
class Costs:
    """The hourly costs of everything held."""

    by_key: Mapping[TargetKey, Cost | None] = field(default_factory=dict)
    """The cost of each demand and pool that holds something; None if its price is unknown."""
    total: Cost | None = None
    """The sum; None if nothing is held, or no price is known."""
    unpriced: int = 0
    """Instances held at an unknown price."""
    others: Sequence[Cost] = ()
    """Sums in other currencies, which `total` leaves out."""

    def remark(self, key: TargetKey) -> str:
        """The end of a line about a target, such as `, 1.20 USD an hour`; empty if it holds nothing."""
        if key not in self.by_key:
            return ""
        cost = self.by_key[key]
        return f", {cost} an hour" if cost else ", price unknown"

    def summary(self) -> str:
        """A sentence on everything held; empty if nothing is."""
        sums = " and ".join(str(cost) for cost in (self.total, *self.others) if cost)
        if not sums:
            unknown = f"The price of the {self.unpriced} instance(s) held is unknown. Give it in odcr_price."
            return unknown if self.unpriced else ""
        rest = f", without {self.unpriced} instance(s) whose price is unknown" if self.unpriced else ""
        return f"All that is held costs {sums} an hour{rest}."


def costs_of(standings: Sequence[Standing], prices: PriceList, region: str) -> Costs:
    """The hourly costs of everything held.

    Args:
        standings: all demands, and the pools of groups.
        prices: all known prices.
        region: the stack's own Region. If there are several currencies, its partition's makes the total.
    """
    by_key = costs_by_key(standings, prices)
    unpriced = 0
    sums: dict[str, Decimal] = {}
    for standing in standings:
        if standing.key.is_group or standing.key not in by_key:
            continue
        if cost := by_key[standing.key]:
            sums[cost.currency] = sums.get(cost.currency, Decimal(0)) + cost.amount
        else:
            unpriced += int(standing.reserved)
    currency = next(iter(sums)) if len(sums) == 1 else usual_currency("aws-cn" if region.startswith("cn-") else "aws")
    total = Cost(sums[currency], currency) if currency in sums else None
    others = tuple(Cost(amount, other) for other, amount in sorted(sums.items()) if other != currency)
    return Costs(by_key, total, unpriced, others)


def totals_of(standings: Sequence[Standing], costs: Costs) -> Totals:
    """The totals of all targets, in instances.

    Held instances are summed over rows and the pools of groups, missing ones over rows and groups.
    """
    pools = [pool for pool in standings if not pool.key.is_group]
    demands = [demand for demand in standings if demand.key.demand == demand.key]
    of_group: dict[TargetKey, list[Standing]] = {}
    for pool in pools:
        if pool.key.group:
            of_group.setdefault(pool.key.demand, []).append(pool)
    counts = [_wanted_and_missing(demand, of_group.get(demand.key, ())) for demand in demands]
    shortages = [demand.short_minutes for demand in demands if demand.short_minutes is not None]
    return Totals(
        wanted=sum(wanted for wanted, _ in counts),
        held=int(sum(pool.reserved for pool in pools)),
        missing=sum(missing for _, missing in counts),
        unmet=len(shortages),
        longest_shortage_minutes=max(shortages, default=0),
        unused=sum(pool.unused for pool in pools),
        longest_unused_minutes=max((pool.unused_minutes or 0 for pool in pools), default=0),
        hourly_cost=costs.total.amount if costs.total else None,
        unpriced=costs.unpriced,
    )


def _wanted_and_missing(demand: Standing, pools: Sequence[Standing]) -> tuple[int, int]:
    """Instances that a demand wants, and how many of them are missing.

    A group misses as many instances of its smallest weight as would cover what is missing. It wants these, and what it
    holds without a surplus.
    """
    if not demand.key.is_group:
        return demand.wanted, int(max(0, demand.wanted - demand.reserved))
    is_met = demand.rests or demand.status == Status.PENDING or demand.status in _MET
    rest = 0 if is_met else max(0, (demand.target or 0) - demand.reserved)
    missing = math.ceil(rest / min((pool.weight or 1 for pool in pools), default=1))
    kept = sum(int(min(pool.target or 0, pool.reserved)) for pool in pools) if demand.target else 0
    return kept + missing, missing


def start_of_update(standings: Iterable[Standing], prices: PriceList, now: datetime) -> str | None:
    """The name for an execution of UpdatePrices; None if there is no price for it to look for.

    Step Functions starts only one execution per name. The name stays the same for ten minutes and the same pools, so a
    price list that does not answer is asked every ten minutes, while a new row does not have to wait:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

    Args:
        standings: all demands, and the pools of groups. Only the daily schedule looks again for a price that the list
            did not have, and for those of deleted and invalid rows, which UpdatePrices does not know.
        prices: all recorded prices.
        now: the time, in UTC.
    """
    standings = list(standings)
    asked = {standing.key for standing in standings if standing.target and standing.status != Status.INVALID}
    pools = (
        standing.pool
        for standing in standings
        if standing.key.demand in asked and standing.status != Status.INVALID and not standing.key.is_group
    )
    new = sorted({str(pool.folded) for pool in pools if pool and not prices.has_looked_for(pool)})
    if not (new and prices.is_readable):
        return None
    return f"wanted-{now:%Y-%m-%dT%H-}{now.minute // 10}0-{hashlib.sha256(repr(new).encode()).hexdigest()[:16]}"
