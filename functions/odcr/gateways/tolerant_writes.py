"""Writing tables that people may have made. A row that the database refuses keeps no other row from being written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymysql
from aws_lambda_powertools.metrics import MetricUnit
from pymysql.constants import ER

from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.tolerant_reads import Row, code_of, lacking
from odcr.observability import logger, metrics

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_KEYS = {"InstanceType", "AvailabilityZone"}
_GROUP = "Group_Name"
_SHOWN = 5
"""Refused rows that the log names."""


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT into one table."""

    table: str
    columns: Mapping[str, str | None]
    """In order, each with the SQL that updates it in an existing row; None: not updated. All None: an existing row is
    an error."""

    def without(self, missing: Sequence[str]) -> "Insert":
        """The same without columns that the table does not have."""
        return Insert(self.table, {name: sql for name, sql in self.columns.items() if name not in missing})

    @property
    def statement(self) -> str:
        """The SQL. All values are parameters, so that `executemany` sends many rows in one statement."""
        values = ", ".join(["%s"] * len(self.columns))
        updates = ", ".join(f"{column} = {sql}" for column, sql in self.columns.items() if sql)
        statement = f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES ({values})"  # noqa: S608 - our names
        return f"{statement} ON DUPLICATE KEY UPDATE {updates}" if updates else statement


def write(
    cursor: "Cursor", insert: Insert, rows: Sequence[Row], last_resort: Callable[[Row, str], Row] | None = None
) -> list[Row]:
    """Writes the rows in one statement. If the database refuses it, writes as many of them as it takes.

    Refused rows are logged once, and counted in the metric RowsNotRecorded.

    Args:
        cursor: in a transaction.
        insert: the statement.
        rows: values, in the order of the columns.
        last_resort: makes the row to write instead of a refused one, from that row and the error.

    Returns:
        The rows that were not written.

    Raises:
        pymysql.err.MySQLError: if the error is not about the table or the rows.
    """
    if not rows:
        return []
    error = _refusal(cursor, insert.statement, rows)
    if error is None:
        return []
    refused, last_error = _write_accepted(cursor, insert, rows, last_resort, error)
    if refused:
        metrics.add_metric("RowsNotRecorded", MetricUnit.Count, len(refused))
        logger.error(
            "Rows not recorded",
            table=insert.table,
            rows=len(refused),
            error=last_error,
            some=[row[:3] for row in refused[:_SHOWN]],
        )
    return refused


def change_by_key(cursor: "Cursor", table: str, statement: str, changes: Sequence[tuple[Row, Row]]) -> None:
    """Runs a statement for some rows of a table, by their keys. In a table without Group_Name, groups have no rows.

    Args:
        cursor: in a transaction.
        table: its name.
        statement: the SQL before WHERE.
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


def with_or_without_group(
    cursor: "Cursor",
    table: str,
    statement: str,
    without: str,
    rows: Sequence[Row],
    rows_without: Sequence[Row] | None = None,
) -> None:
    """Runs a statement that names Group_Name, or another one if the table has no such column.

    Args:
        cursor: in a transaction.
        table: its name.
        statement: for a table with the column.
        without: for a table without the column.
        rows: the values for `statement`.
        rows_without: the values for `without`; None: the same.

    Raises:
        pymysql.err.MySQLError: if neither statement works.
    """
    try:
        cursor.executemany(statement, rows)
    except pymysql.err.MySQLError as error:
        if code_of(error) != ER.BAD_FIELD_ERROR or not lacking(cursor, table, [_GROUP]):
            raise
        cursor.executemany(without, rows if rows_without is None else rows_without)


def _write_accepted(
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
            # Otherwise a group's pool would overwrite the row of odcr_capacity with the same type and zone.
            group = columns.index(_GROUP)
            refused = [row for row in rows if row[group]]
            rows = [row for row in rows if not row[group]]

    def attempt(part: Sequence[Row]) -> Exception | None:
        return _refusal(cursor, insert.statement, [tuple(row[index] for index in kept) for row in part])

    def write_part(part: Sequence[Row]) -> None:
        failure = attempt(part)
        if failure is None:
            return
        if len(part) > 1:
            write_part(part[: len(part) // 2])
            write_part(part[len(part) // 2 :])
            return
        errors.append(text_of_error(failure))
        if last_resort is None or attempt([last_resort(part[0], errors[-1])]) is not None:
            refused.append(part[0])

    if rows:
        write_part(rows)
    return refused, errors[-1]


def _refusal(cursor: "Cursor", statement: str, rows: Sequence[Row]) -> Exception | None:
    """Writes all rows and returns None, or writes none and returns why: sums must not be added twice.

    The driver splits very many rows into several statements, and the database rolls back only the refused one.
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
