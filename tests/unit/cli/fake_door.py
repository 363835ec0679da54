"""A fake door that keeps the tables in memory, with ManageTargets' contract."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from odcr_cli.door import KEYS, TABLES, Change, Changed, Row

Tables = dict[str, list[Row]]
Reject = Callable[[Tables], list[dict[str, Any]]]

DEFAULTS: dict[str, Row] = {
    "odcr_capacity": {"Current_Capacity": 0},
    "odcr_option": {
        "Platform": "Linux/UNIX",
        "Tenancy": "default",
        "Match_Criteria": "open",
        "End_Date": None,
        "Priority": 0,
        "Start_At": None,
        "Deadline": None,
        "After_Deadline": "keep-asking",
        "On_Missed": "keep",
        "Placement_Group": None,
        "Resource_Group": None,
        "Tags": None,
        "Max_Hourly_Cost": None,
    },
    "odcr_group_member": {"Weight": None, "Priority": 0, "Min_Instances": 0, "Max_Instances": None},
    "odcr_price": {"Hourly_Price": None, "Currency": "USD", "Source": "given", "Updated": "2026-11-10 21:00:00"},
}
DEFAULTS["odcr_group"] = {
    "Unit": "instances",
    "AllocationStrategy": "prioritized",
    "Allow_Overshoot": 0,
} | DEFAULTS["odcr_option"]


def nothing_wrong(_tables: Tables) -> list[dict[str, Any]]:
    return []


class FakeDoor:
    """Makes all changes or none, as one transaction.

    Args:
        tables: the rows; missing columns have their defaults.
        reject: returns what the next run would reject after the changes.
    """

    def __init__(self, tables: Mapping[str, Iterable[Row]], reject: Reject = nothing_wrong) -> None:
        self.tables: Tables = {
            name: [DEFAULTS.get(name, {}) | row for row in tables.get(name, ())] for name in sorted(TABLES)
        }
        self.reject = reject
        self.asked: list[str] = []
        self.before_commit: Callable[[], None] = lambda: None
        """What somebody else does between the trial and the change."""

    def rows(self, table: str, *, since: str = "", where: Mapping[str, Any] | None = None) -> list[Row]:
        assert not since
        assert not where
        self.asked.append(f"Read {table}")
        return deepcopy(self.tables[table])

    def rows_of(self, *names: str) -> Tables:
        assert 0 < len(set(names)) == len(names) <= 6
        self.asked.append(f"Read {names}")
        return {name: deepcopy(self.tables[name]) for name in names}

    def change(self, changes: Iterable[Change], *, is_trial: bool = False) -> Changed:
        self.asked.append("Try" if is_trial else "Change")
        if not is_trial:
            self.before_commit()
        after, conflicts, changes = deepcopy(self.tables), [], list(changes)
        assert 0 < len(changes) <= 5_000
        for change in changes:
            key = _key(change.table, change.row or change.was or {})
            rows = after[change.table]
            at = next((place for place, row in enumerate(rows) if _key(change.table, row) == key), None)
            row = None if at is None else rows[at]
            if not _is_as_expected(change.was, row):
                named = dict(zip(KEYS[change.table], key, strict=True))
                conflicts.append({"Table": change.table, "Key": named, "Is": row})
            if at is not None:
                del rows[at]
            if change.row is not None:
                rows.append((row or DEFAULTS[change.table]) | dict(change.row))
        problems = self.reject(after)
        is_committed = not (conflicts or problems or is_trial)
        if is_committed:
            self.tables = after
        return Changed(is_committed, len(changes), problems, conflicts)


def _key(table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in KEYS[table])


def _is_as_expected(was: Mapping[str, Any] | None, row: Row | None) -> bool:
    if was is None or row is None:
        return was is row
    return all(row[name] == value for name, value in was.items())
