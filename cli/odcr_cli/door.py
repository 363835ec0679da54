"""The tables, through the function ManageTargets: it alone has a way to the database."""

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
"""The tables that people write into, and what tells their rows apart."""


def folded(text: str) -> str:
    """A part of a key as the product compares it: letter cases and blanks around it do not count."""
    return text.strip().casefold()


def number(value: Any) -> Decimal:
    """A cell as a number; 0 if it is none."""
    try:
        found = Decimal(str(value if value is not None else 0))
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def folded_key(key: Iterable[str]) -> tuple[str, ...]:
    """A key likewise."""
    return tuple(map(folded, key))


@dataclass(frozen=True)
class Change:
    """One row's change."""

    table: str
    row: Mapping[str, Any] | None
    """What it is to say; None: it is to be gone."""
    was: Mapping[str, Any] | None
    """What it says now, as far as that matters; None: it is not there."""

    def to_event(self) -> dict[str, Any]:
        """As ManageTargets takes it."""
        return {"Table": self.table, "Row": self.row, "Was": self.was}


@dataclass(frozen=True)
class Changed:
    """What became of a list of changes: all of them, or none."""

    is_committed: bool
    count: int
    problems: list[dict[str, Any]]
    """`Table`, `Key`, `Reason` of what the next run would reject."""
    conflicts: list[dict[str, Any]]
    """`Table`, `Key`, `Is` of what somebody else changed meanwhile."""


class Door:
    """ManageTargets of a stack."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def rows(self, table: str, *, since: str = "", where: Mapping[str, Any] | None = None) -> list[Row]:
        """A table's rows, all of them.

        Args:
            table: one of `TABLES`.
            since: of `odcr_history`, the first moment that matters.
            where: values of key columns.
        """
        request: dict[str, Any] = {"Read": table}
        if since:
            request["Since"] = since
        if where:
            request["Where"] = dict(where)
        return self._rest(request, None)

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """The rows of several tables as they were at one moment; what does not fit into one answer is read after it.

        Args:
            names: at most six of `TABLES`.
        """
        found: dict[str, list[Row]] = {}
        for name, part in self._ask({"Read": list(names)})["Tables"].items():
            found[name] = part["Rows"]
            if part["Next"] is not None:
                found[name] += self._rest({"Read": name}, part["Next"])
        return found

    def change(self, changes: Iterable[Change], *, is_trial: bool = False) -> Changed:
        """Makes all the changes, or none.

        Args:
            changes: what is to be changed.
            is_trial: whether nothing is to be changed, only said what would become of it.
        """
        answer = self._ask({"Change": [one.to_event() for one in changes], "Try": is_trial})
        return Changed(answer["Committed"], answer["Changed"], answer["Problems"], answer["Conflicts"])

    def targets(self) -> dict[str, Any]:
        """What LoadTargets would hand on now."""
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
