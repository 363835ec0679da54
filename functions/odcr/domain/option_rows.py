"""The options and terms of a demand, from rows of `odcr_option` or columns of `odcr_group`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from odcr.domain.cells import Cells, StrangeCell, amount_of, moment_of, shown, text_of, whole_number
from odcr.domain.tags import reason_to_reject_tags, to_text
from odcr.domain.target import USUAL_OPTIONS, USUAL_TERMS, OptionRow, ReservationOptions, TargetKey, Terms
from odcr.domain.wording import brief, minute
from odcr.domain.zone import is_zone_id, region_of

OPTION_COLUMNS = (
    "Platform",
    "Tenancy",
    "Match_Criteria",
    "End_Date",
    "Priority",
    "Start_At",
    "Deadline",
    "After_Deadline",
    "On_Missed",
    "Placement_Group",
    "Resource_Group",
    "Tags",
    "Max_Hourly_Cost",
)
"""The columns after the key, in the order in which they are read."""

_AFTER_DEADLINE = ("keep-asking", "stop")
_ON_MISSED = ("keep", "release")
_MAX_INT = 2**31 - 1
_MAX_NAME = 300
_MAX_OPTION = 64


class OptionRows:
    """The rows of `odcr_option`, looked up regardless of letter case and of blanks around a key."""

    def __init__(self, rows: Iterable[Cells], doubt: str) -> None:
        self._doubt = doubt
        self._rows: dict[tuple[str, str], list[Cells]] = {}
        self._zones: dict[str, set[str]] = {}
        for row in rows:
            instance_type, zone = _folded(text_of(row[0]), text_of(row[1]))
            self._rows.setdefault((instance_type, zone), []).append(row)
            self._zones.setdefault(instance_type, set()).add(zone)

    def of(self, key: TargetKey) -> OptionRow:
        """A target's options and terms.

        Raises:
            StrangeCell: if they make no sense, or rows differ.
        """
        rows = self._rows.get(_folded(key.instance_type, key.availability_zone))
        if not rows:
            return OptionRow(key.availability_zone, USUAL_OPTIONS, USUAL_TERMS)
        if self._doubt:
            raise StrangeCell(self._doubt)
        exact = [
            row for row in rows if (text_of(row[0]), text_of(row[1])) == (key.instance_type, key.availability_zone)
        ]
        wanted = {options_and_terms(row[2:], "odcr_option") for row in exact or rows}
        if len(wanted) > 1:
            raise StrangeCell(f"Delete all but one of its {len(exact or rows)} rows in odcr_option: they differ.")
        return OptionRow(key.availability_zone, *wanted.pop())

    def elsewhere(self, key: TargetKey) -> tuple[OptionRow, ...]:
        """The rows that may be the target's although they give the zone's id where it gives the name, or vice versa.

        Only EC2 knows which id belongs to which name. Empty if a row spells the zone as the target does.

        Raises:
            StrangeCell: if one of them makes no sense.
        """
        instance_type, own = _folded(key.instance_type, key.availability_zone)
        if (instance_type, own) in self._rows:
            return ()
        zones = (zone for zone in sorted(self._zones.get(instance_type, ())) if may_be_same_zone(zone, own))
        return tuple(self.of(TargetKey(key.instance_type, zone)) for zone in zones)


def may_be_same_zone(zone: str, other: str) -> bool:
    """Whether these are the name and the id of zones in the same Region."""
    regions = {region_of(zone), region_of(other)} - {None}
    return is_zone_id(zone) != is_zone_id(other) and len(regions) == 1


def _folded(type_: str, zone: str) -> tuple[str, str]:
    return type_.strip().casefold(), zone.strip().casefold()


def options_and_terms(cells: Cells, table: str) -> tuple[ReservationOptions, Terms]:
    """What a row's option columns say.

    Args:
        cells: of `OPTION_COLUMNS`.
        table: the table's name, for the error.

    Raises:
        StrangeCell: if they make no sense.
    """
    row = _OptionCells(dict(zip(OPTION_COLUMNS, cells, strict=True)), table)
    return row.options(), row.terms()


@dataclass(frozen=True, slots=True)
class _OptionCells:
    """The option columns of one row."""

    cells: Mapping[str, object]
    table: str

    def options(self) -> ReservationOptions:
        return ReservationOptions(
            self._text("Platform", USUAL_OPTIONS.platform),
            self._text("Tenancy", USUAL_OPTIONS.tenancy),
            self._text("Match_Criteria", USUAL_OPTIONS.match_criteria),
            self._moment("End_Date"),
            # Somebody may have given the ARN; EC2 reports the name.
            self._name("Placement_Group").rpartition("/")[2],
            self._name("Resource_Group"),
            self._tags(),
        )

    def terms(self) -> Terms:
        start_at, deadline = self._moment("Start_At"), self._moment("Deadline")
        if start_at is not None and deadline is not None and deadline <= start_at:
            raise StrangeCell(f"Deadline in {self.table} must be later than its Start_At, {minute(start_at)}.")
        return Terms(
            priority_of(self.cells["Priority"], f"Priority in {self.table}", "target"),
            start_at,
            deadline,
            self._choice("After_Deadline", _AFTER_DEADLINE) == "stop",
            self._choice("On_Missed", _ON_MISSED) == "release",
            self._amount("Max_Hourly_Cost"),
        )

    def _text(self, column: str, default: str) -> str:
        cell = self.cells[column]
        text = default if cell is None else text_of(cell)
        if len(text) > _MAX_OPTION:
            raise StrangeCell(f"{column} in {self.table} is {shown(cell)}; write it as EC2 does, e.g. {default!r}.")
        return text

    def _name(self, column: str) -> str:
        cell = self.cells[column]
        text = text_of(cell).strip()
        if len(text) > _MAX_NAME:
            raise StrangeCell(f"{column} in {self.table} is {shown(cell)}; no group has so long a name.")
        return text

    def _tags(self) -> str:
        cell = self.cells["Tags"]
        text = text_of(cell).strip()
        if not text:
            return ""
        try:
            tags = json.loads(text)
        except ValueError:
            tags = None
        if reason := reason_to_reject_tags(tags):
            raise StrangeCell(f"Tags in {self.table} is {brief(shown(cell), 40)}. {reason}")
        return to_text(tags)

    def _choice(self, column: str, choices: Sequence[str]) -> str:
        return choice_of(self.cells[column], f"{column} in {self.table}", choices)

    def _amount(self, column: str) -> str | None:
        amount = amount_of(self.cells[column], f"{column} in {self.table}")
        return None if amount is None else f"{amount:f}"

    def _moment(self, column: str) -> str | None:
        moment = moment_of(self.cells[column], f"{column} in {self.table}")
        # odcr_status keeps no fractions of a second.
        return moment and moment[:19]


def choice_of(cell: object, column: str, choices: Sequence[str]) -> str:
    """The choice that a cell names; the first one if it is empty.

    Raises:
        StrangeCell: if it names none.
    """
    text = text_of(cell).strip().casefold().replace("_", "-") or choices[0]
    if text not in choices:
        raise StrangeCell(f"{column} is {shown(cell)}; write {' or '.join(repr(str(choice)) for choice in choices)}.")
    return text


def priority_of(cell: object, column: str, what: str) -> int:
    """A cell as a priority, 0 if it is NULL.

    Args:
        cell: the cell.
        column: its name, for the error.
        what: what has the priority, for the error.

    Raises:
        StrangeCell: if it is not a whole number, or is too large.
    """
    todo = f"Set it to a number; the {what} with the lowest comes first."
    number = whole_number(cell, column, todo) or 0
    if abs(number) > _MAX_INT:
        raise StrangeCell(f"{column} is {shown(cell)}, which is too large. {todo}")
    return number
