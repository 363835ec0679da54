"""The columns that people write: what may stand in them, and how what stands there is read."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import Enum
from typing import Any

from odcr_cli.door import Row
from odcr_cli.tables.cells import NoValueError, read_moment, read_number, read_tags, read_whole, shown

_YES, _NO = {"1", "yes", "true", "y", "x"}, {"0", "no", "false", "n"}


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    MOMENT = "moment"
    CHOICE = "choice"
    SWITCH = "switch"
    TAGS = "tags"


@dataclass(frozen=True)
class Column:
    """One column beside the key."""

    name: str
    kind: Kind = Kind.TEXT
    usual: Any = None
    """What a new row gets that does not say."""
    choices: tuple[str, ...] = ()
    is_required: bool = False
    """Whether a new row has to say it."""
    means: str = ""
    """For the help of the option of the same name."""

    def read(self, text: str, *, has_decimal_comma: bool = False) -> Any:
        """What a text means, as the door takes it; an empty one is the usual value.

        Args:
            text: as a person wrote it, or a spreadsheet.
            has_decimal_comma: whether it comes from a place where 1,5 is one and a half.

        Raises:
            NoValueError: if it means nothing here.
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
                raise NoValueError(f"{self.name} is {shown(text)}; write yes or no.")
            case Kind.TAGS:
                return read_tags(self.name, text)
        return text

    def _choice(self, text: str) -> str:
        by_folded = {_folded(one): one for one in self.choices}
        if found := by_folded.get(_folded(text)):
            return found
        near = get_close_matches(_folded(text), by_folded, n=1)
        meant = f"Did you mean {by_folded[near[0]]}?" if near else f"Write {' or '.join(self.choices[:8])}."
        raise NoValueError(f"{self.name} is {shown(text)}. {meant}")

    def plain(self, value: Any) -> Any:
        """A value of a table so that two that mean the same are equal."""
        text = "" if value is None else str(value).strip()
        if not text:
            return self.usual
        try:
            match self.kind:
                case Kind.WHOLE | Kind.SWITCH:
                    return int(found) if (found := Decimal(text)) == found.to_integral_value() else found
                case Kind.NUMBER:
                    return Decimal(text).normalize()
                case Kind.CHOICE:
                    return self._choice(text)
        except (InvalidOperation, OverflowError, NoValueError):
            # A table that people made may have anything there.
            return text
        return text


PLATFORM, TENANCY, CRITERIA = "Platform", "Tenancy", "Match_Criteria"
OPTIONS = (
    Column(PLATFORM, usual="Linux/UNIX", means="The platform as EC2 names it, such as Windows."),
    Column(TENANCY, Kind.CHOICE, "default", ("default", "dedicated"), means="default or dedicated."),
    Column(CRITERIA, Kind.CHOICE, "open", ("open", "targeted"), means="open, or targeted: only for who names it."),
    Column("End_Date", Kind.MOMENT, means="When the reservations end, in UTC."),
    Column("Priority", Kind.WHOLE, 0, means="Of what is short, the lowest comes first; usually 0."),
    Column("Start_At", Kind.MOMENT, means="Nothing is asked for before, in UTC."),
    Column("Deadline", Kind.MOMENT, means="By when all is to be held, in UTC; a verdict follows."),
    Column("After_Deadline", Kind.CHOICE, "keep-asking", ("keep-asking", "stop"), means="keep-asking or stop."),
    Column(
        "On_Missed", Kind.CHOICE, "keep", ("keep", "release"), means="keep or release what is held if it is missed."
    ),
    Column("Placement_Group", means="The cluster placement group to reserve in."),
    Column("Resource_Group", means="The resource group that the reservations join."),
    Column("Tags", Kind.TAGS, means='Tags of the reservations, a JSON object: {"Team": "shop"}.'),
    Column("Max_Hourly_Cost", Kind.NUMBER, means="What an hour may cost at most."),
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
            means="Pools in their order, or evenly over the zones.",
        ),
        Column("Allow_Overshoot", Kind.SWITCH, 0, means="Whether a rest that no weight fits is covered by one more."),
        *OPTIONS,
    ),
    "odcr_group_member": (
        Column("Weight", Kind.NUMBER, means="Units that an instance counts for."),
        Column("Priority", Kind.WHOLE, 0, means="The lowest is the most wanted."),
        Column("Min_Instances", Kind.WHOLE, 0, means="So many there before other pools get any."),
        Column("Max_Instances", Kind.WHOLE, means="So many there at most."),
    ),
    "odcr_price": (
        Column("Hourly_Price", Kind.NUMBER, is_required=True),
        Column("Currency", usual="USD"),
        Column("Source", usual="given"),
    ),
}
"""What people may write, by table, beside the key."""


def values_of(table: str, row: Row) -> dict[str, Any]:
    """A row's columns beside the key, comparable."""
    return {column.name: column.plain(row.get(column.name)) for column in COLUMNS[table]}


def usual_of(table: str) -> dict[str, Any]:
    """What a row says that says nothing."""
    return {column.name: column.usual for column in COLUMNS[table]}


def _folded(text: str) -> str:
    return text.strip().casefold().replace("_", "-")
