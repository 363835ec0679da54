"""Reading tables that people may have made: with other types, and with more, fewer or reordered columns."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import ER, FIELD_TYPE

from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.schema_versions import columns_of

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Row = tuple[object, ...]

_SPECIAL_TYPES = (FIELD_TYPE.BIT, FIELD_TYPE.YEAR)


class TableUnusable(Exception):  # noqa: N818 - the name is what the state machine shows
    """A table that a run needs cannot be used as it is. Says what to do."""


def read(
    cursor: "Cursor",
    table: str,
    keys: Sequence[str],
    others: Sequence[str],
    instead: Mapping[str, str] | None = None,
) -> list[Row]:
    """The rows of a table, with these columns in this order.

    Args:
        cursor: in a transaction.
        table: its name.
        keys: required columns.
        others: optional columns; NULL if the table does not have one.
        instead: SQL expressions to read instead of columns, by column.

    Raises:
        TableUnusable: if the table cannot be read.
        pymysql.err.MySQLError: if the error is not about the table.
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
                f"RENAME TABLE {table} TO {table}_old; the next run creates a new one."
            )
        return _select(
            cursor, table, [sql if name.casefold() in present else "NULL" for name, sql in expressions.items()]
        )
    except pymysql.err.MySQLError as error:
        if not is_about_a_table(error):
            raise
        raise TableUnusable(
            f"{table} cannot be read: {text_of_error(error)}. Correct the table, or run: "
            f"RENAME TABLE {table} TO {table}_old; the next run creates a new one."
        ) from error


def lacking(cursor: "Cursor", table: str, columns: Iterable[str]) -> list[str]:
    """Which of these columns a table does not have."""
    present = columns_of(cursor, table)
    return [column for column in columns if column.casefold() not in present]


def names_of(cursor: "Cursor") -> list[str]:
    """The names of the selected columns."""
    # mypy takes it for None, as it is before the first statement.
    description: Sequence[tuple[Any, ...]] = cursor.description or ()  # type: ignore[assignment]
    return [str(column[0]) for column in description]


def plain_rows(cursor: "Cursor") -> list[Row]:
    """The selected rows, with bits as numbers and years as text."""
    description: Sequence[tuple[Any, ...]] = cursor.description or ()  # type: ignore[assignment]
    special = {index: kind for index, (_, kind, *_) in enumerate(description) if kind in _SPECIAL_TYPES}
    rows: Iterable[Row] = cursor.fetchall()
    if not special:
        return list(rows)
    return [tuple(_plain(cell, special.get(index)) for index, cell in enumerate(row)) for row in rows]


def code_of(error: Exception) -> object:
    """The number of a MySQL error."""
    return error.args[0] if error.args else None


def time_or_none(cell: object) -> datetime | None:
    """A cell that odcr wrote, as a time; None if it is something else now."""
    return cell if isinstance(cell, datetime) else None


def _select(cursor: "Cursor", table: str, columns: Iterable[str]) -> list[Row]:
    cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of this program's
    return plain_rows(cursor)


def _plain(cell: object, kind: int | None) -> object:
    # The driver returns bits as bytes, like text, and years as numbers.
    if kind == FIELD_TYPE.BIT and isinstance(cell, bytes):
        return int.from_bytes(cell, "big")
    if kind == FIELD_TYPE.YEAR and cell is not None:
        return f"the year {cell}"
    return cell
