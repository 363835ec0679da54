"""What an hour of what is held costs: of each target, and in all."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from odcr.domain.outcome import Status, Totals
from odcr.domain.price_pools import PricePool, price_pool
from odcr.domain.prices import PriceList, usual_currency
from odcr.domain.target import ReservationOptions, TargetKey

_DIGITS = Decimal("0.0001")
_TOO_MUCH = Decimal(10) ** 10
"""What `odcr_status.Hourly_Cost` cannot hold."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a target stands, as a row of `odcr_status` says."""

    key: TargetKey
    status: str
    target: int | None
    reserved: int
    short_minutes: int | None = None
    """How long it has not been met; None if it is."""
    platform: str | None = None
    """None: not recorded."""
    tenancy: str | None = None
    unused: int = 0
    unused_minutes: int | None = None
    """How long some of it has been unused without a break; None if all is used, or that is not known."""

    @property
    def pool(self) -> PricePool | None:
        """What has the price of its instances; None if that cannot be said."""
        return pool_of(self.key, self.platform, self.tenancy)

    @property
    def wanted(self) -> int:
        """What is asked for: before its start, and once it was stopped, a demand asks for no more than it holds."""
        rests = self.status in Status.__members__ and Status(self.status).rests
        return min(self.target or 0, self.reserved) if rests else self.target or 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What an hour costs."""

    amount: Decimal
    """With four digits after the point."""
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"


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


def cost_of(reserved: int, pool: PricePool | None, prices: PriceList) -> Cost | None:
    """What an hour of so many instances costs; None if the price is unknown."""
    price = prices.of(pool)
    if price is None:
        return None
    amount = reserved * price.amount
    return Cost(amount.quantize(_DIGITS), price.currency) if amount < _TOO_MUCH else None


def recorded_cost(reserved: int, pool: PricePool | None, prices: PriceList) -> Decimal | None:
    """What `odcr_status.Hourly_Cost` says: None if the price is unknown, 0 where nothing is held."""
    if reserved <= 0:
        return Decimal(0)
    cost = cost_of(reserved, pool, prices)
    return cost.amount if cost else None


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


def costs_of(standings: Iterable[Standing], prices: PriceList, region: str) -> Costs:
    """What an hour of all that is held costs.

    Args:
        standings: all targets.
        prices: all that are known.
        region: the stack's own, whose partition has one currency: of several this one is summed.
    """
    by_key: dict[TargetKey, Cost | None] = {}
    unpriced = 0
    sums: dict[str, Decimal] = {}
    for one in standings:
        if one.reserved <= 0:
            continue
        by_key[one.key] = cost = cost_of(one.reserved, one.pool, prices)
        if cost:
            sums[cost.currency] = sums.get(cost.currency, Decimal(0)) + cost.amount
        else:
            unpriced += one.reserved
    currency = next(iter(sums)) if len(sums) == 1 else usual_currency("aws-cn" if region.startswith("cn-") else "aws")
    total = Cost(sums[currency], currency) if currency in sums else None
    others = tuple(Cost(amount, other) for other, amount in sorted(sums.items()) if other != currency)
    return Costs(by_key, total, unpriced, others)


def totals_of(standings: Sequence[Standing], costs: Costs = NO_COSTS) -> Totals:
    """How all targets together stand."""
    shortages = [one.short_minutes for one in standings if one.short_minutes is not None]
    return Totals(
        wanted=sum(one.wanted for one in standings),
        held=sum(one.reserved for one in standings),
        missing=sum(max(0, one.wanted - one.reserved) for one in standings),
        unmet=len(shortages),
        longest_shortage_minutes=max(shortages, default=0),
        unused=sum(one.unused for one in standings),
        longest_unused_minutes=max((one.unused_minutes or 0 for one in standings), default=0),
        hourly_cost=costs.total.amount if costs.total else None,
        unpriced=costs.unpriced,
    )


def start_of_update(standings: Iterable[Standing], prices: PriceList, now: datetime) -> str | None:
    """The name of the execution of UpdatePrices that is to be started; None if nobody lacks a price it may find.

    It is the same for ten minutes and the same pools, and there is one execution of a name. So a price list that does
    not answer is asked every ten minutes, and a row that comes meanwhile does not wait:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

    Args:
        standings: all targets. A price that was looked for in vain is looked for again by the schedule alone, and so
            is that of a row that is gone or makes no sense, of which UpdatePrices does not know.
        prices: all that are recorded.
        now: in UTC.
    """
    standings = list(standings)
    wanted = {one.key for one in standings if one.target and one.status != Status.INVALID}
    # A group's pools are wanted as long as the group is, also while nothing is held there.
    pools = (one.pool for one in standings if one.key.demand in wanted and one.status != Status.INVALID)
    new = sorted({str(pool.folded) for pool in pools if pool and not prices.has_looked_for(pool)})
    if not (new and prices.is_readable):
        return None
    return f"wanted-{now:%Y-%m-%dT%H-}{now.minute // 10}0-{hashlib.sha256(repr(new).encode()).hexdigest()[:16]}"
