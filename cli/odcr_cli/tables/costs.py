"""The hourly cost of what is wanted, before and after changes, as far as prices are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.amounts import Amounts, difference_of, sum_of
from odcr_cli.door import Row, folded, folded_key, number
from odcr_cli.prices import Price, Prices
from odcr_cli.tables.changes import Plan, Tables
from odcr_cli.tables.wishes import Key, key_of
from odcr_cli.target_options import options_by_target

_USUAL = {"Platform": "Linux/UNIX", "Tenancy": "default"}


@dataclass(frozen=True)
class Cost:
    """The hourly cost of the targets and groups that change."""

    before: Amounts
    after: Amounts
    unpriced: tuple[str, ...]
    """The names of those whose price is unknown; they are in neither sum."""

    @property
    def more(self) -> Amounts:
        """The difference by currency, negative if it costs less; unchanged currencies are left out."""
        return difference_of(self.after, self.before)


def cost_of(plan: Plan, tables: Tables) -> Cost:
    """The cost of the changes once all is held. A group counts at the price of its first pool with a known price."""
    before, after = _Priced(tables), _Priced(_after(plan, tables))
    keys = [_demand_of(edit.table, edit.key) for edit in plan.edits if edit.table != "odcr_price"]
    touched = dict.fromkeys(after.demand_of(before.demand_of(key)) for key in keys)
    was: dict[str, Decimal] = {}
    is_: dict[str, Decimal] = {}
    unpriced = []
    for demand in touched:
        old, new = before.cost(demand), after.cost(demand)
        if old is None or new is None:
            unpriced.append(" ".join(part for part in demand if part))
        else:
            was, is_ = sum_of((was, old)), sum_of((is_, new))
    return Cost(was, is_, tuple(unpriced))


def _demand_of(table: str, key: Key) -> Key:
    return (folded(key[0]), "", "") if table.startswith("odcr_group") else ("", *folded_key(key[:2]))


def _after(plan: Plan, tables: Tables) -> Tables:
    """The tables after the changes."""
    by_key = {table: {key_of(table, row): row for row in rows} for table, rows in tables.items() if table in _KEYED}
    for edit in plan.edits:
        rows = by_key.setdefault(edit.table, {})
        if edit.old is not None:
            rows.pop(edit.old_key, None)
        for change in edit.to_changes():
            if change.row is not None:
                rows[edit.key] = {**(edit.old or {}), **change.row}
    return {table: list(rows.values()) for table, rows in by_key.items()} | {
        "odcr_status": tables.get("odcr_status", ())
    }


_KEYED = ("odcr_capacity", "odcr_option", "odcr_group", "odcr_group_member", "odcr_price")


class _Priced:
    """The hourly cost of each demand in some tables."""

    def __init__(self, tables: Tables) -> None:
        self._prices = Prices(tables.get("odcr_price", ()))
        self._targets = {_folded("odcr_capacity", row): row for row in tables.get("odcr_capacity", ())}
        self._options = options_by_target(tables.get("odcr_capacity", ()), tables.get("odcr_option", ()))
        self._by_options = {_folded("odcr_option", row): target for target, row in self._options.items()}
        self._groups = {_folded("odcr_group", row)[0]: row for row in tables.get("odcr_group", ())}
        self._members: dict[str, list[Row]] = {}
        for row in tables.get("odcr_group_member", ()):
            self._members.setdefault(_folded("odcr_group_member", row)[0], []).append(row)
        self._weights = {
            _folded("odcr_group_member", row): row["Weight"]
            for row in tables.get("odcr_status", ())
            if row.get("Weight") is not None
        }

    def demand_of(self, key: Key) -> Key:
        """The demand that a key means: options may name the target's zone by its id."""
        return ("", *self._by_options.get(key[1:], key[1:])) if not key[0] else key

    def cost(self, demand: Key) -> Amounts | None:
        """The hourly cost of all that a demand wants; None if unknown, empty if it wants nothing."""
        name, *pool = demand
        if not name:
            target = self._targets.get(tuple(pool))
            wanted = number(target.get("Target_Capacity")) if target else Decimal(0)
            if target is None or not wanted:
                return {}
            price = self._price(target, self._options.get(tuple(pool), {}))
            return None if price is None else {price.currency: wanted * price.amount}
        group = self._groups.get(name)
        wanted = number(group.get("TotalTargetCapacity")) if group else Decimal(0)
        if group is None or not wanted:
            return {}
        of_unit = next(self._prices_of_a_unit(name, group), None)
        return None if of_unit is None else {of_unit.currency: wanted * of_unit.amount}

    def _prices_of_a_unit(self, name: str, group: Row) -> Iterator[Price]:
        for member in sorted(self._members.get(name, []), key=lambda row: number(row.get("Priority"))):
            price, weight = self._price(member, group), self._weight(name, member, group)
            if price is not None and weight:
                yield Price(price.amount / weight, price.currency)

    def _weight(self, name: str, member: Row, group: Row) -> Decimal | None:
        if member.get("Weight") is not None:
            return number(member["Weight"])
        if folded(str(group.get("Unit") or "instances")) == "instances":
            return Decimal(1)
        recorded = self._weights.get((name, *_folded("odcr_group_member", member)[1:]))
        return None if recorded is None else number(recorded)

    def _price(self, pool: Row, options: Row) -> Price | None:
        kind, zone = str(pool["InstanceType"]), str(pool["AvailabilityZone"])
        platform, tenancy = (str(options.get(name) or usual) for name, usual in _USUAL.items())
        return self._prices.of_type(kind, zone, platform, tenancy)


def _folded(table: str, row: Row) -> Key:
    return folded_key(key_of(table, row))
