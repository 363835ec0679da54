"""Creating the tables, and bringing older ones to this code's version."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from odcr.gateways.schema import ADDED, CHANGED, TABLES, VERSION, VERSION_TABLE, WIDENED

if TYPE_CHECKING:
    from pymysql.cursors import Cursor


class TablesOutdated(Exception):  # noqa: N818 - the name is what the state machine catches
    """The tables have an earlier version. PrepareDatabase updates them; the functions' user may not."""


class TablesTooNew(Exception):  # noqa: N818 - the name is what the state machine does not retry
    """The tables have a later version, so nothing is written into them. Says what to do."""


def create_missing_tables(cursor: "Cursor") -> None:
    """Creates tables that do not exist, and leaves all others as they are.

    Raises:
        TablesOutdated, TablesTooNew: if the tables have another version than this code; then nothing is created.
    """
    present = _present(cursor)
    version = _recorded_version(cursor, present)
    if not version and not CHANGED & present.keys():
        # The version is recorded before the first table that has it, so a death in between leaves no doubt.
        cursor.execute(TABLES[VERSION_TABLE])
        cursor.execute(_record_version())
    elif version < VERSION:
        raise TablesOutdated(
            f"The tables have version {version} and this code works with version {VERSION}. PrepareDatabase updates "
            "them."
        )
    elif version > VERSION:
        raise TablesTooNew(
            f"The tables have version {version} and this code works with version {VERSION}: a newer odcr has updated "
            "them. Deploy the newer odcr again. Nothing was written."
        )
    for name, statement in TABLES.items():
        if name not in present:
            cursor.execute(statement)


def statements_of_update(cursor: "Cursor") -> list[str]:
    """The statements that bring the tables to this version; none for tables that have it or a newer one.

    Each statement can be repeated. If the caller dies after any of them, the next call returns the rest.
    """
    present = _present(cursor)
    version = _recorded_version(cursor, present)
    if version >= VERSION or not CHANGED & present.keys():
        return []
    added: dict[str, dict[str, str]] = {}
    for tables in ADDED.values():
        for table, columns in tables.items():
            added.setdefault(table, {}).update(columns)
    alterations = []
    for table, columns in added.items():
        # A view that people made takes no new column; reading and writing tolerate missing ones.
        if present.get(table) != "BASE TABLE":
            continue
        types = _types_of(cursor, table)
        changes = [f"ADD {name} {definition}" for name, definition in columns.items() if name.casefold() not in types]
        for name, definition in WIDENED.get(table, {}).items():
            if types.get(name.casefold(), "").endswith("int"):
                changes.append(f"MODIFY {name} {definition}")
        if "Group_Name" in columns:
            changes += _group_added_to_keys(cursor, table)
        if changes:
            # One statement, which MySQL and MariaDB do entirely or not at all.
            alterations.append(f"ALTER TABLE {table} {', '.join(changes)}")
    return [*alterations, " ".join(TABLES[VERSION_TABLE].split()), _record_version()]


def columns_of(cursor: "Cursor", table: str) -> set[str]:
    """The names of a table's columns, casefolded."""
    return set(_types_of(cursor, table))


def _types_of(cursor: "Cursor", table: str) -> dict[str, str]:
    """The types of a table's columns by name, all in lower case and without lengths."""
    cursor.execute(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
        (table,),
    )
    return {str(name).casefold(): str(kind).casefold() for name, kind in cursor.fetchall()}


def _group_added_to_keys(cursor: "Cursor", table: str) -> list[str]:
    """The changes that add the group to unique keys, which distinguishes a group's pool from a row of odcr_capacity.

    A table that people made may have no such key, or only a prefix of a column in it; the prefix stays.
    """
    cursor.execute(
        "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX",
        (table,),
    )
    keys: dict[str, dict[str, str]] = {}
    for index, column, length in cursor.fetchall():
        part = f"`{column}`" if length is None else f"`{column}`({length})"
        keys.setdefault(str(index), {})[str(column).casefold()] = part
    changes = []
    for index, parts in keys.items():
        if {"instancetype", "availabilityzone"} <= parts.keys() and "group_name" not in parts:
            columns = ", ".join((*parts.values(), "Group_Name"))
            if index == "PRIMARY":
                changes += ["DROP PRIMARY KEY", f"ADD PRIMARY KEY ({columns})"]
            else:
                changes += [f"DROP INDEX `{index}`", f"ADD UNIQUE KEY `{index}` ({columns})"]
    return changes


def _present(cursor: "Cursor") -> dict[str, str]:
    """The kind of each existing table: BASE TABLE or VIEW."""
    cursor.execute(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'odcr%'"
    )
    return {str(name): str(kind) for name, kind in cursor.fetchall()}


def _recorded_version(cursor: "Cursor", present: Collection[str]) -> int:
    """The tables' version; 0 if they are from before there were versions, or do not exist."""
    if VERSION_TABLE not in present:
        return 0
    cursor.execute(f"SELECT COALESCE(MAX(Version), 0) FROM {VERSION_TABLE}")  # noqa: S608 - our name
    ((version,),) = cursor.fetchall()
    return int(version)


def _record_version() -> str:
    return f"INSERT IGNORE INTO {VERSION_TABLE} VALUES ({VERSION}, UTC_TIMESTAMP())"  # noqa: S608 - our name
