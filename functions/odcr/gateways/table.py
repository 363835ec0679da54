"""Reading tables that may have been made by hand: other types, columns in other order, too many or too few."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import ER, FIELD_TYPE

from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.schema import columns_of

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Row = tuple[object, ...]

_SPECIAL = (FIELD_TYPE.BIT, FIELD_TYPE.YEAR)


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


def code_of(error: Exception) -> object:
    """The number of a MySQL error."""
    return error.args[0] if error.args else None


def _select(cursor: "Cursor", table: str, columns: Iterable[str]) -> list[Row]:
    cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of this program's
    # To mypy it is None: there is none before the first statement.
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
