"""Prices and caps: what all that is wanted would cost an hour, and whether the caps let it be bought.

While a price is unknown nothing is bought under a cap: docs/operating.md, "Prices".
"""

from collections.abc import Iterator
from decimal import Decimal

from odcr_cli.answers import money, plain
from odcr_cli.checks.line import Level, Line
from odcr_cli.checks.look import Look, Wanted, amount_in, missing_instances
from odcr_cli.demands import Demand

NAME = "spending"


def check(look: Look) -> Iterator[Line]:
    """The caps of demands, then the stack's."""
    prices = _prices(look)
    cap = _stack_cap(look)
    total, unpriced, unknown = Decimal(0), 0, list[str]()
    by_demand: dict[int, list[Wanted]] = {}
    for one in look.wanted():
        by_demand.setdefault(id(one.demand), []).append(one)
    for pools in by_demand.values():
        demand = pools[0].demand
        own_cap = amount_in(demand.options, "Max_Hourly_Cost")
        missing = [one for one in pools if _price(prices, one) is None]
        unpriced += len(missing)
        if missing and (own_cap is not None or cap is not None):
            names = ", ".join(plain(one.pool.name) for one in missing[:3])
            unknown.append(f"{plain(demand.name)} ({names})" if demand.is_group else names)
        cost = _cost(look, demand, pools, prices)
        if cost is None:
            continue
        total += cost
        if own_cap is not None and cost > own_cap:
            seen = f"{plain(demand.name)}: all of it costs {money(cost)} an hour, and its cap is {money(own_cap)}."
            yield Line(NAME, Level.ERROR, seen, "Raise Max_Hourly_Cost, or lower what is wanted.")
    for name in unknown:
        seen = f"{name}: no price is known, and there is a cap: nothing is bought."
        yield Line(NAME, Level.ERROR, seen, "Wait for the daily prices, or give one: `odcr import` takes odcr_price.")
    if cap is not None and total > cap:
        seen = f"All that is wanted costs {money(total)} an hour, and MaxHourlySpend is {money(cap)}."
        yield Line(NAME, Level.ERROR, seen, f"Deploy with a MaxHourlySpend of at least {money(total)}, or want less.")
    elif not unknown:
        within = f", within MaxHourlySpend of {money(cap)}" if cap is not None else "; there is no MaxHourlySpend"
        rest = f" {unpriced} pools have no price yet." if unpriced else ""
        yield Line(NAME, Level.OK, f"What is wanted and has a price costs {money(total)} an hour{within}.{rest}")


def _stack_cap(look: Look) -> Decimal | None:
    text = look.parameters.get("MaxHourlySpend", "")
    return Decimal(text) if text else None


def _prices(look: Look) -> dict[tuple[str, str, str, str], Decimal]:
    found = {}
    for row in look.rows("odcr_price"):
        price = amount_in(row, "Hourly_Price")
        if price is not None:
            key = (row["InstanceType"], row["Region"], row.get("Platform"), row.get("Tenancy"))
            found[tuple(str(part or "") for part in key)] = price
    return found  # type: ignore[return-value]


def _price(prices: dict[tuple[str, str, str, str], Decimal], one: Wanted) -> Decimal | None:
    return prices.get((one.pool.instance_type, one.pool.region, one.platform, one.tenancy))


def _cost(
    look: Look, demand: Demand, pools: list[Wanted], prices: dict[tuple[str, str, str, str], Decimal]
) -> Decimal | None:
    """An hour of all that a demand wants: what is held as it is, the rest in its dearest pool; None if unknown."""
    held = sum((one.pool.held * (_price(prices, one) or Decimal(0)) for one in pools), Decimal(0))
    rest = []
    for one in pools:
        price = _price(prices, one)
        if price is None:
            continue
        by_vcpus = demand.unit == "vcpus" and not one.pool.weight
        vcpus = look.vcpus(one.pool.region, {one.pool.instance_type}) if by_vcpus else {}
        rest.append(price * missing_instances(one, vcpus.get(one.pool.instance_type, 1)))
    return held + max(rest) if rest else None
