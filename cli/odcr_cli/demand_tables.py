"""Reads the demands from the tables."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from odcr_cli.demands import NEW, Demand, Pool
from odcr_cli.door import Row, folded, number
from odcr_cli.prices import Prices
from odcr_cli.target_options import options_by_target, pool_key

_TABLES = ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member", "odcr_status", "odcr_price")


class _Tables(Protocol):
    def rows_of(self, *names: str) -> dict[str, list[Row]]: ...


def read_demands(tables: _Tables) -> list[Demand]:
    """All demands: targets first, then groups, then those that are only still held."""
    return read_demands_and_prices(tables)[0]


def read_demands_and_prices(tables: _Tables) -> tuple[list[Demand], Prices]:
    """The demands and the prices, read at the same moment."""
    rows = tables.rows_of(*_TABLES)
    return demands_of(*rows.values()), Prices(rows["odcr_price"])


def demands_of(
    capacity: Iterable[Row],
    options: Iterable[Row],
    groups: Iterable[Row],
    members: Iterable[Row],
    status: Iterable[Row],
    prices: Iterable[Row],
) -> list[Demand]:
    """The demands in the tables' rows. The prices tell the currency of each cost."""
    recorded = {_key(row): row for row in status}
    capacity = list(capacity)
    wishes = options_by_target(capacity, options)
    by_group: dict[str, list[Row]] = {}
    for member in members:
        by_group.setdefault(folded(_text(member, "Group_Name")), []).append(member)
    demands = []
    for row in capacity:
        key = ("", *_pool_key(row))
        demands.append(_of_row(row, wishes.get(pool_key(row), {}), recorded.pop(key, {})))
    for group in groups:
        name = _text(group, "Group_Name")
        own = {key[1:]: recorded.pop(key) for key in list(recorded) if key[0] == name}
        demands.append(_of_group(name, group, by_group.get(folded(name), []), own))
    left: dict[str, dict[tuple[str, str], Row]] = {}
    for (name, type_, zone), row in recorded.items():
        if name:
            left.setdefault(name, {})[type_, zone] = row
        else:
            gone = _of_row({"InstanceType": type_, "AvailabilityZone": zone, "Target_Capacity": 0}, {}, row)
            demands.append(replace(gone, is_there=False, pools=(replace(gone.pools[0], is_member=False),)))
    demands += [replace(_of_group(name, {}, [], rows), is_there=False) for name, rows in left.items()]
    known = Prices(prices)
    return [_with_currencies(demand, known) for demand in demands]


def _with_currencies(demand: Demand, prices: Prices) -> Demand:
    pools = [
        pool if pool.hourly_cost is None else replace(pool, currency=prices.currency_of(pool, demand.options))
        for pool in demand.pools
    ]
    return replace(demand, pools=tuple(pools))


def _of_row(row: Row, wish: Row, status: Row) -> Demand:
    pool = replace(_pool(*_pool_key(row), status), wanted=number(row.get("Target_Capacity")))
    return Demand(
        pool.name,
        False,
        pool.wanted or Decimal(0),
        pool.held,
        "instances",
        pool.status,
        pool.reason,
        pool.since,
        pool.short_since,
        pool.in_use,
        pool.unused,
        pool.hourly_cost,
        (pool,),
        wish,
        verdict=_text(status, "Verdict"),
        met_since=_text(status, "Met_Since"),
    )


def _of_group(name: str, group: Row, members: Iterable[Row], status: dict[tuple[str, str], Row]) -> Demand:
    own = status.pop(("", ""), {})
    pools = []
    for member in members:
        key = _pool_key(member)
        pool = _pool(*key, status.pop(key, {}))
        weight = member.get("Weight")
        pools.append(
            replace(
                pool,
                priority=int(number(member.get("Priority"))),
                least=int(number(member.get("Min_Instances"))),
                most=None if member.get("Max_Instances") is None else int(number(member["Max_Instances"])),
                weight=number(weight) if weight is not None else pool.weight,
            )
        )
    pools.sort(key=lambda pool: (pool.priority, pool.instance_type, pool.zone))
    pools += [replace(_pool(*key, row), is_member=False) for key, row in sorted(status.items())]
    return Demand(
        name,
        True,
        number(group.get("TotalTargetCapacity")),
        number(own.get("Reserved")),
        folded(_text(group, "Unit") or _text(own, "Unit")) or "instances",
        _text(own, "Status") or NEW,
        _text(own, "Reason"),
        _text(own, "Since"),
        _text(own, "Short_Since"),
        own.get("In_Use"),
        own.get("Unused"),
        _amount(own, "Hourly_Cost"),
        tuple(pools),
        group,
        verdict=_text(own, "Verdict"),
        met_since=_text(own, "Met_Since"),
        recorded_wanted=_amount(own, "Target_Capacity"),
    )


def _pool(type_: str, zone: str, status: Row) -> Pool:
    target = status.get("Target_Capacity")
    return Pool(
        type_,
        zone,
        _text(status, "Status") or NEW,
        number(status.get("Reserved")),
        status.get("In_Use"),
        status.get("Unused"),
        _amount(status, "Hourly_Cost"),
        _text(status, "Reason"),
        tuple(id_ for id_ in _text(status, "Reservation_Ids").replace(",", " ").split() if id_),
        _text(status, "Since"),
        _text(status, "Short_Since"),
        _amount(status, "Weight"),
        wanted=None if target is None else number(target),
        unused_since=_text(status, "Unused_Since"),
        misfits=_text(status, "Misfits"),
        platform=_text(status, "Platform"),
        tenancy=_text(status, "Tenancy"),
    )


def _amount(row: Row, column: str) -> Decimal | None:
    return None if row.get(column) is None else number(row[column])


def _text(row: Row, column: str) -> str:
    return str(row.get(column) or "")


def _pool_key(row: Row) -> tuple[str, str]:
    return _text(row, "InstanceType"), _text(row, "AvailabilityZone")


def _key(row: Row) -> tuple[str, str, str]:
    return (_text(row, "Group_Name"), *_pool_key(row))
