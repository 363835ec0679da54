"""What was spent over time, from `odcr_history` and the prices of now."""

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
    """What an hour of all that was held costs, at the prices of now."""

    currency: str
    times: tuple[datetime, ...]
    amounts: tuple[float, ...]
    end: datetime
    unpriced: int = 0
    """Instances held now whose price is unknown, so that they are not in it."""


def spend_of(
    history: Iterable[Row], demands: Iterable[Demand], prices: Prices, start: datetime, end: datetime
) -> list[Spend]:
    """What an hour cost over time, a currency each, the one of the most instances first; empty if no price is known.

    Args:
        history, demands, start, end: as of `series_of`.
        prices: as they are now; what they were then is not recorded.
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
        price = prices.of(known[1], known[0]) if known else prices.of_type(key[1], key[2])
        now = float(known[1].held) if known else None
        if price is None:
            unpriced += int(now or 0)
            continue
        held = [(moment, one[0]) for moment, one in levels_over_time(rows.get(key, []), start, end, held_now=now)]
        amount = float(price.amount)
        steps.setdefault(price.currency, []).append([(moment, count * amount) for moment, count in held])
        counts[price.currency] += int(now or 0)
    found = []
    for currency, theirs in sorted(steps.items(), key=lambda one: -counts[one[0]]):
        summed = sum_of(theirs)
        found.append(Spend(currency, tuple(one for one, _ in summed), tuple(one for _, one in summed), end, unpriced))
    return found
