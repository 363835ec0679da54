"""The columns that people write: their kinds, defaults and choices, and how to read them."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import Enum
from typing import Any

from odcr_cli.door import Row
from odcr_cli.tables.cells import NoValueError, quoted, read_moment, read_number, read_tags, read_whole

_YES, _NO = {"1", "yes", "true", "y", "x"}, {"0", "no", "false", "n"}


class Kind(Enum):
    """The kind of a column's values."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    MOMENT = "moment"
    CHOICE = "choice"
    SWITCH = "switch"
    TAGS = "tags"


@dataclass(frozen=True)
class Column:
    """A column beside the key."""

    name: str
    kind: Kind = Kind.TEXT
    usual: Any = None
    """The default."""
    choices: tuple[str, ...] = ()
    is_required: bool = False
    """Whether a new row must give it."""
    means: str = ""
    """The help text of the option of the same name."""

    def read(self, text: str, *, has_decimal_comma: bool = False) -> Any:
        """A text's value, as ManageTargets takes it; an empty text is the default.

        Args:
            text: as a person or a spreadsheet wrote it.
            has_decimal_comma: whether the file writes one and a half as 1,5.

        Raises:
            NoValueError: if it is not valid in this column.
        """
        text = text.strip()
        if not text:
            if self.is_required:
                raise NoValueError(f"{self.name} is empty; write a number.")
            return self.usual
        match self.kind:
            case Kind.WHOLE:
                return read_whole(self.name, text, has_decimal_comma=has_decimal_comma)
            case Kind.NUMBER:
                return f"{read_number(self.name, text, has_decimal_comma=has_decimal_comma):f}"
            case Kind.MOMENT:
                return read_moment(self.name, text)
            case Kind.CHOICE:
                return self._choice(text)
            case Kind.SWITCH:
                if text.casefold() in _YES | _NO:
                    return int(text.casefold() in _YES)
                raise NoValueError(f"{self.name} is {quoted(text)}; write yes or no.")
            case Kind.TAGS:
                return read_tags(self.name, text)
        return text

    def _choice(self, text: str) -> str:
        by_folded = {_folded(choice): choice for choice in self.choices}
        if choice_ := by_folded.get(_folded(text)):
            return choice_
        near = get_close_matches(_folded(text), by_folded, n=1)
        meant = f"Did you mean {by_folded[near[0]]}?" if near else f"Write {' or '.join(self.choices[:8])}."
        raise NoValueError(f"{self.name} is {quoted(text)}. {meant}")

    def normalized(self, value: Any) -> Any:
        """A value of the table, normalized so that values with the same meaning are equal."""
        text = "" if value is None else str(value).strip()
        if not text:
            return self.usual
        try:
            match self.kind:
                case Kind.WHOLE | Kind.SWITCH:
                    return int(number) if (number := Decimal(text)) == number.to_integral_value() else number
                case Kind.NUMBER:
                    return Decimal(text).normalize()
                case Kind.CHOICE:
                    return self._choice(text)
        except (InvalidOperation, OverflowError, NoValueError):
            # A table that people edit may contain anything.
            return text
        return text


PLATFORM, TENANCY, CRITERIA = "Platform", "Tenancy", "Match_Criteria"
OPTIONS = (
    Column(PLATFORM, usual="Linux/UNIX", means="The platform as EC2 names it, such as Windows."),
    Column(TENANCY, Kind.CHOICE, "default", ("default", "dedicated"), means="default or dedicated."),
    Column(
        CRITERIA, Kind.CHOICE, "open", ("open", "targeted"), means="open, or targeted: only for instances that name it."
    ),
    Column("End_Date", Kind.MOMENT, means="When the reservations end, in UTC."),
    Column("Priority", Kind.WHOLE, 0, means="The lowest is served first; default 0."),
    Column("Start_At", Kind.MOMENT, means="When asking starts, in UTC."),
    Column("Deadline", Kind.MOMENT, means="By when everything has to be held, in UTC; a verdict follows."),
    Column("After_Deadline", Kind.CHOICE, "keep-asking", ("keep-asking", "stop"), means="keep-asking or stop."),
    Column(
        "On_Missed",
        Kind.CHOICE,
        "keep",
        ("keep", "release"),
        means="keep or release what is held if the deadline is missed.",
    ),
    Column("Placement_Group", means="The cluster placement group to reserve in."),
    Column("Resource_Group", means="The resource group that the reservations join."),
    Column("Tags", Kind.TAGS, means='Tags of the reservations, a JSON object: {"Team": "shop"}.'),
    Column("Max_Hourly_Cost", Kind.NUMBER, means="The most that an hour may cost."),
)
"""The columns that `odcr_option` and `odcr_group` share: docs/reference/tables.md."""

COLUMNS: dict[str, tuple[Column, ...]] = {
    "odcr_capacity": (Column("Target_Capacity", Kind.WHOLE, is_required=True),),
    "odcr_option": OPTIONS,
    "odcr_group": (
        Column("TotalTargetCapacity", Kind.NUMBER, is_required=True),
        Column("Unit", Kind.CHOICE, "instances", ("instances", "vcpus"), means="What the total counts."),
        Column(
            "AllocationStrategy",
            Kind.CHOICE,
            "prioritized",
            ("prioritized", "balanced"),
            means="prioritized: pools in their order; balanced: evenly over the zones.",
        ),
        Column(
            "Allow_Overshoot", Kind.SWITCH, 0, means="Whether one more instance covers a remainder that fits no weight."
        ),
        *OPTIONS,
    ),
    "odcr_group_member": (
        Column("Weight", Kind.NUMBER, means="How many units an instance counts for."),
        Column("Priority", Kind.WHOLE, 0, means="The lowest comes first."),
        Column("Min_Instances", Kind.WHOLE, 0, means="The least instances, before other pools get any."),
        Column("Max_Instances", Kind.WHOLE, means="The most instances."),
    ),
    "odcr_price": (
        Column("Hourly_Price", Kind.NUMBER, is_required=True),
        Column("Currency", usual="USD"),
        Column("Source", usual="given"),
    ),
}
"""The columns that people may write, by table, beside the key."""


def values_of(table: str, row: Row) -> dict[str, Any]:
    """A row's columns beside the key, normalized."""
    return {column.name: column.normalized(row.get(column.name)) for column in COLUMNS[table]}


def usual_of(table: str) -> dict[str, Any]:
    """A table's defaults."""
    return {column.name: column.usual for column in COLUMNS[table]}


def _folded(text: str) -> str:
    return text.strip().casefold().replace("_", "-")
