"""Prices and caps: what an hour of everything wanted would cost, and whether the caps allow it.

Under a cap nothing is bought while its price is unknown: docs/how-to/demands.md, "Within a budget", and
docs/how-to/give-prices.md.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from odcr_cli.amounts import format_money, sum_of
from odcr_cli.checks.inputs import CheckInputs, WantedPool, amount_in, at_most
from odcr_cli.checks.line import Level, Line
from odcr_cli.demands import Demand
from odcr_cli.formatting import printable
from odcr_cli.prices import Price, Prices, price_region

NAME = "spending"
_SHOWN = 3


def check(inputs: CheckInputs) -> Iterator[Line]:
    """Checks the demands' caps, then the stack's."""
    prices, currency, cap = Prices(inputs.rows("odcr_price")), _currency(inputs), _stack_cap(inputs)
    totals: dict[str, Decimal] = {}
    unpriced, lines, unknown = 0, list[Line](), list[Line]()
    by_demand: dict[int, list[WantedPool]] = {}
    for pool in inputs.wanted():
        by_demand.setdefault(id(pool.demand), []).append(pool)
    for pools in by_demand.values():
        demand, known = pools[0].demand, [(pool, _price(prices, pool)) for pool in pools]
        own = amount_in(demand.options, "Max_Hourly_Cost")
        costs = _costs(inputs, [(pool, price) for pool, price in known if price])
        unpriced += sum(price is None for _, price in known)
        totals = sum_of((totals, costs))
        cost = costs.get(currency, Decimal(0))
        if own is not None and cost > own:
            of_all = (
                f"all of it costs {format_money(cost, currency)} an hour, and its cap is {format_money(own, currency)}."
            )
            advice = "Raise Max_Hourly_Cost, or lower what is wanted."
            lines.append(Line(NAME, Level.ERROR, f"{printable(demand.name)}: {of_all}", advice))
        if own is not None or cap is not None:
            missing = [pool for pool, price in known if price is None or price.currency != currency]
            unknown += _unknown(demand, missing, len(pools), currency, is_all=cap is not None)
    yield from (*lines, *unknown)
    total = totals.get(currency, Decimal(0))
    if cap is not None and total > cap:
        spend, most = format_money(total, currency), format_money(cap, currency)
        seen = f"Everything wanted costs {spend} an hour, more than MaxHourlySpend, {most}."
        yield Line(
            NAME, Level.ERROR, seen, f"Deploy with a MaxHourlySpend of at least {format_money(total)}, or want less."
        )
    elif all(line.level is not Level.ERROR for line in unknown):
        within = (
            f", within MaxHourlySpend of {format_money(cap, currency)}"
            if cap is not None
            else "; there is no MaxHourlySpend"
        )
        rest = f" {unpriced} pools have no price yet." if unpriced else ""
        costs_all = " and ".join(format_money(totals[name], name) for name in sorted(totals)) or format_money(
            total, currency
        )
        yield Line(NAME, Level.OK, f"What is wanted and has a price costs {costs_all} an hour{within}.{rest}")


def _unknown(demand: Demand, missing: list[WantedPool], pools: int, currency: str, *, is_all: bool) -> Iterator[Line]:
    """What a demand under a cap does not buy because prices are unknown, or not in the cap's currency."""
    if not missing:
        return
    names = ", ".join(printable(pool.pool.name) for pool in missing[:_SHOWN])
    names += f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    text = f"{printable(demand.name)} ({names})" if demand.is_group else names
    held = [pool for pool in missing if pool.pool.held]
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
    yield Line(NAME, level, seen, f"Wait for the daily prices, or give one: `{printable(give)}`.")


def _kind(pool: WantedPool) -> str:
    platform = f' --platform "{pool.platform}"' if pool.platform != "Linux/UNIX" else ""
    return platform + (f" --tenancy {pool.tenancy}" if pool.tenancy != "default" else "")


def _stack_cap(inputs: CheckInputs) -> Decimal | None:
    text = inputs.parameters.get("MaxHourlySpend", "")
    return Decimal(text) if text else None


def _currency(inputs: CheckInputs) -> str:
    """The caps' currency: that of the partition's price list.

    https://docs.amazonaws.cn/en_us/aws/latest/userguide/billing-and-payment.html
    """
    return "CNY" if inputs.source.stack.region.startswith("cn-") else "USD"


def _price(prices: Prices, pool: WantedPool) -> Price | None:
    return prices.of_type(pool.pool.instance_type, pool.pool.zone, pool.platform, pool.tenancy)


def _costs(inputs: CheckInputs, pools: Iterable[tuple[WantedPool, Price]]) -> dict[str, Decimal]:
    """What an hour of all that a demand wants costs, by currency; what is missing at its dearest pools' prices."""
    rest: dict[str, list[tuple[WantedPool, int, Decimal]]] = {}
    costs: dict[str, Decimal] = {}
    for pool, price in pools:
        costs[price.currency] = costs.get(price.currency, Decimal(0)) + pool.pool.held * price.amount
        by_vcpus = pool.demand.unit == "vcpus" and not pool.pool.weight
        vcpus = inputs.vcpus(pool.pool.region, {pool.pool.instance_type}) if by_vcpus else {}
        rest.setdefault(price.currency, []).append((pool, vcpus.get(pool.pool.instance_type, 1), price.amount))
    return {currency: costs[currency] + at_most(entries) for currency, entries in rest.items()}
