"""Reading tables for people, in parts.

Rows come and go between parts. So a part begins after the last key of the one before, not after a number of rows: a row
that exists all the time is read exactly once.
"""

from typing import TYPE_CHECKING

import pymysql

from odcr.domain.requests import KEYS, JsonRow, Position, Reading, json_cell
from odcr.domain.wire import fitting, size_of
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.tolerant_reads import TableUnusable, names_of, plain_rows

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

MAX_ROWS = 2_000
"""In one answer."""
MAX_BYTES = 1_000_000
"""In one answer. Lambda allows 6 MB, but people wait for it."""
_NUMBERS = ("Version", "Id")


def read_part(cursor: "Cursor", reading: Reading) -> tuple[list[JsonRow], str | None]:
    """Rows of a table with all columns, in the order of their keys.

    Returns:
        The rows, and the `After` of the next part; None if this is the last one.

    Raises:
        TableUnusable: if the table cannot be read.
    """
    after = reading.after or Position((), 0)
    try:
        _select(cursor, reading, after)
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        raise TableUnusable(f"{reading.table} cannot be read: {text_of_error(error)}. Correct the table.") from error
    width = len(KEYS[reading.table])
    names = names_of(cursor)[:-width]
    rows: list[JsonRow] = []
    keys: list[tuple[str, ...]] = []
    left_out = 0
    for cells in plain_rows(cursor):
        key = tuple(map(str, cells[-width:]))
        if key == after.key and left_out < after.rows:
            left_out += 1
            continue
        keys.append(key)
        rows.append({name: json_cell(cell) for name, cell in zip(names, cells, strict=False)})
    fit, _ = fitting(rows[:MAX_ROWS], MAX_BYTES, size_of)
    # A single row may be larger than an answer. It comes alone then, or nobody would ever get past it.
    fit = fit or rows[:1]
    if len(fit) == len(rows):
        return fit, None
    last = keys[len(fit) - 1]
    before = after.rows if last == after.key else 0
    return fit, str(Position(last, before + keys[: len(fit)].count(last)))


def _select(cursor: "Cursor", reading: Reading, after: Position) -> None:
    columns = [_bytes_of(column) for column in KEYS[reading.table]]
    conditions = [f"{column} = %s" for column in reading.where]
    values: list[object] = list(reading.where.values())
    since = reading.since
    if after.key:
        conditions.append(f"({', '.join(columns)}) >= ({', '.join(['UNHEX(%s)'] * len(columns))})")
        values += after.key
        if reading.table == "odcr_history":
            # The same condition once more, so that the index on Recorded helps.
            since = max(since, bytes.fromhex(after.key[0]).decode("ascii", "replace"))
    if since:
        conditions.append("Recorded >= %s")
        values.append(since)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    shown = ", ".join(f"HEX({column})" for column in columns)
    # All names are our own; what people give are values.
    statement = f"SELECT {reading.table}.*, {shown} FROM {reading.table} {where} ORDER BY {', '.join(columns)} LIMIT %s"  # noqa: S608
    cursor.execute(statement, (*values, after.rows + MAX_ROWS + 1))


def _bytes_of(column: str) -> str:
    """A key column as bytes: collations treat different texts as equal, and each server different ones."""
    text = f"LPAD({column}, 20, '0')" if column in _NUMBERS else column
    return f"COALESCE(CAST({text} AS BINARY), '')"
