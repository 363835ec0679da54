"""The tables, through the function ManageTargets, the only way to the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from odcr_cli.account import Account

Row = dict[str, Any]
"""A row's columns; moments are `YYYY-MM-DD HH:MM:SS` in UTC, decimals are texts."""

TABLES = (
    "odcr_version",
    "odcr_capacity",
    "odcr_option",
    "odcr_group",
    "odcr_group_member",
    "odcr_status",
    "odcr_history",
    "odcr_lease",
    "odcr_price",
    "odcr_outbox",
)
KEYS = {
    "odcr_capacity": ("InstanceType", "AvailabilityZone"),
    "odcr_option": ("InstanceType", "AvailabilityZone"),
    "odcr_group": ("Group_Name",),
    "odcr_group_member": ("Group_Name", "InstanceType", "AvailabilityZone"),
    "odcr_price": ("InstanceType", "Region", "Platform", "Tenancy"),
}
"""The key columns of the tables that people write to."""


def folded(text: str) -> str:
    """A part of a key as the product compares it, ignoring case and surrounding blanks."""
    return text.strip().casefold()


def number(value: Any) -> Decimal:
    """A cell as a number; 0 if it is not one."""
    try:
        parsed = Decimal(str(value if value is not None else 0))
    except InvalidOperation:
        return Decimal(0)
    return parsed if parsed.is_finite() else Decimal(0)


def folded_key(key: Iterable[str]) -> tuple[str, ...]:
    """A key as the product compares it."""
    return tuple(map(folded, key))


@dataclass(frozen=True)
class Change:
    """A change to one row."""

    table: str
    row: Mapping[str, Any] | None
    """The new row; None to remove it."""
    was: Mapping[str, Any] | None
    """The expected current row, with the columns that matter; None if there is none."""

    def to_event(self) -> dict[str, Any]:
        """The change as ManageTargets takes it."""
        return {"Table": self.table, "Row": self.row, "Was": self.was}


@dataclass(frozen=True)
class Changed:
    """The result of a list of changes: all were made, or none."""

    is_committed: bool
    count: int
    problems: list[dict[str, Any]]
    """`Table`, `Key` and `Reason` of each row that the next run would reject."""
    conflicts: list[dict[str, Any]]
    """`Table`, `Key` and `Is` of each row that somebody else changed meanwhile."""


class Door:
    """A client of a stack's ManageTargets."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def rows(self, table: str, *, since: str = "", where: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of a table.

        Args:
            table: one of `TABLES`.
            since: for `odcr_history`, the first moment to return.
            where: values that key columns must have.
        """
        request: dict[str, Any] = {"Read": table}
        if since:
            request["Since"] = since
        if where:
            request["Where"] = dict(where)
        return self._rest(request, None)

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """The rows of several tables, read at one moment; what does not fit into one answer is read later.

        Args:
            names: at most six of `TABLES`.
        """
        rows: dict[str, list[Row]] = {}
        for name, part in self._ask({"Read": list(names)})["Tables"].items():
            rows[name] = part["Rows"]
            if part["Next"] is not None:
                rows[name] += self._rest({"Read": name}, part["Next"])
        return rows

    def change(self, changes: Iterable[Change], *, is_trial: bool = False) -> Changed:
        """Makes all the changes, or none.

        Args:
            changes: the changes to make.
            is_trial: whether to only report what would happen.
        """
        answer = self._ask({"Change": [change.to_event() for change in changes], "Try": is_trial})
        return Changed(answer["Committed"], answer["Changed"], answer["Problems"], answer["Conflicts"])

    def targets(self) -> dict[str, Any]:
        """What LoadTargets would return now."""
        return self._ask({"Plan": True})

    def _rest(self, request: dict[str, Any], after: str | None) -> list[Row]:
        rows: list[Row] = []
        while True:
            answer = self._ask(request if after is None else request | {"After": after})
            rows += answer["Rows"]
            after = answer["Next"]
            if after is None:
                return rows

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._account.invoke(self._account.stack.output("ManageTargetsFunction"), request)
