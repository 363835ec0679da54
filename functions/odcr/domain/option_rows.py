"""`odcr_option`, row by row: what kind of reservation a target wants, when and how urgently."""

import json
from collections.abc import Iterable, Sequence

from odcr.domain.cells import Cells, StrangeCell, amount_of, moment_of, shown, text_of, whole_number
from odcr.domain.tags import reason_to_reject_tags, to_text
from odcr.domain.target import (
    USUAL_OPTIONS,
    USUAL_TERMS,
    OptionRow,
    ReservationOptions,
    TargetKey,
    Terms,
    is_zone_id,
    region_of,
)
from odcr.domain.wording import minute

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
"""The columns beside the key, in the order in which rows are given."""

_AFTER_DEADLINE = ("keep-asking", "stop")
_ON_MISSED = ("keep", "release")
_PRIORITY_WANTED = "Set it to a number; the target with the lowest comes first."
_MAX_INT = 2**31 - 1
_MAX_NAME = 300
_MAX_OPTION = 64


class OptionRows:
    """The rows of `odcr_option`, found as people write them: in other letter cases and with blanks around."""

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
        wanted = {(_options(row), _terms(row)) for row in exact or rows}
        if len(wanted) > 1:
            raise StrangeCell(f"Delete all but one of its {len(exact or rows)} rows in odcr_option: they differ.")
        return OptionRow(key.availability_zone, *wanted.pop())

    def elsewhere(self, key: TargetKey) -> tuple[OptionRow, ...]:
        """The rows that may be for the target's pool though they spell the zone the other way: by its id, or its name.

        Which name an id has, only EC2 knows. None where a row spells it as the target does.

        Raises:
            StrangeCell: if one of them makes no sense.
        """
        instance_type, own = _folded(key.instance_type, key.availability_zone)
        if (instance_type, own) in self._rows:
            return ()
        zones = (zone for zone in sorted(self._zones.get(instance_type, ())) if _may_be_same(zone, own))
        return tuple(self.of(TargetKey(key.instance_type, zone)) for zone in zones)


def _may_be_same(zone: str, other: str) -> bool:
    regions = {region_of(zone), region_of(other)} - {None}
    return is_zone_id(zone) != is_zone_id(other) and len(regions) == 1


def _folded(type_: str, zone: str) -> tuple[str, str]:
    return type_.strip().casefold(), zone.strip().casefold()


def _options(row: Cells) -> ReservationOptions:
    usual = (USUAL_OPTIONS.platform, USUAL_OPTIONS.tenancy, USUAL_OPTIONS.match_criteria)
    platform, tenancy, match_criteria = (
        _text(row, name, default) for name, default in zip(OPTION_COLUMNS[:3], usual, strict=True)
    )
    return ReservationOptions(
        platform,
        tenancy,
        match_criteria,
        _moment(row, "End_Date"),
        # The name alone, also where somebody gives the ARN.
        _name(row, "Placement_Group").rpartition("/")[2],
        _name(row, "Resource_Group"),
        _tags(row),
    )


def _terms(row: Cells) -> Terms:
    start_at, deadline = _moment(row, "Start_At"), _moment(row, "Deadline")
    if start_at is not None and deadline is not None and deadline <= start_at:
        raise StrangeCell(f"Deadline in odcr_option must be later than its Start_At, {minute(start_at)}.")
    return Terms(
        _priority(row),
        start_at,
        deadline,
        _choice(row, "After_Deadline", _AFTER_DEADLINE) == "stop",
        _choice(row, "On_Missed", _ON_MISSED) == "release",
        _amount(row, "Max_Hourly_Cost"),
    )


def _cell(row: Cells, column: str) -> object:
    return row[2 + OPTION_COLUMNS.index(column)]


def _text(row: Cells, column: str, default: str) -> str:
    cell = _cell(row, column)
    text = default if cell is None else text_of(cell)
    if len(text) > _MAX_OPTION:
        raise StrangeCell(f"{column} in odcr_option is {shown(cell)}; write it as EC2 does, e.g. {default!r}.")
    return text


def _name(row: Cells, column: str) -> str:
    cell = _cell(row, column)
    text = text_of(cell).strip()
    if len(text) > _MAX_NAME:
        raise StrangeCell(f"{column} in odcr_option is {shown(cell)}; no group has so long a name.")
    return text


def _tags(row: Cells) -> str:
    cell = _cell(row, "Tags")
    text = text_of(cell).strip()
    if not text:
        return ""
    try:
        tags = json.loads(text)
    except ValueError:
        tags = None
    if reason := reason_to_reject_tags(tags):
        raise StrangeCell(f"Tags in odcr_option is {shown(cell)}. {reason}")
    return to_text(tags)


def _choice(row: Cells, column: str, choices: Sequence[str]) -> str:
    """One of the choices; the first is the usual one."""
    cell = _cell(row, column)
    text = text_of(cell).strip().casefold().replace("_", "-") or choices[0]
    if text not in choices:
        raise StrangeCell(f"{column} in odcr_option is {shown(cell)}; write {' or '.join(map(repr, choices))}.")
    return text


def _amount(row: Cells, column: str) -> str | None:
    amount = amount_of(_cell(row, column), f"{column} in odcr_option")
    return None if amount is None else f"{amount:f}"


def _moment(row: Cells, column: str) -> str | None:
    moment = moment_of(_cell(row, column), f"{column} in odcr_option")
    # The tables keep no fractions of a second.
    return moment and moment[:19]


def _priority(row: Cells) -> int:
    column, cell = "Priority in odcr_option", _cell(row, "Priority")
    number = whole_number(cell, column, _PRIORITY_WANTED) or 0
    if abs(number) > _MAX_INT:
        raise StrangeCell(f"{column} is {shown(cell)}, which is too large. {_PRIORITY_WANTED}")
    return number
