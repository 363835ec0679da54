"""The demands, as the tables have them: what is wanted, held and missing of each, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from odcr_cli.amounts import Amounts, sum_of
from odcr_cli.belonging import key_of_pool, options_by_target
from odcr_cli.door import Row, folded, number
from odcr_cli.prices import Prices
from odcr_cli.regions import region_of

MET = frozenset({"FULFILLED", "EXCESS", "ASTRAY"})
"""Statuses of which all that is wanted is held: docs/reference/statuses.md."""
NEW = "NEW"
"""No run has looked at it yet. Not a status of the tables."""

_TABLES = ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member", "odcr_status", "odcr_price")


class _Tables(Protocol):
    def rows_of(self, *names: str) -> dict[str, list[Row]]: ...


@dataclass(frozen=True)
class Pool:
    """One instance type in one zone."""

    instance_type: str
    zone: str
    status: str = NEW
    held: Decimal = Decimal(0)
    """Instances."""
    in_use: int | None = None
    unused: int | None = None
    hourly_cost: Decimal | None = None
    """What an hour of what is held costs; None: unknown."""
    reason: str = ""
    reservation_ids: tuple[str, ...] = ()
    since: str = ""
    short_since: str = ""
    weight: Decimal | None = None
    priority: int = 0
    wanted: Decimal | None = None
    """Of a row its target; of a group's pool, what the last run wanted of it."""
    is_member: bool = True
    """Whether it is in `odcr_capacity`, or in `odcr_group_member`; else something is only held for it still."""
    least: int = 0
    """Instances that a group wants there at least: `Min_Instances`."""
    most: int | None = None
    """Instances that a group may hold there: `Max_Instances`; None: any number."""
    unused_since: str = ""
    misfits: str = ""
    """Instances that run beside it and cannot use it."""
    platform: str = ""
    """Of what is held, as the last run recorded it; empty if it did not."""
    tenancy: str = ""
    """Likewise."""
    currency: str = ""
    """Of its cost; empty if that is unknown."""

    @property
    def name(self) -> str:
        """The type and the zone."""
        return f"{self.instance_type} {self.zone}"

    @property
    def costs(self) -> Amounts:
        """What an hour of what is held costs, by currency; empty if it is unknown."""
        return {} if self.hourly_cost is None else {self.currency: self.hourly_cost}

    @property
    def region(self) -> str:
        """The zone's Region; empty if it is not known."""
        return region_of(self.zone) or ""


@dataclass(frozen=True)
class Demand:
    """A row of `odcr_capacity`, or a group."""

    name: str
    """The type and the zone, or the group's name."""
    is_group: bool
    wanted: Decimal
    held: Decimal
    """Of a group in units, as the last run recorded it."""
    unit: str
    """`instances` or `vcpus`."""
    status: str
    reason: str
    since: str
    short_since: str
    in_use: int | None
    unused: int | None
    hourly_cost: Decimal | None
    """As the last run recorded it: of a group None also if its pools are paid in several currencies."""
    pools: tuple[Pool, ...]
    """One for a row."""
    options: Row
    """The columns that `odcr_option` and `odcr_group` share, as far as they were written."""
    is_there: bool = True
    """Whether somebody wants it; else something is only held for it still."""
    verdict: str = ""
    met_since: str = ""
    recorded_wanted: Decimal | None = None
    """Of a group: what was wanted of it when its status was recorded."""

    @property
    def missing(self) -> Decimal:
        """Never below 0."""
        return max(Decimal(0), self.wanted - self.held)

    @property
    def costs(self) -> Amounts:
        """What an hour of what is held costs, by currency; empty if some of it is unknown."""
        paid = _paid(self.pools)
        return {} if any(pool.hourly_cost is None for pool in paid) else sum_of(pool.costs for pool in paid)

    @property
    def is_met(self) -> bool:
        """Whether all that is wanted now is held; a group's last run decides about a rest that no weight fits."""
        if self.status == "WAITING":
            return True
        if self.is_group and self.status in MET and self.recorded_wanted == self.wanted:
            return True
        return not self.missing and self.status not in ("INVALID", "FAILED", "PENDING")


@dataclass(frozen=True)
class Sums:
    """All demands together, in instances where a demand is counted in them."""

    demands: int
    unmet: int
    wanted: Decimal
    held: Decimal
    missing: Decimal
    in_use: int
    unused: int
    hourly_cost: Amounts
    """What an hour of what is held costs, by currency; empty if no price is known."""
    unpriced: int
    """Instances whose price is unknown."""


def read_demands(tables: _Tables) -> list[Demand]:
    """All demands, rows first, then groups, then what is still held for none."""
    return read_demands_and_prices(tables)[0]


def read_demands_and_prices(tables: _Tables) -> tuple[list[Demand], Prices]:
    """The same with the prices of the same moment, for those who work something out."""
    found = tables.rows_of(*_TABLES)
    return demands_of(*found.values()), Prices(found["odcr_price"])


def demands_of(
    capacity: Iterable[Row],
    options: Iterable[Row],
    groups: Iterable[Row],
    members: Iterable[Row],
    status: Iterable[Row],
    prices: Iterable[Row] = (),
) -> list[Demand]:
    """The demands that the tables' rows make. The prices tell in which currencies they are paid."""
    recorded = {_key(row): row for row in status}
    capacity = list(capacity)
    wishes = options_by_target(capacity, options)
    by_group: dict[str, list[Row]] = {}
    for member in members:
        by_group.setdefault(folded(_text(member, "Group_Name")), []).append(member)
    found = []
    for row in capacity:
        key = ("", *_pool_key(row))
        found.append(_of_row(row, wishes.get(key_of_pool(row), {}), recorded.pop(key, {})))
    for group in groups:
        name = _text(group, "Group_Name")
        mine = {key[1:]: recorded.pop(key) for key in list(recorded) if key[0] == name}
        found.append(_of_group(name, group, by_group.get(folded(name), []), mine))
    left: dict[str, dict[tuple[str, str], Row]] = {}
    for (name, type_, zone), row in recorded.items():
        if name:
            left.setdefault(name, {})[type_, zone] = row
        else:
            gone = _of_row({"InstanceType": type_, "AvailabilityZone": zone, "Target_Capacity": 0}, {}, row)
            found.append(replace(gone, is_there=False, pools=(replace(gone.pools[0], is_member=False),)))
    found += [replace(_of_group(name, {}, [], rows), is_there=False) for name, rows in left.items()]
    known = Prices(prices)
    return [_with_currencies(demand, known) for demand in found]


def _with_currencies(demand: Demand, prices: Prices) -> Demand:
    pools = [
        pool if pool.hourly_cost is None else replace(pool, currency=prices.currency_of(pool, demand.options))
        for pool in demand.pools
    ]
    return replace(demand, pools=tuple(pools))


def sums_of(demands: Sequence[Demand]) -> Sums:
    """All together. A group that counts vCPUs adds what its pools hold in instances, and nothing to what is wanted."""
    pools = [pool for demand in demands for pool in demand.pools]
    counted = [demand for demand in demands if demand.unit == "instances"]
    return Sums(
        len(demands),
        sum(not demand.is_met for demand in demands),
        sum((demand.wanted for demand in counted), Decimal(0)),
        sum((demand.held for demand in counted), Decimal(0)),
        sum((demand.missing for demand in counted), Decimal(0)),
        sum(pool.in_use or 0 for pool in pools),
        sum(pool.unused or 0 for pool in pools),
        sum_of(pool.costs for pool in _paid(pools)),
        int(sum(pool.held for pool in pools if pool.hourly_cost is None)),
    )


def _paid(pools: Sequence[Pool]) -> Sequence[Pool]:
    """Those of which something is held: nothing costs nothing in every currency. All, if nothing is held at all."""
    return [pool for pool in pools if pool.held] or pools


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
        tuple(one for one in _text(status, "Reservation_Ids").replace(",", " ").split() if one),
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
