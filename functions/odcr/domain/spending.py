"""What the system's own purchases may bring the hourly cost to, and how that is shared out.

The room under the stack's cap is shared out in whole instances, to the lowest Priority first. Each demand is told how
much it may hold, so whatever dies or is repeated, all together stay below the cap. What two runs side by side would buy
is also counted in one place, the `Purse`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from odcr.domain.comparison import Comparison, is_recorded
from odcr.domain.outcome import Outcome, Status
from odcr.domain.price_pools import PricePool, price_pool
from odcr.domain.prices import PriceList
from odcr.domain.reservation import HELD_STATES, Kind, Reservation
from odcr.domain.shortfall import Limit, Shortfall
from odcr.domain.target import ReservationOptions, Target, TargetKey
from odcr.domain.use import NO_USE, Use

MICRO = 1_000_000
"""Costs are counted in millionths of the currency's unit, rounded so that no cap is exceeded."""

_LEFT_UNUSED = frozenset(
    {
        Status.SHORT,
        Status.QUOTA_EXCEEDED,
        Status.UNSUPPORTED,
        Status.THROTTLED,
        Status.INVALID,
        Status.FAILED,
    }
)
"""After these a demand has been asked for, and has not used the room that it had."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, and what an instance costs."""

    cap: Decimal | None = None
    """Of the stack, for an hour; None: there is none."""
    prices: PriceList = field(default_factory=PriceList)
    currency: str = "USD"
    """Of the cap; a price in another one counts as unknown."""

    def price(self, key: TargetKey, options: ReservationOptions) -> Decimal | None:
        """What an instance costs for an hour; None if that is unknown."""
        return self._of(price_pool(key, options))

    def _of(self, pool: PricePool | None) -> Decimal | None:
        price = self.prices.of(pool)
        return price.amount if price is not None and price.currency == self.currency else None


@dataclass(frozen=True, slots=True)
class Spent:
    """The hourly cost of all that is held, or was recorded as held."""

    amount: Decimal = Decimal(0)
    unknown: TargetKey | None = None
    """Something that is held and whose price is unknown, so that the cost is."""


def spent(reservations: Iterable[Reservation], targets: Iterable[Target], budget: Budget) -> Spent:
    """The larger of what EC2 shows and what was recorded, pool by pool: a describe may lag.

    Args:
        reservations: all that bear the stack's tag, in all Regions that answered.
        targets: all of this run, also those whose Region did not answer, and rows that are gone.
        budget: with the prices.
    """
    total, seen = Decimal(0), dict[TargetKey, int]()
    for one in reservations:
        if one.state not in HELD_STATES or one.kind is Kind.BLOCK or not one.count:
            continue
        price = budget.price(one.key, ReservationOptions(one.platform, one.tenancy))
        if price is None:
            return Spent(unknown=one.key)
        total += price * one.count
        seen[one.key] = seen.get(one.key, 0) + one.count
    for target in targets:
        recorded = target.last_reserved if target.last_status is not None else 0
        unseen = recorded - seen.get(target.key.pool, 0)
        if unseen > 0:
            price = budget.price(target.key, target.options)
            if price is None:
                return Spent(unknown=target.key)
            total += price * unseen
    return Spent(total)


def shared_out(
    comparison: Comparison, targets: Mapping[TargetKey, Target], budget: Budget, before: Spent, *, why_closed: str = ""
) -> Comparison:
    """The comparison, with a limit on each shortfall that a cap bounds; those that may buy nothing are observed.

    The lowest Priority comes first. A demand that left its room unused when it was last asked for comes after those
    that may use it.

    Args:
        comparison: what one run works on.
        targets: what the tables say, by key.
        budget: the stack's cap and the prices.
        before: what is spent already.
        why_closed: why this run may spend nothing under the stack's cap; empty if it may.
    """
    # Below 0 if the price of what is held rose: then not even what was lost is bought again.
    room = None if budget.cap is None else budget.cap - before.amount
    allotted: dict[TargetKey, Shortfall | Outcome] = {}
    for shortfall in sorted(comparison.shortfalls, key=lambda one: _rank(targets[one.key])):
        target = targets[shortfall.key]
        own = target.terms.max_hourly_cost
        if not _buys(shortfall) or (room is None and own is None):
            allotted[shortfall.key] = shortfall
            continue
        price = budget.price(target.key, target.options)
        # What was recorded and is not shown is in the sum already, and may be bought again for it.
        unseen = max(0, _recorded(target, shortfall) - shortfall.reserved)
        count, reason = _allotment(shortfall, unseen, price, room, budget, before, target)
        if room is not None and why_closed:
            count, reason = 0, why_closed
        if room is not None and price is not None:
            room -= max(0, count - unseen) * price
        cost = str(price) if room is not None and price is not None else ""
        limited = replace(shortfall, limit=Limit(shortfall.reserved + count, reason, cost))
        is_work = count > 0 or shortfall.has_other_work
        allotted[shortfall.key] = limited if is_work else _capped(limited, comparison.uses)
    results = [allotted[one.key] for one in comparison.shortfalls]
    capped = [one for one in results if isinstance(one, Outcome)]
    news = [one for one in capped if one.judgement or not is_recorded(targets[one.key], one)]
    return replace(
        comparison,
        shortfalls=[one for one in results if isinstance(one, Shortfall)],
        observed=[*comparison.observed, *news],
    )


def _allotment(
    shortfall: Shortfall,
    unseen: int,
    price: Decimal | None,
    room: Decimal | None,
    budget: Budget,
    before: Spent,
    target: Target,
) -> tuple[int, str]:
    """How many may be bought, and what is said once these are."""
    missing, own = shortfall.target - shortfall.reserved, target.terms.max_hourly_cost
    if price is None:
        return 0, _how_to_give_a_price(target, budget.currency)
    if room is not None and before.unknown is not None:
        return 0, f"Give the price of {before.unknown} in odcr_price: until then MaxHourlySpend lets nothing be bought."
    if not price:
        return missing, ""
    fit, reason = missing, ""
    if room is not None and room + unseen * price < fit * price:
        fit = max(0, int((room + unseen * price) // price))
        reason = _reason("MaxHourlySpend", budget.cap, before.amount, price, budget.currency)
    if own is not None and Decimal(own) < (shortfall.reserved + fit) * price:
        fit = max(0, min(fit, int(Decimal(own) // price) - shortfall.reserved))
        held_cost = shortfall.reserved * price
        reason = _reason("Max_Hourly_Cost in odcr_option", Decimal(own), held_cost, price, budget.currency)
    return fit, reason


def _recorded(target: Target, shortfall: Shortfall) -> int:
    """What a run has recorded; without a record, Current_Capacity is only what somebody wrote there."""
    return min(target.last_reserved, shortfall.target) if target.last_status is not None else 0


def _reason(name: str, cap: Decimal | None, amount: Decimal, price: Decimal, currency: str) -> str:
    return (
        f"More would exceed {name}: {cap:.2f} {currency} an hour, {amount:.2f} spent before this run, {price:.4f} each."
    )


def _how_to_give_a_price(target: Target, currency: str) -> str:
    pool = price_pool(target.key, target.options)
    if pool is None:
        return "Its price is unknown, so nothing is bought under a cap."
    names, values = ["InstanceType", "Region"], [pool.instance_type, pool.region]
    for name, value, usual in (
        ("Platform", pool.platform, "Linux/UNIX"),
        ("Tenancy", pool.tenancy, "default"),
        ("Currency", currency, "USD"),
    ):
        if value != usual:
            names.append(name)
            values.append(value)
    given = ", ".join(f"'{value}'" for value in values)
    # For a person to run, with the right price.
    statement = f"REPLACE INTO odcr_price ({', '.join(names)}, Hourly_Price) VALUES ({given}, 0.50)"  # noqa: S608
    return f"Price unknown, so a cap stops it. Run: {statement}"


def _rank(target: Target) -> tuple[bool, int]:
    return target.last_status in _LEFT_UNUSED, target.terms.priority


def _buys(shortfall: Shortfall) -> bool:
    return shortfall.rest is None and shortfall.reserved < shortfall.target


def _capped(shortfall: Shortfall, uses: Mapping[TargetKey, Use]) -> Outcome:
    reason = shortfall.limit.reason if shortfall.limit else ""
    return Outcome(
        shortfall.key,
        Status.CAPPED,
        shortfall.target,
        shortfall.reserved,
        shortfall.reservation_ids,
        shortfall.duplicate_ids,
        reason=f"{shortfall.target - shortfall.reserved} of {shortfall.target} missing. {reason}",
        more_ids=shortfall.more_ids,
        judgement=shortfall.judgement,
        use=uses.get(shortfall.key, NO_USE),
        is_use_known=shortfall.key in uses,
    )


def micro_up(amount: Decimal) -> int:
    """An amount in millionths, rounded up."""
    return int((amount * MICRO).to_integral_value(ROUND_CEILING))


def micro_down(amount: Decimal) -> int:
    """An amount in millionths, rounded down."""
    return int((amount * MICRO).to_integral_value(ROUND_FLOOR))
