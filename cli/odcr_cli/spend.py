"""The hourly cost over time, from `odcr_history` and the current prices."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from odcr_cli.demands import Demand
from odcr_cli.door import Row
from odcr_cli.prices import Prices
from odcr_cli.series import Steps, history_key, levels_over_time, sum_of


@dataclass(frozen=True)
class Spend:
    """The hourly cost of all that was held, at current prices."""

    currency: str
    times: tuple[datetime, ...]
    amounts: tuple[float, ...]
    end: datetime
    unpriced: int = 0
    """The instances held now whose price is unknown, so they are not included."""


def spend_of(
    history: Iterable[Row], demands: Iterable[Demand], prices: Prices, start: datetime, end: datetime
) -> list[Spend]:
    """The hourly cost over time per currency, that of the most instances first; empty if no price is known.

    Args:
        history, demands, start, end: as in `series_of`.
        prices: the current ones; past prices are not recorded.
    """
    rows: dict[tuple[str, str, str], list[Row]] = {}
    for row in history:
        if row["InstanceType"]:
            rows.setdefault(history_key(row), []).append(row)
    steps: dict[str, list[Steps]] = {}
    counts: Counter[str] = Counter()
    unpriced = 0
    pools = {
        (demand.name if demand.is_group else "", pool.instance_type, pool.zone): (demand, pool)
        for demand in demands
        for pool in demand.pools
    }
    for key in {**pools, **rows}:
        known = pools.get(key)
        price = prices.of(known[1], known[0].options) if known else prices.of_type(key[1], key[2])
        now = float(known[1].held) if known else None
        if price is None:
            unpriced += int(now or 0)
            continue
        held = [(moment, level[0]) for moment, level in levels_over_time(rows.get(key, []), start, end, held_now=now)]
        amount = float(price.amount)
        steps.setdefault(price.currency, []).append([(moment, count * amount) for moment, count in held])
        counts[price.currency] += int(now or 0)
    spends = []
    for currency, parts in sorted(steps.items(), key=lambda entry: -counts[entry[0]]):
        summed = sum_of(parts)
        spends.append(
            Spend(currency, tuple(moment for moment, _ in summed), tuple(spent for _, spent in summed), end, unpriced)
        )
    return spends
