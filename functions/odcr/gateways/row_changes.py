"""Changes of the tables' rows that people request: all of a request, or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pymysql

from odcr.domain.requests import KEYS, WRITABLE, Change, Changes, JsonRow, is_same, json_cell
from odcr.domain.wording import brief
from odcr.gateways.database import is_about_a_table, text_of_error
from odcr.gateways.target_tables import problems_of_rows
from odcr.gateways.tolerant_reads import TableUnusable, names_of, plain_rows

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_LOCK_SECONDS = 5
"""How long a change waits for each lock."""
_MAX_LISTED = 200
"""Problems in an answer, and as many conflicts."""


@dataclass
class Result:
    """What came of a request."""

    count: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether there are no problems and no conflicts."""
        return not (self.problems or self.conflicts)

    def to_event(self, *, is_committed: bool) -> dict[str, Any]:
        """ManageTargets' answer."""
        return {
            "Committed": is_committed,
            "Changed": self.count if self.is_clean else 0,
            "Problems": self.problems[:_MAX_LISTED],
            "Conflicts": self.conflicts[:_MAX_LISTED],
        }


def make_changes(cursor: "Cursor", changes: Changes) -> Result:
    """Makes the changes within the cursor's transaction, and returns problems and conflicts.

    The caller commits only if there are none and the request is not a trial. The tables are locked before they are
    read, so that nobody else's change is lost.
    """
    result = Result()
    if not changes.items:
        return result
    cursor.execute("SET innodb_lock_wait_timeout = %s", (_LOCK_SECONDS,))
    # People take turns, because changes in two tables must be valid together.
    cursor.execute("SELECT Version FROM odcr_version FOR UPDATE")
    tables = sorted({change.table for change in changes.items})
    _refuse_tables_without_rollback(cursor, tables)
    present = {table: _locked(cursor, table) for table in tables}
    for change in changes.items:
        before = present[change.table].get(change.key)
        if change.is_checked and not _is_as_expected(before, change.was):
            is_now = None if before is None else _shown(change.table, before)
            result.conflicts.append({"Table": change.table, "Key": change.key_cells, "Is": is_now})
            continue
        try:
            result.count += _apply(cursor, change, before)
        except pymysql.err.MySQLError as error:
            if not is_about_a_table(error):
                raise
            reason = f"The database refuses it: {brief(text_of_error(error), 300)}."
            result.problems.append({"Table": change.table, "Key": change.key_cells, "Reason": reason})
    if result.is_clean:
        result.problems += problems_of_rows(cursor, changes.items)
    return result


def _refuse_tables_without_rollback(cursor: "Cursor", tables: list[str]) -> None:
    """Raises TableUnusable for a table that takes no part in transactions, where "all or none" cannot be kept.

    https://dev.mysql.com/doc/refman/8.0/en/nontransactional-tables.html
    """
    cursor.execute(
        "SELECT t.TABLE_NAME FROM information_schema.TABLES t JOIN information_schema.ENGINES e USING (ENGINE) "
        "WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS <> 'YES' AND t.TABLE_NAME IN %s",
        (tables,),
    )
    if names := [str(name) for (name,) in cursor.fetchall()]:
        raise TableUnusable(
            f"{names[0]} does not support transactions, so odcr does not change it. Run: ALTER TABLE {names[0]} ENGINE "
            "= InnoDB; or change the rows by SQL."
        )


def _locked(cursor: "Cursor", table: str) -> dict[tuple[str, ...], Mapping[str, object]]:
    """A table's rows by key, with column names in lower case. Nobody else can change it until the transaction ends."""
    cursor.execute(f"SELECT * FROM {table} FOR UPDATE")  # noqa: S608 - our name
    names = [name.casefold() for name in names_of(cursor)]
    rows = [dict(zip(names, cells, strict=True)) for cells in plain_rows(cursor)]
    keys = [column.casefold() for column in KEYS[table]]
    return {tuple(str(json_cell(row.get(column))) for column in keys): row for row in rows}


def _shown(table: str, row: Mapping[str, object]) -> JsonRow:
    """A row with the column names of a table that odcr created."""
    names = {name.casefold(): name for name in (*KEYS[table], *WRITABLE[table])}
    return {names[column]: json_cell(cell) for column, cell in row.items() if column in names}


def _is_as_expected(row: Mapping[str, object] | None, was: Mapping[str, Any] | None) -> bool:
    if row is None or was is None:
        return row is None and was is None
    return all(is_same(row.get(column.casefold()), value) for column, value in was.items())


def _apply(cursor: "Cursor", change: Change, before: Mapping[str, object] | None) -> int:
    keys = KEYS[change.table]
    cells = {column: value for column, value in (change.row or {}).items() if column not in keys}
    if before is None:
        if change.row is None:
            return 0
        columns = [*keys, *cells]
        values = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {change.table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - our names
        cursor.execute(statement, (*change.key, *cells.values()))
        return 1
    # The first comparison can use an index but may ignore case; the second is exact.
    where = " AND ".join(f"{column} = %s AND CAST({column} AS BINARY) = CAST(%s AS BINARY)" for column in keys)
    key_cells = [cell for column in keys for cell in (before[column.casefold()],) * 2]
    if change.row is None:
        cursor.execute(f"DELETE FROM {change.table} WHERE {where}", key_cells)  # noqa: S608 - our names
        return 1
    if not cells or _is_as_expected(before, cells):
        return 0
    updates = ", ".join(f"{column} = %s" for column in cells)
    statement = f"UPDATE {change.table} SET {updates} WHERE {where}"  # noqa: S608 - our names
    cursor.execute(statement, (*cells.values(), *key_cells))
    return 1
