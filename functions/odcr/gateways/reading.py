"""Reading tables for people, in parts.

From one part to the next rows come and go. So a part begins after the key that the one before ended with, and not after
a number of rows: what is there all the time is read exactly once.
"""

from typing import TYPE_CHECKING

import pymysql

from odcr.domain.requests import KEYS, JsonRow, Place, Reading, json_cell
from odcr.domain.wire import fitting, size_of
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.strange_tables import TableUnusable, names_of, plain_rows

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

MAX_ROWS = 2_000
MAX_BYTES = 1_000_000
"""Of one answer: Lambda's own limit is 6 MB, and people wait for it."""
_NUMBERS = ("Version", "Id")


def read_part(cursor: "Cursor", reading: Reading) -> tuple[list[JsonRow], str | None]:
    """Rows of a table with all its columns, in the order of their keys.

    Returns:
        The rows, and what the next part is asked for with; None: there is none.

    Raises:
        TableUnusable: if it cannot be read.
    """
    after = reading.after or Place((), 0)
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
    # One row may be larger than an answer; then it comes alone, or nobody ever gets past it.
    fit = fit or rows[:1]
    if len(fit) == len(rows):
        return fit, None
    last = keys[len(fit) - 1]
    before = after.rows if last == after.key else 0
    return fit, str(Place(last, before + keys[: len(fit)].count(last)))


def _select(cursor: "Cursor", reading: Reading, after: Place) -> None:
    columns = [_bytes_of(column) for column in KEYS[reading.table]]
    conditions = [f"{column} = %s" for column in reading.where]
    values: list[object] = list(reading.where.values())
    since = reading.since
    if after.key:
        conditions.append(f"({', '.join(columns)}) >= ({', '.join(['UNHEX(%s)'] * len(columns))})")
        values += after.key
        if reading.table == "odcr_history":
            # The same once more, in a way that an index is of use for.
            since = max(since, bytes.fromhex(after.key[0]).decode("ascii", "replace"))
    if since:
        conditions.append("Recorded >= %s")
        values.append(since)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    shown = ", ".join(f"HEX({column})" for column in columns)
    # Only names of this program's; what people give are values.
    statement = f"SELECT {reading.table}.*, {shown} FROM {reading.table} {where} ORDER BY {', '.join(columns)} LIMIT %s"  # noqa: S608
    cursor.execute(statement, (*values, after.rows + MAX_ROWS + 1))


def _bytes_of(column: str) -> str:
    """A key column as bytes: collations take several texts for one, and not the same ones on each server."""
    text = f"LPAD({column}, 20, '0')" if column in _NUMBERS else column
    return f"COALESCE(CAST({text} AS BINARY), '')"
