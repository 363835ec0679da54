"""What an hour of what is held costs: of each target, and in all; and how all targets stand together."""

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
"""What `odcr_status.Hourly_Cost` cannot hold."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a target, or a pool of a group, stands, as a row of `odcr_status` says."""

    key: TargetKey
    status: str
    target: Amount | None
    reserved: Amount
    short_minutes: int | None = None
    """How long it has not been met; None if it is."""
    platform: str | None = None
    """None: not recorded."""
    tenancy: str | None = None
    unused: int = 0
    unused_minutes: int | None = None
    """How long some of it has been unused without a break; None if all is used, or that is not known."""
    weight: Amount | None = None
    """Of a group's pool: the units that an instance counts for."""

    @property
    def pool(self) -> PricePool | None:
        """What has the price of its instances; None if that cannot be said."""
        return pool_of(self.key, self.platform, self.tenancy)

    @property
    def wanted(self) -> int:
        """Instances asked for: before its start, and once it was stopped, a demand asks for no more than it holds."""
        return int(min(self.target or 0, self.reserved) if self.rests else self.target or 0)

    @property
    def rests(self) -> bool:
        """Whether nothing is asked for, as the row says."""
        return self.status in Status.__members__ and Status(self.status).rests


@dataclass(frozen=True, slots=True)
class Cost:
    """What an hour costs."""

    amount: Decimal
    """With four digits after the point."""
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"


_NOTHING = Cost(Decimal(0), "")


def pool_of(key: TargetKey, platform: str | None, tenancy: str | None) -> PricePool | None:
    """What has the price of a target's instances; None if that cannot be said.

    Args:
        key: the row's. As UpdatePrices does, it goes by what the row says of the zone, name or id.
        platform: None if it is not known.
        tenancy: likewise.
    """
    if not (platform and tenancy):
        return None
    return price_pool(TargetKey(key.instance_type, key.availability_zone), ReservationOptions(platform, tenancy))


def cost_of(reserved: Amount, pool: PricePool | None, prices: PriceList) -> Cost | None:
    """What an hour of so many instances costs; None if the price is unknown."""
    price = prices.of(pool)
    if price is None:
        return None
    amount = reserved * price.amount
    return Cost(amount.quantize(_DIGITS), price.currency) if amount < _TOO_MUCH else None


def recorded_cost(reserved: Amount, pool: PricePool | None, prices: PriceList) -> Decimal | None:
    """What `odcr_status.Hourly_Cost` says: None if the price is unknown, 0 where nothing is held."""
    if reserved <= 0:
        return Decimal(0)
    cost = cost_of(reserved, pool, prices)
    return cost.amount if cost else None


def recorded_cost_of(outcome: Outcome, prices: PriceList) -> Decimal | None:
    """The same, of an outcome. A group costs what its pools cost."""
    if outcome.key.is_group:
        costs = sum_of(cost_of(*_held(pool), prices) for pool in outcome.pools if pool.reserved > 0)
        return costs.amount if costs else None if any(pool.reserved > 0 for pool in outcome.pools) else Decimal(0)
    return recorded_cost(*_held(outcome), prices)


def recorded_costs(standings: Sequence[Standing], prices: PriceList) -> dict[TargetKey, Decimal | None]:
    """The same, of all rows of `odcr_status`."""
    costs = costs_by_key(standings, prices)
    return {
        standing.key: cost.amount if (cost := costs.get(standing.key, _NOTHING)) else None for standing in standings
    }


def costs_by_key(standings: Sequence[Standing], prices: PriceList) -> dict[TargetKey, Cost | None]:
    """What an hour of each target and pool costs of which something is held; None: its price is unknown."""
    costs: dict[TargetKey, Cost | None] = {}
    by_group: dict[TargetKey, list[Cost | None]] = {}
    for standing in standings:
        if standing.reserved > 0 and not standing.key.is_group:
            costs[standing.key] = cost_of(standing.reserved, standing.pool, prices)
            if standing.key.group:
                by_group.setdefault(standing.key.demand, []).append(costs[standing.key])
    return costs | {key: sum_of(parts) for key, parts in by_group.items()}


def sum_of(costs: Iterable[Cost | None]) -> Cost | None:
    """Several costs together; None if one is unknown or in another currency, or if there are none."""
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
    """What an hour of all that is held costs."""

    by_key: Mapping[TargetKey, Cost | None] = field(default_factory=dict)
    """By each target of which something is held; None: its price is unknown."""
    total: Cost | None = None
    """None if nothing is held, or no price is known."""
    unpriced: int = 0
    """Instances held whose price is unknown."""
    others: Sequence[Cost] = ()
    """Sums in other currencies, which `total` leaves out."""

    def remark(self, key: TargetKey) -> str:
        """What a line about a target says of it, with the comma before it; nothing if nothing is held."""
        if key not in self.by_key:
            return ""
        cost = self.by_key[key]
        return f", {cost} an hour" if cost else ", price unknown"

    def summary(self) -> str:
        """What a message says of all that is held; empty if nothing is."""
        sums = " and ".join(str(cost) for cost in (self.total, *self.others) if cost)
        unknown = f"{self.unpriced} instance(s) whose price is unknown"
        if not sums:
            return f"What is held are {unknown}; it can be given in odcr_price." if self.unpriced else ""
        rest = f", without {unknown}" if self.unpriced else ""
        return f"All that is held costs {sums} an hour{rest}."


NO_COSTS = Costs()


def costs_of(standings: Sequence[Standing], prices: PriceList, region: str) -> Costs:
    """What an hour of all that is held costs.

    Args:
        standings: all targets, and the pools of groups.
        prices: all that are known.
        region: the stack's own, whose partition has one currency: of several this one is summed.
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


def totals_of(standings: Sequence[Standing], costs: Costs = NO_COSTS) -> Totals:
    """How all targets together stand, in instances.

    What is held is that of the rows and of the groups' pools; what is missing, that of the rows and of the groups.
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
    """Instances that a demand asks for, and those among them that are missing.

    What a group is missing are so many instances of its smallest weight as would cover it. It asks for these, and for
    what it holds as long as that is not too much.
    """
    if not demand.key.is_group:
        return demand.wanted, int(max(0, demand.wanted - demand.reserved))
    is_met = demand.rests or demand.status == Status.PENDING or demand.status in _MET
    rest = 0 if is_met else max(0, (demand.target or 0) - demand.reserved)
    missing = math.ceil(rest / min((pool.weight or 1 for pool in pools), default=1))
    kept = sum(int(min(pool.target or 0, pool.reserved)) for pool in pools) if demand.target else 0
    return kept + missing, missing


def start_of_update(standings: Iterable[Standing], prices: PriceList, now: datetime) -> str | None:
    """The name of the execution of UpdatePrices that is to be started; None if nobody lacks a price it may find.

    It is the same for ten minutes and the same pools, and there is one execution of a name. So a price list that does
    not answer is asked every ten minutes, and a row that comes meanwhile does not wait:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

    Args:
        standings: all targets, and the pools of groups. A price that was looked for in vain is looked for again by the
            schedule alone, and so is that of what is gone or makes no sense, of which UpdatePrices does not know.
        prices: all that are recorded.
        now: in UTC.
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
