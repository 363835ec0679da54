"""All demands in one CSV file: a line for each target, each group and each pool of a group.

A line with a type and a zone is a target, one with only a Group_Name a group, one with all three a pool of the group.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from odcr_cli.door import Row, folded, folded_key
from odcr_cli.tables.cells import NoValueError, quoted
from odcr_cli.tables.changes import Tables
from odcr_cli.tables.columns import COLUMNS, Column, Kind
from odcr_cli.tables.csv_lines import Lines, column_folded, text_of
from odcr_cli.tables.wishes import Key, Problem, Wish, key_of, name_of
from odcr_cli.target_options import options_by_target

_KEYS = ("Group_Name", "InstanceType", "AvailabilityZone")
_IGNORED = ("Current_Capacity",)
"""Columns that runs write, so an exported table may have them."""
_TABLES = ("odcr_capacity", "odcr_group", "odcr_group_member", "odcr_option")
_BY_NAME: dict[str, dict[str, Column]] = {}
for _table in _TABLES:
    for _column in COLUMNS[_table]:
        _BY_NAME.setdefault(_column.name, {})[_table] = _column
HEADER = (*_KEYS, *_BY_NAME)
"""The columns of an exported file."""

# A spreadsheet takes such a cell for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}]")


@dataclass
class Reading:
    """What a file asks for."""

    wishes: list[Wish] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    """The number of lines with content."""


def read(content: bytes) -> Reading:
    """Reads what a file asks for, and all that is wrong with it.

    An empty cell stands for the default; a column that the file lacks stays as it is.

    Args:
        content: UTF-8, with commas, semicolons or tabs.
    """
    reading = Reading()
    try:
        text = text_of(content)
    except NoValueError as error:
        reading.problems.append(Problem(str(error)))
        return reading
    lines = Lines(text, (*HEADER, *_IGNORED))
    columns = _columns(lines.header, lines.header_line, reading)
    if reading.problems:
        return reading
    seen: dict[tuple[str, Key], tuple[int, Sequence[Wish]]] = {}
    for line, cells in lines:
        if any(cell.strip() for cell in cells):
            reading.lines += 1
            _read_line(line, cells, columns, lines.has_decimal_comma, reading, seen)
    return reading


def write(tables: Tables) -> tuple[str, list[str]]:
    """A file with all targets and groups, and the names of rows left out because they belong to none."""
    options = options_by_target(tables.get("odcr_capacity", ()), tables.get("odcr_option", ()))
    members: dict[str, list[Row]] = {}
    for row in tables.get("odcr_group_member", ()):
        members.setdefault(folded_key(key_of("odcr_group_member", row))[0], []).append(row)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for row in sorted(tables.get("odcr_capacity", ()), key=lambda row: key_of("odcr_capacity", row)):
        key = key_of("odcr_capacity", row)
        writer.writerow(_cells(("", *key), {"odcr_capacity": row, "odcr_option": options.get(folded_key(key), {})}))
    for row in sorted(tables.get("odcr_group", ()), key=lambda row: key_of("odcr_group", row)):
        (name,) = key_of("odcr_group", row)
        writer.writerow(_cells((name, "", ""), {"odcr_group": row}))
        own = members.pop(folded(name), [])
        for member in sorted(own, key=lambda row: (int(row.get("Priority") or 0), key_of("odcr_group_member", row))):
            key = key_of("odcr_group_member", member)
            writer.writerow(_cells(key, {"odcr_group_member": member}))
    carried = {key_of("odcr_option", row) for row in options.values()}
    keys = [key_of("odcr_option", row) for row in tables.get("odcr_option", ())]
    left_out = [f"the options of {name_of('odcr_option', key)}" for key in keys if key not in carried]
    left_out += [
        name_of("odcr_group_member", key_of("odcr_group_member", row)) for rows in members.values() for row in rows
    ]
    return out.getvalue(), sorted(left_out)


def _columns(header: Sequence[str], line: int, reading: Reading) -> list[str]:
    """The columns' names as the tables have them, empty if unknown."""
    known = {column_folded(name): name for name in (*HEADER, *_IGNORED)}
    names = [known.get(column_folded(cell), "") for cell in header]
    while header and not header[-1].strip():
        header = header[:-1]
    for cell, name in zip(header, names, strict=False):
        if not name:
            near = get_close_matches(column_folded(cell), known, n=1)
            meant = f"Did you mean {known[near[0]]}?" if near else f"There are {', '.join(HEADER)}."
            reading.problems.append(Problem(f"There is no column {quoted(cell)}. {meant}", line=line))
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        reading.problems.append(Problem(f"The column {name} appears twice.", line=line))
    if not reading.problems and not {"Group_Name", "InstanceType"} & set(names):
        wanted = "InstanceType, AvailabilityZone and Target_Capacity"
        reading.problems.append(Problem(f"The first line must name the columns: {wanted}.", line=line or 1))
    return names


def _read_line(
    line: int,
    cells: Sequence[str],
    columns: Sequence[str],
    has_decimal_comma: bool,
    reading: Reading,
    seen: dict[tuple[str, Key], tuple[int, Sequence[Wish]]],
) -> None:
    if any(cell.strip() for cell in cells[len(columns) :]):
        what = f"It has {len(cells)} cells but the first line {len(columns)}: put quotes around texts with a comma."
        reading.problems.append(Problem(what, line=line))
        return
    padded = [*cells, *[""] * (len(columns) - len(cells))]
    given = {name: _unescaped(cell) for name, cell in zip(columns, padded, strict=False) if name}
    key = tuple(given.get(name, "") for name in _KEYS)
    group, type_, zone = (part.strip() for part in key)
    if bool(type_) != bool(zone) or not (group or type_):
        lacks = "a zone" if type_ else "a type" if zone else "a type and a zone, or a Group_Name"
        reading.problems.append(Problem(f"It has no {lacks.removeprefix('a ')}; give it {lacks}.", line=line))
        return
    tables = (
        ("odcr_group_member",) if group and type_ else ("odcr_group",) if group else ("odcr_capacity", "odcr_option")
    )
    short = {"odcr_group_member": key, "odcr_group": key[:1]}.get(tables[0], key[1:])
    about = name_of(tables[0], short)
    wishes, problems = _wishes(tables, short, given, line, about, has_decimal_comma)
    place = (tables[0], folded_key(short))
    if place in seen:
        first, same = seen[place]
        if [wish.values for wish in same] != [wish.values for wish in wishes]:
            reason = f"Line {first} has it too, with other values; delete one of them."
            reading.problems.append(Problem(reason, about, line))
        return
    seen[place] = line, wishes
    reading.problems += problems
    if not problems:
        reading.wishes += wishes


def _wishes(
    tables: Sequence[str], key: Key, given: Mapping[str, str], line: int, about: str, has_decimal_comma: bool
) -> tuple[list[Wish], list[Problem]]:
    values: dict[str, dict[str, Any]] = {table: {} for table in tables}
    problems = []
    for name, text in given.items():
        if name in _KEYS or name in _IGNORED:
            continue
        own = {table: column for table, column in _BY_NAME[name].items() if table in tables}
        for table, column in own.items():
            try:
                values[table][name] = column.read(text, has_decimal_comma=has_decimal_comma)
            except NoValueError as error:
                problems.append(Problem(str(error), about, line))
        if not own and text.strip():
            problems.append(Problem(_elsewhere(name, tables), about, line))
    wishes = [Wish(table, key, values[table], line) for table in tables if values[table] or table != "odcr_option"]
    return wishes, problems


def _elsewhere(name: str, tables: Sequence[str]) -> str:
    """Why a column must be empty in a line of this kind."""
    if name == "Target_Capacity":
        if "odcr_group" in tables:
            return "A group's total is in TotalTargetCapacity; leave Target_Capacity empty."
        return "A pool of a group has no target of its own; leave Target_Capacity empty, or use Min_Instances."
    whose = {
        "odcr_group": "the line of the group, which has no InstanceType",
        "odcr_group_member": "the lines of a group's pools",
        "odcr_option": "the line of a target or a group",
    }
    home = next(table for table in ("odcr_group", "odcr_group_member", "odcr_option") if table in _BY_NAME[name])
    if name in {column.name for column in COLUMNS["odcr_option"]}:
        home = "odcr_group"
    return f"{name} belongs in {whose[home]}; leave it empty here."


def _cells(key: Key, rows: Mapping[str, Row]) -> list[str]:
    cells = [_escaped(part) for part in key]
    for name, by_table in _BY_NAME.items():
        table = next((table for table in by_table if table in rows), "")
        cells.append(_cell(by_table[table], rows[table].get(name)) if table else "")
    return cells


def _cell(column: Column, value: Any) -> str:
    plain = column.normalized(value)
    if value is None or (plain == column.usual and not column.is_required):
        return ""
    if column.kind in (Kind.NUMBER, Kind.WHOLE):
        return str(value)
    if column.kind is Kind.SWITCH:
        return {0: "no", 1: "yes"}.get(plain, str(value))
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unescaped(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
