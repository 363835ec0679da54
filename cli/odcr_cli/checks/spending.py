"""Prices and caps: what all that is wanted would cost an hour, and whether the caps let it be bought.

While a price is unknown nothing is bought under a cap: docs/how-to/demands.md, "Within a budget", and
docs/how-to/give-prices.md.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from odcr_cli.amounts import money, sum_of
from odcr_cli.answers import plain
from odcr_cli.checks.line import Level, Line
from odcr_cli.checks.look import Look, Wanted, amount_in, at_most
from odcr_cli.demands import Demand
from odcr_cli.prices import Price, Prices, price_region

NAME = "spending"
_SHOWN = 3


def check(look: Look) -> Iterator[Line]:
    """The caps of demands, then the stack's."""
    prices, currency, cap = Prices(look.rows("odcr_price")), _currency(look), _stack_cap(look)
    totals: dict[str, Decimal] = {}
    unpriced, lines, unknown = 0, list[Line](), list[Line]()
    by_demand: dict[int, list[Wanted]] = {}
    for one in look.wanted():
        by_demand.setdefault(id(one.demand), []).append(one)
    for pools in by_demand.values():
        demand, known = pools[0].demand, [(one, _price(prices, one)) for one in pools]
        own = amount_in(demand.options, "Max_Hourly_Cost")
        costs = _costs(look, [(one, price) for one, price in known if price])
        unpriced += sum(price is None for _, price in known)
        totals = sum_of((totals, costs))
        cost = costs.get(currency, Decimal(0))
        if own is not None and cost > own:
            of_all = f"all of it costs {money(cost, currency)} an hour, and its cap is {money(own, currency)}."
            advice = "Raise Max_Hourly_Cost, or lower what is wanted."
            lines.append(Line(NAME, Level.ERROR, f"{plain(demand.name)}: {of_all}", advice))
        if own is not None or cap is not None:
            missing = [one for one, price in known if price is None or price.currency != currency]
            unknown += _unknown(demand, missing, len(pools), currency, is_all=cap is not None)
    yield from (*lines, *unknown)
    total = totals.get(currency, Decimal(0))
    if cap is not None and total > cap:
        seen = (
            f"All that is wanted costs {money(total, currency)} an hour, and MaxHourlySpend is {money(cap, currency)}."
        )
        yield Line(NAME, Level.ERROR, seen, f"Deploy with a MaxHourlySpend of at least {money(total)}, or want less.")
    elif all(line.level is not Level.ERROR for line in unknown):
        within = (
            f", within MaxHourlySpend of {money(cap, currency)}" if cap is not None else "; there is no MaxHourlySpend"
        )
        rest = f" {unpriced} pools have no price yet." if unpriced else ""
        costs_all = " and ".join(money(totals[name], name) for name in sorted(totals)) or money(total, currency)
        yield Line(NAME, Level.OK, f"What is wanted and has a price costs {costs_all} an hour{within}.{rest}")


def _unknown(demand: Demand, missing: list[Wanted], pools: int, currency: str, *, is_all: bool) -> Iterator[Line]:
    """What a demand under a cap does not buy while prices are unknown. One in another currency than the cap's is."""
    if not missing:
        return
    names = ", ".join(plain(one.pool.name) for one in missing[:_SHOWN])
    names += f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    text = f"{plain(demand.name)} ({names})" if demand.is_group else names
    held = [one for one in missing if one.pool.held]
    seen = f"{text}: no price in {currency} is known, and there is a cap: "
    if held and is_all:
        seen += "as something is held there, nothing at all is bought under MaxHourlySpend."
    elif held or len(missing) == pools:
        seen += "nothing is bought."
    else:
        seen += "nothing is bought there, and its other pools go on."
    pool = (held or missing)[0].pool
    kind = _kind((held or missing)[0])
    give = f"odcr prices set {pool.instance_type} {price_region(pool.zone)} PRICE{kind}"
    give += f" --currency {currency}" if currency != "USD" else ""
    level = Level.ERROR if held or len(missing) == pools else Level.WARNING
    yield Line(NAME, level, seen, f"Wait for the daily prices, or give one: `{plain(give)}`.")


def _kind(one: Wanted) -> str:
    platform = f' --platform "{one.platform}"' if one.platform != "Linux/UNIX" else ""
    return platform + (f" --tenancy {one.tenancy}" if one.tenancy != "default" else "")


def _stack_cap(look: Look) -> Decimal | None:
    text = look.parameters.get("MaxHourlySpend", "")
    return Decimal(text) if text else None


def _currency(look: Look) -> str:
    """Of the caps: that of the partition's price list.

    https://docs.amazonaws.cn/en_us/aws/latest/userguide/billing-and-payment.html
    """
    return "CNY" if look.source.stack.region.startswith("cn-") else "USD"


def _price(prices: Prices, one: Wanted) -> Price | None:
    return prices.of_type(one.pool.instance_type, one.pool.zone, one.platform, one.tenancy)


def _costs(look: Look, pools: Iterable[tuple[Wanted, Price]]) -> dict[str, Decimal]:
    """An hour of all that a demand wants, by currency: what is held as it is, the rest in its dearest pools."""
    rest: dict[str, list[tuple[Wanted, int, Decimal]]] = {}
    found: dict[str, Decimal] = {}
    for one, price in pools:
        found[price.currency] = found.get(price.currency, Decimal(0)) + one.pool.held * price.amount
        by_vcpus = one.demand.unit == "vcpus" and not one.pool.weight
        vcpus = look.vcpus(one.pool.region, {one.pool.instance_type}) if by_vcpus else {}
        rest.setdefault(price.currency, []).append((one, vcpus.get(one.pool.instance_type, 1), price.amount))
    return {currency: found[currency] + at_most(theirs) for currency, theirs in rest.items()}
