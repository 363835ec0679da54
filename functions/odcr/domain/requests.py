"""The requests that ManageTargets accepts, and table cells as JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from odcr.domain.cells import text_of
from odcr.domain.group_rows import GROUP_COLUMNS
from odcr.domain.member_rows import MEMBER_COLUMNS
from odcr.domain.option_rows import OPTION_COLUMNS
from odcr.domain.wording import listed, quoted

_POOL = ("InstanceType", "AvailabilityZone")

KEYS: dict[str, tuple[str, ...]] = {
    "odcr_version": ("Version",),
    "odcr_capacity": _POOL,
    "odcr_option": _POOL,
    "odcr_group": ("Group_Name",),
    "odcr_group_member": ("Group_Name", *_POOL),
    "odcr_status": (*_POOL, "Group_Name"),
    "odcr_history": ("Recorded", "Execution", *_POOL, "Group_Name"),
    "odcr_lease": ("Name",),
    "odcr_price": ("InstanceType", "Region", "Platform", "Tenancy"),
    "odcr_outbox": ("Id",),
}
"""The tables that can be read, with the columns of their keys, by which rows are sorted."""

WRITABLE: dict[str, tuple[str, ...]] = {
    "odcr_capacity": ("Target_Capacity",),
    "odcr_option": OPTION_COLUMNS,
    "odcr_group": (*GROUP_COLUMNS, *OPTION_COLUMNS),
    "odcr_group_member": MEMBER_COLUMNS,
    "odcr_price": ("Hourly_Price", "Currency", "Source"),
}
"""The tables that people write into, with the columns besides the key that they may set."""

MAX_TABLES = 6
"""Tables per answer, which keeps it below Lambda's 6 MB."""
MAX_CHANGES = 5_000
MAX_TEXT = 16_000
"""Characters of a value. The longest useful one is a row's tags: 40 of up to 384 characters."""

_POSITION = re.compile(r"[0-9]{1,9}(\.([0-9A-F]{2})*)+")

JsonCell = str | int | float | None
JsonRow = dict[str, JsonCell]


class InvalidRequest(Exception):  # noqa: N818 - the caller sees the name
    """ManageTargets cannot do what it was asked. The message says what to ask instead."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading goes on: after a row's key, so that rows may come and go before it."""

    key: tuple[str, ...]
    """The bytes of the key columns in hexadecimal digits."""
    rows: int
    """Rows with this key that were read. There may be several if somebody created the table without a primary key."""

    @classmethod
    def of(cls, text: object, columns: int) -> "Position":
        """Reads what `str` wrote.

        Raises:
            InvalidRequest: if it is anything else.
        """
        if not isinstance(text, str) or not _POSITION.fullmatch(text) or text.count(".") != columns:
            raise InvalidRequest("'After' must be the 'Next' of the previous answer.")
        rows, *key = text.split(".")
        return cls(tuple(key), int(rows))

    def __str__(self) -> str:
        return ".".join((str(self.rows), *self.key))


@dataclass(frozen=True, slots=True)
class Reading:
    """Read a part of a table."""

    table: str
    where: Mapping[str, JsonCell] = field(default_factory=dict)
    """Values that key columns must have."""
    since: str = ""
    """The earliest `Recorded` to read from `odcr_history`; empty: all."""
    after: Position | None = None
    """Where to go on; None: from the beginning."""


@dataclass(frozen=True, slots=True)
class ReadingTogether:
    """Read the first part of several tables at the same moment."""

    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Insert, update or delete a row."""

    table: str
    key: tuple[str, ...]
    row: Mapping[str, JsonCell] | None
    """The row to write; None: delete it."""
    was: Mapping[str, JsonCell] | None
    """The row that must be there now; None: there must be none."""
    is_checked: bool
    """Whether to check `was`."""

    @property
    def key_cells(self) -> JsonRow:
        """The key columns and their values."""
        return dict(zip(KEYS[self.table], self.key, strict=True))


@dataclass(frozen=True, slots=True)
class Changes:
    """Change rows, all of them or none."""

    items: tuple[Change, ...]
    is_trial: bool
    """Whether to check the changes without keeping them."""


@dataclass(frozen=True, slots=True)
class Planning:
    """Tell what the next run would load."""


Request = Reading | ReadingTogether | Changes | Planning


def request_of(event: object) -> Request:
    """The request that an event makes.

    Raises:
        InvalidRequest: if it makes none, or a wrong one.
    """
    request = _object(event, "The event")
    kinds = [kind for kind in ("Read", "Change", "Plan") if kind in request]
    if len(kinds) != 1:
        raise InvalidRequest("Ask for one thing: give 'Read', 'Change' or 'Plan'.")
    if kinds == ["Read"]:
        return _reading(request)
    if kinds == ["Change"]:
        return _changes(request)
    _reject_other_fields(request, ("Plan",))
    return Planning()


def _reading(request: Mapping[str, Any]) -> Reading | ReadingTogether:
    if isinstance(request["Read"], list):
        _reject_other_fields(request, ("Read",))
        tables = tuple(_choice(table, KEYS, "A table of 'Read'") for table in request["Read"])
        if not 0 < len(set(tables)) == len(tables) <= MAX_TABLES:
            raise InvalidRequest(f"'Read' must be one table, or a list of up to {MAX_TABLES} different ones.")
        return ReadingTogether(tables)
    _reject_other_fields(request, ("Read", "Where", "Since", "After"))
    table = _choice(request["Read"], KEYS, "'Read'")
    where = _object({} if request.get("Where") is None else request["Where"], "'Where'")
    for column, value in where.items():
        _choice(column, KEYS[table], "A column of 'Where'")
        _check_cell(value, column)
    since, after = request.get("Since") or "", request.get("After")
    if since:
        if table != "odcr_history":
            raise InvalidRequest("'Since' is for odcr_history alone. Leave it out.")
        try:
            datetime.strptime(str(since), _MOMENT)  # noqa: DTZ007 - only its form matters
        except ValueError:
            raise InvalidRequest("'Since' must be YYYY-MM-DD HH:MM:SS in UTC.") from None
    return Reading(table, where, str(since), None if after is None else Position.of(after, len(KEYS[table])))


def _changes(request: Mapping[str, Any]) -> Changes:
    _reject_other_fields(request, ("Change", "Try"))
    items, is_trial = request["Change"], request.get("Try", False)
    if not isinstance(items, list):
        raise InvalidRequest("'Change' must be a list of changes.")
    if not isinstance(is_trial, bool):
        raise InvalidRequest("'Try' must be true or false.")
    if len(items) > MAX_CHANGES:
        raise InvalidRequest(f"Send at most {MAX_CHANGES} changes at once, not {len(items)}: split them.")
    changes = tuple(_change(item) for item in items)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for change in changes:
        if (change.table, change.key) in seen:
            raise InvalidRequest(f"Two changes are of the same row of {change.table}: {quoted(' '.join(change.key))}.")
        seen.add((change.table, change.key))
    return Changes(changes, is_trial)


def _change(item: object) -> Change:
    change = _object(item, "A change")
    _reject_other_fields(change, ("Table", "Row", "Was"))
    table = _choice(change.get("Table"), WRITABLE, "'Table'")
    if "Row" not in change:
        raise InvalidRequest("A change needs a 'Row': the row to write, or null to delete it.")
    row = None if change["Row"] is None else _row(change["Row"], table, "'Row'")
    was = None if change.get("Was") is None else _row_as_read(change["Was"])
    row_with_key = row if row is not None else was
    if row_with_key is None:
        raise InvalidRequest("A change with neither 'Row' nor 'Was' changes nothing. Give one of them.")
    key = _key(row_with_key, table)
    if row is not None and was is not None and _key(was, table) != key:
        raise InvalidRequest("'Row' and 'Was' must be of one row. To rename one, remove it and add the other.")
    return Change(table, key, row, was, "Was" in change)


def _row(value: object, table: str, what: str) -> JsonRow:
    row = _object(value, what)
    columns = (*KEYS[table], *WRITABLE[table])
    for column, cell in row.items():
        _choice(column, columns, f"A column of {what}")
        _check_cell(cell, column)
    return dict(row)


def _row_as_read(value: object) -> JsonRow:
    """A row that somebody has read, whatever columns it has."""
    row = _object(value, "'Was'")
    for column, cell in row.items():
        if isinstance(cell, str) and "\0" in cell:
            continue
        _check_cell(cell, str(column)[:64])
    return dict(row)


def _key(row: Mapping[str, JsonCell], table: str) -> tuple[str, ...]:
    missing = [column for column in KEYS[table] if not isinstance(row.get(column), str)]
    if missing:
        raise InvalidRequest(f"A row of {table} needs {', '.join(missing)} as text.")
    return tuple(str(row[column]) for column in KEYS[table])


def _check_cell(value: object, column: str) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (str, int, float))):
        raise InvalidRequest(f"{column} must be text, a number or null.")
    if isinstance(value, str) and (len(value) > MAX_TEXT or "\0" in value):
        raise InvalidRequest(f"{column} must be text of at most {MAX_TEXT} characters, without NUL.")
    if isinstance(value, (int, float)) and not abs(value) < 10**18:
        raise InvalidRequest(f"{column} is too large.")


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{what} must be an object.")
    return value


def _choice(value: object, known: Mapping[str, object] | tuple[str, ...], what: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise InvalidRequest(f"{what} must be one of {listed(list(known), 600)}, not {quoted(str(value))}.")
    return value


def _reject_other_fields(event: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := [name for name in event if name not in known]:
        raise InvalidRequest(f"There is no {quoted(str(unknown[0]))} here. Give {', '.join(known)}.")


_MOMENT = "%Y-%m-%d %H:%M:%S"


def json_cell(cell: object) -> JsonCell:
    """A cell as JSON: times as `YYYY-MM-DD HH:MM:SS`, decimals as text without trailing zeros."""
    if cell is None or isinstance(cell, (str, int, float)):
        return cell
    if isinstance(cell, datetime):
        return cell.strftime(_MOMENT)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}" if cell else "0"
    return text_of(cell)


def is_same(cell: object, expected: JsonCell) -> bool:
    """Whether a cell still has the value that somebody read. Numbers may be written differently."""
    current = json_cell(cell)
    if current is None or expected is None:
        return current is expected
    if current == expected or str(current) == str(expected):
        return True
    try:
        return Decimal(str(current)) == Decimal(str(expected))
    except InvalidOperation:
        return False
