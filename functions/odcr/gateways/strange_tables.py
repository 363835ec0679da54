"""Reading and writing tables that may have been made by hand: other types, columns too many, too few or in other order.

What the database refuses of one row keeps no other row from being read or written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pymysql
from aws_lambda_powertools.metrics import MetricUnit
from pymysql.constants import ER, FIELD_TYPE

from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.schema import columns_of
from odcr.observability import logger, metrics

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Row = tuple[object, ...]

_SPECIAL = (FIELD_TYPE.BIT, FIELD_TYPE.YEAR)
_KEYS = {"InstanceType", "AvailabilityZone"}
_GROUP = "Group_Name"
_SHOWN = 5
"""Refused rows that the log names."""


class TableUnusable(Exception):  # noqa: N818 - the name is what the state machine shows
    """A table that a run cannot do without is not as it has to be. Says what to do."""


def read(
    cursor: "Cursor",
    table: str,
    keys: Sequence[str],
    others: Sequence[str],
    instead: Mapping[str, str] | None = None,
) -> list[Row]:
    """The rows of a table, with these columns in this order; NULL for one of the others that the table lacks.

    Args:
        cursor: in a transaction.
        table: its name.
        keys: columns without which the table is of no use.
        others: further columns.
        instead: SQL expressions, by the column that each takes the place of.

    Raises:
        TableUnusable: if it cannot be read.
        pymysql.err.MySQLError: if that is no matter of the table.
    """
    columns = [*keys, *others]
    expressions = {column: (instead or {}).get(column, column) for column in columns}
    try:
        try:
            return _select(cursor, table, expressions.values())
        except pymysql.err.MySQLError as error:
            if code_of(error) != ER.BAD_FIELD_ERROR:
                raise
        present = columns_of(cursor, table)
        if missing := [key for key in keys if key.casefold() not in present]:
            raise TableUnusable(
                f"{table} has no column {', '.join(missing)}. Add it, or run: "
                f"RENAME TABLE {table} TO {table}_old; the next run makes a new one."
            )
        return _select(
            cursor, table, [sql if name.casefold() in present else "NULL" for name, sql in expressions.items()]
        )
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        raise TableUnusable(
            f"{table} cannot be read: {text_of_error(error)}. Correct that, or run: "
            f"RENAME TABLE {table} TO {table}_old; the next run makes a new one."
        ) from error


def lacking(cursor: "Cursor", table: str, columns: Iterable[str]) -> list[str]:
    """Which of these columns a table does not have."""
    present = columns_of(cursor, table)
    return [column for column in columns if column.casefold() not in present]


def with_or_without_group(
    cursor: "Cursor",
    table: str,
    statement: str,
    without: str,
    rows: Sequence[Row],
    rows_without: Sequence[Row] | None = None,
) -> None:
    """Runs a statement that names Group_Name, or another one where the table has no such column.

    Args:
        cursor: in a transaction.
        table: whose column it is.
        statement: for a table as it has to be.
        without: for one that lacks the column.
        rows: the statement's values.
        rows_without: the other statement's; None: the same.

    Raises:
        pymysql.err.MySQLError: if neither works.
    """
    try:
        cursor.executemany(statement, rows)
    except pymysql.err.MySQLError as error:
        if code_of(error) != ER.BAD_FIELD_ERROR or not lacking(cursor, table, [_GROUP]):
            raise
        cursor.executemany(without, rows if rows_without is None else rows_without)


def change_by_key(cursor: "Cursor", table: str, statement: str, changes: Sequence[tuple[Row, Row]]) -> None:
    """Runs a statement for rows of a table, each by its key; a table without groups has no rows of any.

    Args:
        cursor: in a transaction.
        table: which.
        statement: what comes before WHERE.
        changes: the statement's values, and the row's InstanceType, AvailabilityZone and Group_Name.

    Raises:
        pymysql.err.MySQLError: if the database refuses it.
    """
    by_key = f"{statement} WHERE InstanceType = %s AND AvailabilityZone = %s"
    with_or_without_group(
        cursor,
        table,
        f"{by_key} AND Group_Name = %s",
        by_key,
        [(*values, *key) for values, key in changes],
        [(*values, *key[:2]) for values, key in changes if not key[2]],
    )


def code_of(error: Exception) -> object:
    """The number of a MySQL error."""
    return error.args[0] if error.args else None


def time_or_none(cell: object) -> datetime | None:
    """A cell that the system wrote, as a time; None if somebody made something else of it."""
    return cell if isinstance(cell, datetime) else None


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT into one table."""

    table: str
    columns: Mapping[str, str | None]
    """In order, each with the SQL that it becomes in a row that is there already; None in all of them: an error."""

    def without(self, missing: Sequence[str]) -> "Insert":
        """The same without some columns, which the table does not have."""
        return Insert(self.table, {name: sql for name, sql in self.columns.items() if name not in missing})

    @property
    def statement(self) -> str:
        """As `executemany` sends it once for many rows: their values are nothing but parameters."""
        values = ", ".join(["%s"] * len(self.columns))
        updates = ", ".join(f"{column} = {sql}" for column, sql in self.columns.items() if sql)
        statement = f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES ({values})"  # noqa: S608 - our names
        return f"{statement} ON DUPLICATE KEY UPDATE {updates}" if updates else statement


def write(
    cursor: "Cursor", insert: Insert, rows: Sequence[Row], last_resort: Callable[[Row, str], Row] | None = None
) -> list[Row]:
    """Writes the rows in one statement, and only if the database refuses it, those that it takes.

    What is refused is logged once, and counted in the metric RowsNotRecorded.

    Args:
        cursor: in a transaction.
        insert: where to.
        rows: their values, in the order of the columns.
        last_resort: what to write instead of a row that is refused with this error.

    Returns:
        The rows that were not written.

    Raises:
        pymysql.err.MySQLError: if it is not the table or the rows that something is wrong with.
    """
    if not rows:
        return []
    error = _refusal(cursor, insert.statement, rows)
    if error is None:
        return []
    refused, first = _write_some(cursor, insert, rows, last_resort, error)
    if refused:
        metrics.add_metric("RowsNotRecorded", MetricUnit.Count, len(refused))
        logger.error(
            "Rows not recorded",
            table=insert.table,
            rows=len(refused),
            error=first,
            some=[row[:3] for row in refused[:_SHOWN]],
        )
    return refused


def _write_some(
    cursor: "Cursor",
    insert: Insert,
    rows: Sequence[Row],
    last_resort: Callable[[Row, str], Row] | None,
    error: Exception,
) -> tuple[list[Row], str]:
    refused: list[Row] = []
    errors: list[str] = [text_of_error(error)]
    columns = list(insert.columns)
    kept = list(range(len(columns)))
    if code_of(error) == ER.BAD_FIELD_ERROR and (missing := lacking(cursor, insert.table, columns)):
        logger.warning("Table lacks columns", table=insert.table, columns=missing)
        if not _KEYS.isdisjoint(missing):
            return list(rows), text_of_error(error)
        kept = [index for index, column in enumerate(columns) if column not in missing]
        insert = insert.without(missing)
        if _GROUP in missing:
            # Without it, a pool of a group would be written over the row of odcr_capacity for the same type and zone.
            place = columns.index(_GROUP)
            refused = [row for row in rows if row[place]]
            rows = [row for row in rows if not row[place]]

    def attempt(some: Sequence[Row]) -> Exception | None:
        return _refusal(cursor, insert.statement, [tuple(row[index] for index in kept) for row in some])

    def halve(some: Sequence[Row]) -> None:
        failure = attempt(some)
        if failure is None:
            return
        if len(some) > 1:
            halve(some[: len(some) // 2])
            halve(some[len(some) // 2 :])
            return
        errors.append(text_of_error(failure))
        if last_resort is None or attempt([last_resort(some[0], errors[-1])]) is not None:
            refused.append(some[0])

    if rows:
        halve(rows)
    return refused, errors[-1]


def _refusal(cursor: "Cursor", statement: str, rows: Sequence[Row]) -> Exception | None:
    """Writes all rows, or none and returns why: a row of sums must not be written twice.

    The driver makes several statements of very many rows, and the database takes back only the one that it refuses.
    """
    cursor.execute("SAVEPOINT before_rows")
    try:
        cursor.executemany(statement, rows)
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        cursor.execute("ROLLBACK TO SAVEPOINT before_rows")
        return error
    return None


def _select(cursor: "Cursor", table: str, columns: Iterable[str]) -> list[Row]:
    cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of this program's
    return plain_rows(cursor)


def names_of(cursor: "Cursor") -> list[str]:
    """The columns of what was selected."""
    # To mypy it is None: there is none before the first statement.
    description: Sequence[tuple[Any, ...]] = cursor.description or ()  # type: ignore[assignment]
    return [str(column[0]) for column in description]


def plain_rows(cursor: "Cursor") -> list[Row]:
    """What was selected, with bits as numbers."""
    description: Sequence[tuple[Any, ...]] = cursor.description or ()  # type: ignore[assignment]
    special = {index: kind for index, (_, kind, *_) in enumerate(description) if kind in _SPECIAL}
    rows: Iterable[Row] = cursor.fetchall()
    if not special:
        return list(rows)
    return [tuple(_plain(cell, special.get(index)) for index, cell in enumerate(row)) for row in rows]


def _plain(cell: object, kind: int | None) -> object:
    # The driver gives bits as bytes, which might be text, and years as numbers.
    if kind == FIELD_TYPE.BIT and isinstance(cell, bytes):
        return int.from_bytes(cell, "big")
    if kind == FIELD_TYPE.YEAR and cell is not None:
        return f"the year {cell}"
    return cell
