"""Writing many rows in one statement, of which the database may refuse some."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymysql
from aws_lambda_powertools.metrics import MetricUnit
from pymysql.constants import ER

from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.table import Row, code_of, lacking
from odcr.observability import logger, metrics

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_KEYS = {"InstanceType", "AvailabilityZone"}
_SHOWN = 5
"""Refused rows that the log names."""


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
    try:
        cursor.executemany(insert.statement, rows)
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        refused, first = _write_some(cursor, insert, rows, last_resort, error)
    else:
        return []
    if refused:
        metrics.add_metric("RowsNotRecorded", MetricUnit.Count, len(refused))
        logger.error(
            "Rows not recorded",
            table=insert.table,
            rows=len(refused),
            error=first,
            some=[row[:2] for row in refused[:_SHOWN]],
        )
    return refused


def _write_some(
    cursor: "Cursor",
    insert: Insert,
    rows: Sequence[Row],
    last_resort: Callable[[Row, str], Row] | None,
    error: Exception,
) -> tuple[list[Row], str]:
    columns = list(insert.columns)
    kept = list(range(len(columns)))
    if code_of(error) == ER.BAD_FIELD_ERROR and (missing := lacking(cursor, insert.table, columns)):
        logger.warning("Table lacks columns", table=insert.table, columns=missing)
        if not _KEYS.isdisjoint(missing):
            return list(rows), text_of_error(error)
        kept = [index for index, column in enumerate(columns) if column not in missing]
        insert = insert.without(missing)
    refused: list[Row] = []
    errors: list[str] = [text_of_error(error)]

    def attempt(some: Sequence[Row]) -> Exception | None:
        try:
            cursor.executemany(insert.statement, [tuple(row[index] for index in kept) for row in some])
        except pymysql.err.MySQLError as error:
            if not is_about_a_table(error):
                raise
            return error
        return None

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

    halve(rows)
    return refused, errors[-1]
