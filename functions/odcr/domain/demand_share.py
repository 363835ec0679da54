"""How much the caps let one demand hold: a row in instances, a group in money for all its pools."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from odcr.domain.amounts import Amount
from odcr.domain.budget import Budget, Spent
from odcr.domain.price_pools import price_pool
from odcr.domain.shortfall import Limit, Pool, Shortfall
from odcr.domain.target import ReservationOptions, Target, TargetKey

OF_ITS_POOLS = "group"
"""`Limit.price` of a group under the stack's cap. Its pools have prices of their own."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps and the room left when a demand gets its share."""

    budget: Budget
    before: Spent
    """What is already spent."""
    room: Decimal | None
    """Hourly cost left under the stack's cap, negative if prices have risen; None: there is no such cap."""
    why_closed: str
    """Why the run may spend nothing under the stack's cap; empty if it may."""


@dataclass(frozen=True, slots=True)
class DemandShare:
    """The share of one demand."""

    shortfall: Shortfall
    """The shortfall with its limit and the known prices of its pools."""
    cost: Decimal = Decimal(0)
    """Hourly cost that it takes from the room, besides what counts as spent already."""
    is_capped: bool = False
    """Whether nothing can be bought because of a cap."""


def is_short(shortfall: Shortfall) -> bool:
    """Whether something has to be bought for it."""
    return shortfall.rest is None and shortfall.reserved < shortfall.target


def share_of_demand(shortfall: Shortfall, target: Target, caps: Caps) -> DemandShare:
    """The share of the room that a demand gets, within its own cap.

    Recorded instances that EC2 does not show count as spent already, and may be bought again for that.

    Args:
        shortfall: the demand.
        target: the demand according to the tables.
        caps: the caps, with the room that earlier demands have left.
    """
    if caps.room is None and target.terms.max_hourly_cost is None:
        return DemandShare(shortfall)
    if target.key.is_group:
        return DemandShare(shortfall) if shortfall.rest else _of_group(shortfall, target, caps)
    return _of_row(shortfall, target, caps) if is_short(shortfall) else DemandShare(shortfall)


def _of_row(shortfall: Shortfall, target: Target, caps: Caps) -> DemandShare:
    (pool,) = shortfall.pools
    price = caps.budget.price(target.key, target.options)
    recorded = min(target.last_reserved, shortfall.target) if target.last_status is not None else 0
    unseen = max(0, int(recorded) - pool.reserved)
    count, reason = _instances(shortfall, unseen, price, caps, target)
    if caps.room is not None and caps.why_closed:
        count, reason = 0, caps.why_closed
    text = "" if price is None else f"{price:f}"
    limit = Limit(pool.reserved + count, reason, text if caps.room is not None else "")
    taken = max(0, count - unseen) * price if price is not None else Decimal(0)
    return DemandShare(replace(shortfall, pools=(replace(pool, price=text),), limit=limit), taken, count <= 0)


def _instances(shortfall: Shortfall, unseen: int, price: Decimal | None, caps: Caps, target: Target) -> tuple[int, str]:
    """How many instances may be bought, and the reason why not more."""
    budget, before, room, own = caps.budget, caps.before, caps.room, target.terms.max_hourly_cost
    reserved, missing = shortfall.pools[0].reserved, int(shortfall.target - shortfall.reserved)
    if price is None:
        return 0, _how_to_give_a_price(target.key, target.options, budget.currency)
    if room is not None and before.unknown is not None:
        return 0, _give_the_price(before.unknown, "MaxHourlySpend")
    if not price:
        return missing, ""
    fit, reason = missing, ""
    if room is not None and room + unseen * price < fit * price:
        fit = max(0, int((room + unseen * price) // price))
        reason = _reason("MaxHourlySpend", budget.cap, before.amount, f"{price:.4f} each", budget.currency)
    if own is not None and Decimal(own) < (reserved + fit) * price:
        fit = max(0, min(fit, int(Decimal(own) // price) - reserved))
        name, held_cost = "Max_Hourly_Cost in odcr_option", reserved * price
        reason = _reason(name, Decimal(own), held_cost, f"{price:.4f} each", budget.currency)
    return fit, reason


def _of_group(shortfall: Shortfall, target: Target, caps: Caps) -> DemandShare:
    """The limit of a group is the hourly cost of what it holds now, plus its share."""
    options, currency = target.options, caps.budget.currency
    prices = [caps.budget.price(pool.key, options) for pool in shortfall.pools]
    known = [(pool, price) for pool, price in zip(shortfall.pools, prices, strict=True) if price is not None]
    held_cost = sum((pool.reserved * price for pool, price in known), Decimal(0))
    unseen = sum((max(0, pool.recorded - pool.reserved) * price for pool, price in known), Decimal(0))
    missing = shortfall.target - shortfall.reserved
    askable = [(pool, price) for pool, price in known if _has_room(pool, shortfall)]
    unpriced = [pool for pool, price in zip(shortfall.pools, prices, strict=True) if price is None]
    first_unpriced = next((pool for pool in unpriced if _has_room(pool, shortfall)), None)

    closed = _why_nothing(unpriced, target, caps)
    share, reason = _allowed_cost(_wanted_cost(missing, askable, shortfall), unseen, held_cost, askable, caps, target)
    if not askable and first_unpriced:
        closed = closed or _how_to_give_a_price(first_unpriced.key, options, currency)
    is_capped = is_short(shortfall) and bool(closed or (askable and min(price for _, price in askable) > share))
    if closed or is_capped:
        share, reason = Decimal(0), closed or reason
    pools = tuple(_priced(pool, price, options, currency) for pool, price in zip(shortfall.pools, prices, strict=True))
    if closed:
        pools = tuple(replace(pool, may_buy=False) for pool in pools)
    limit = Limit(None, reason, OF_ITS_POOLS if caps.room is not None else "", f"{held_cost + share:f}")
    return DemandShare(replace(shortfall, pools=pools, limit=limit), max(Decimal(0), share - unseen), is_capped)


def _has_room(pool: Pool, shortfall: Shortfall) -> bool:
    """Whether the total and the member's row allow another instance in the pool."""
    missing = shortfall.target - shortfall.reserved
    is_full = pool.most is not None and pool.reserved >= pool.most
    return (
        pool.may_buy
        and not (pool.is_removed or is_full)
        and missing > 0
        and (shortfall.allows_overshoot or pool.weight <= missing)
    )


def _wanted_cost(missing: Amount, askable: list[tuple[Pool, Decimal]], shortfall: Shortfall) -> Decimal:
    """The most that the missing units may cost: in the dearest pool, with one instance more for an overshoot."""
    if not askable:
        return Decimal(0)
    dearest = max((Decimal(missing) / pool.weight).to_integral_value(ROUND_CEILING) * price for pool, price in askable)
    return dearest + (max(price for _, price in askable) if shortfall.allows_overshoot else 0)


def _allowed_cost(
    most: Decimal,
    unseen: Decimal,
    held_cost: Decimal,
    askable: list[tuple[Pool, Decimal]],
    caps: Caps,
    target: Target,
) -> tuple[Decimal, str]:
    """The hourly cost of all purchases together, and the reason why not more."""
    budget, room, own = caps.budget, caps.room, target.terms.max_hourly_cost
    # Even if nothing is missing, something may get lost before the attempt looks. It may be bought again.
    share, reason = most or unseen, ""
    each = f"{min((price for _, price in askable), default=Decimal(0)):.4f} for the cheapest instance"
    if room is not None and max(Decimal(0), room + unseen) < share:
        share = max(Decimal(0), room + unseen)
        reason = _reason("MaxHourlySpend", budget.cap, caps.before.amount, each, budget.currency)
    if own is not None and max(Decimal(own), held_cost) < held_cost + share:
        share = max(Decimal(0), Decimal(own) - held_cost)
        reason = _reason("Max_Hourly_Cost in odcr_group", Decimal(own), held_cost, each, budget.currency)
    return share, reason


def _why_nothing(unpriced: Iterable[Pool], target: Target, caps: Caps) -> str:
    """Why a group may buy nothing at all, whatever the room; empty if it may."""
    if caps.room is not None and caps.why_closed:
        return caps.why_closed
    if caps.room is not None and caps.before.unknown is not None:
        return _give_the_price(caps.before.unknown, "MaxHourlySpend")
    held = next((pool.key for pool in unpriced if pool.reserved), None)
    if held is not None and target.terms.max_hourly_cost is not None:
        return _give_the_price(held, "Max_Hourly_Cost")
    return ""


def _priced(pool: Pool, price: Decimal | None, options: ReservationOptions, currency: str) -> Pool:
    """A group's pool with its price. If that is unknown, nothing is bought there."""
    if price is not None:
        return replace(pool, price=f"{price:f}")
    if not pool.may_buy or pool.is_removed:
        return pool
    return replace(pool, may_buy=False, remark=_how_to_give_a_price(pool.key, options, currency))


def _reason(name: str, cap: Decimal | None, amount: Decimal, each: str, currency: str) -> str:
    return f"More would exceed {name}: {cap:.2f} {currency} an hour, {amount:.2f} spent before this run, {each}."


def _give_the_price(key: TargetKey, cap: str) -> str:
    return f"Give the price of {key} in odcr_price: until then {cap} allows no purchase."


def _how_to_give_a_price(key: TargetKey, options: ReservationOptions, currency: str) -> str:
    pool = price_pool(key, options)
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
    # For a person to run with the right price, not for the program.
    statement = f"REPLACE INTO odcr_price ({', '.join(names)}, Hourly_Price) VALUES ({given}, 0.50)"  # noqa: S608
    return f"Price unknown, so a cap stops it. Run: {statement}"
