"""What people may ask of ManageTargets, and how cells travel to them and back."""

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
"""The tables, and what tells their rows apart and puts them in order."""

WRITABLE: dict[str, tuple[str, ...]] = {
    "odcr_capacity": ("Target_Capacity",),
    "odcr_option": OPTION_COLUMNS,
    "odcr_group": (*GROUP_COLUMNS, *OPTION_COLUMNS),
    "odcr_group_member": MEMBER_COLUMNS,
    "odcr_price": ("Hourly_Price", "Currency", "Source"),
}
"""The tables that people write into, and the columns beside the key that are theirs."""

MAX_TABLES = 6
"""Of one answer, so that it stays below Lambda's 6 MB."""
MAX_CHANGES = 5_000
MAX_TEXT = 16_000
"""Characters of one value; the longest that makes sense are a row's tags, fifty of 384 characters."""

_PLACE = re.compile(r"[0-9]{1,9}(\.([0-9A-F]{2})*)+")

JsonCell = str | int | float | None
JsonRow = dict[str, JsonCell]


class InvalidRequest(Exception):  # noqa: N818 - the name is what the caller sees
    """ManageTargets was asked for something that there is not. Says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in its table's order, by its key: rows may come and go before it, and it stays where it is."""

    key: tuple[str, ...]
    """The key columns' bytes, in hexadecimal digits."""
    rows: int
    """How many rows of this key were read. In a table that somebody made without one there may be several."""

    @classmethod
    def of(cls, text: object, columns: int) -> "Place":
        """What `str` wrote.

        Raises:
            InvalidRequest: if it is something else.
        """
        if not isinstance(text, str) or not _PLACE.fullmatch(text) or text.count(".") != columns:
            raise InvalidRequest("'After' must be the 'Next' of the answer before.")
        rows, *key = text.split(".")
        return cls(tuple(key), int(rows))

    def __str__(self) -> str:
        return ".".join((str(self.rows), *self.key))


@dataclass(frozen=True, slots=True)
class Reading:
    """A part of a table is to be read."""

    table: str
    where: Mapping[str, JsonCell] = field(default_factory=dict)
    """Values of key columns."""
    since: str = ""
    """Of `odcr_history`, the first moment that matters; empty: all."""
    after: Place | None = None
    """The last row that was read before; None: none was."""


@dataclass(frozen=True, slots=True)
class ReadingTogether:
    """The first parts of several tables are to be read as they are at one moment."""

    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A row is to say something else, to be there, or to be gone."""

    table: str
    key: tuple[str, ...]
    row: Mapping[str, JsonCell] | None
    """What it is to say; None: it is to be gone."""
    was: Mapping[str, JsonCell] | None
    """What it has to say now; None: it must not be there."""
    is_checked: bool
    """Whether `was` matters."""

    @property
    def key_cells(self) -> JsonRow:
        """The key by its columns."""
        return dict(zip(KEYS[self.table], self.key, strict=True))


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows are to be changed, all of them or none."""

    items: tuple[Change, ...]
    is_trial: bool


@dataclass(frozen=True, slots=True)
class Planning:
    """What the next run would load is to be told."""


Request = Reading | ReadingTogether | Changes | Planning


def request_of(event: object) -> Request:
    """What an event asks for.

    Raises:
        InvalidRequest: if that makes no sense.
    """
    asked = _object(event, "The event")
    kinds = [kind for kind in ("Read", "Change", "Plan") if kind in asked]
    if len(kinds) != 1:
        raise InvalidRequest("Ask for one thing: give 'Read', 'Change' or 'Plan'.")
    if kinds == ["Read"]:
        return _reading(asked)
    if kinds == ["Change"]:
        return _changes(asked)
    _only(asked, ("Plan",))
    return Planning()


def _reading(asked: Mapping[str, Any]) -> Reading | ReadingTogether:
    if isinstance(asked["Read"], list):
        _only(asked, ("Read",))
        tables = tuple(_one_of(table, KEYS, "A table of 'Read'") for table in asked["Read"])
        if not 0 < len(set(tables)) == len(tables) <= MAX_TABLES:
            raise InvalidRequest(f"'Read' must be one table, or a list of up to {MAX_TABLES} different ones.")
        return ReadingTogether(tables)
    _only(asked, ("Read", "Where", "Since", "After"))
    table = _one_of(asked["Read"], KEYS, "'Read'")
    where = _object({} if asked.get("Where") is None else asked["Where"], "'Where'")
    for column, value in where.items():
        _one_of(column, KEYS[table], "A column of 'Where'")
        _cell(value, column)
    since, after = asked.get("Since") or "", asked.get("After")
    if since:
        if table != "odcr_history":
            raise InvalidRequest("'Since' is for odcr_history alone. Leave it out.")
        try:
            datetime.strptime(str(since), _MOMENT)  # noqa: DTZ007 - only its form matters
        except ValueError:
            raise InvalidRequest("'Since' must be YYYY-MM-DD HH:MM:SS in UTC.") from None
    return Reading(table, where, str(since), None if after is None else Place.of(after, len(KEYS[table])))


def _changes(asked: Mapping[str, Any]) -> Changes:
    _only(asked, ("Change", "Try"))
    items, is_trial = asked["Change"], asked.get("Try", False)
    if not isinstance(items, list):
        raise InvalidRequest("'Change' must be a list of changes.")
    if not isinstance(is_trial, bool):
        raise InvalidRequest("'Try' must be true or false.")
    if len(items) > MAX_CHANGES:
        raise InvalidRequest(f"At most {MAX_CHANGES} changes at once, and there are {len(items)}. Make several parts.")
    changes = tuple(_change(item) for item in items)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for change in changes:
        if (change.table, change.key) in seen:
            raise InvalidRequest(f"Two changes are of the same row of {change.table}: {quoted(' '.join(change.key))}.")
        seen.add((change.table, change.key))
    return Changes(changes, is_trial)


def _change(item: object) -> Change:
    change = _object(item, "A change")
    _only(change, ("Table", "Row", "Was"))
    table = _one_of(change.get("Table"), WRITABLE, "'Table'")
    if "Row" not in change:
        raise InvalidRequest("A change needs a 'Row': what it is to say, or null if it is to be gone.")
    row = None if change["Row"] is None else _row(change["Row"], table, "'Row'")
    was = None if change.get("Was") is None else _seen(change["Was"])
    keyed = row if row is not None else was
    if keyed is None:
        raise InvalidRequest("A change with neither 'Row' nor 'Was' changes nothing. Give one of them.")
    key = _key(keyed, table)
    if row is not None and was is not None and _key(was, table) != key:
        raise InvalidRequest("'Row' and 'Was' must be of one row. To rename one, remove it and add the other.")
    return Change(table, key, row, was, "Was" in change)


def _row(value: object, table: str, what: str) -> JsonRow:
    row = _object(value, what)
    columns = (*KEYS[table], *WRITABLE[table])
    for column, cell in row.items():
        _one_of(column, columns, f"A column of {what}")
        _cell(cell, column)
    return dict(row)


def _seen(value: object) -> JsonRow:
    """A row as somebody has read it, whatever columns it has."""
    row = _object(value, "'Was'")
    for column, cell in row.items():
        if isinstance(cell, str) and "\0" in cell:
            continue
        _cell(cell, str(column)[:64])
    return dict(row)


def _key(row: Mapping[str, JsonCell], table: str) -> tuple[str, ...]:
    missing = [column for column in KEYS[table] if not isinstance(row.get(column), str)]
    if missing:
        raise InvalidRequest(f"A row of {table} needs {', '.join(missing)} as text.")
    return tuple(str(row[column]) for column in KEYS[table])


def _cell(value: object, column: str) -> None:
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


def _one_of(value: object, known: Mapping[str, object] | tuple[str, ...], what: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise InvalidRequest(f"{what} must be one of {listed(list(known), 600)}, not {quoted(str(value))}.")
    return value


def _only(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise InvalidRequest(f"There is no {quoted(str(unknown[0]))} here. Give {', '.join(known)}.")


_MOMENT = "%Y-%m-%d %H:%M:%S"


def json_cell(cell: object) -> JsonCell:
    """A cell as JSON: moments are `YYYY-MM-DD HH:MM:SS`, amounts text without zeros at their end."""
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
    """Whether a cell says what somebody has seen in it: a number is the same however it is written."""
    is_now = json_cell(cell)
    if is_now is None or expected is None:
        return is_now is expected
    if is_now == expected or str(is_now) == str(expected):
        return True
    try:
        return Decimal(str(is_now)) == Decimal(str(expected))
    except InvalidOperation:
        return False
