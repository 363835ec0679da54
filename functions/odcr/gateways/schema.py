"""The tables and their version, in the SQL that MySQL 8, MySQL 9 and MariaDB share."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

VERSION: Final = 2
"""The tables' version that this code works with. Those that were made before there were versions are of version 0."""

# Our own tables take any text, whatever the database's default is: EC2's messages are quoted in them.
#
# The keys of our own tables tell letter case apart, as EC2 does, whatever odcr_capacity does. Joins with it name this
# collation, for two that differ may not be comparable.
_KEY = "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

# The group that a row of ours is of; empty: a row of odcr_capacity. All parts of a key together have 3,072 bytes:
# https://dev.mysql.com/doc/refman/8.0/en/innodb-limits.html
_GROUP = "varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT ''"

_OPTIONS = """Platform varchar(64) NOT NULL DEFAULT 'Linux/UNIX',
            Tenancy varchar(16) NOT NULL DEFAULT 'default',
            Match_Criteria varchar(16) NOT NULL DEFAULT 'open',
            End_Date datetime NULL,
            Priority int NOT NULL DEFAULT 0,
            Start_At datetime NULL,
            Deadline datetime NULL,
            After_Deadline varchar(16) NOT NULL DEFAULT 'keep-asking',
            On_Missed varchar(16) NOT NULL DEFAULT 'keep',
            Placement_Group varchar(255) NULL,
            Resource_Group varchar(300) NULL,
            Tags text NULL,
            Max_Hourly_Cost decimal(12,4) NULL"""

_VERSION_TABLE = "odcr_version"

TABLES: Final = {
    # Each version that the tables have had, and since when. It comes first: see create_missing_tables.
    _VERSION_TABLE: f"""
        CREATE TABLE IF NOT EXISTS {_VERSION_TABLE} (
            Version int PRIMARY KEY,
            Since datetime NOT NULL)
    """,
    # What is wanted. People write here with plain SQL, so it has these four columns and no other.
    "odcr_capacity": """
        CREATE TABLE IF NOT EXISTS odcr_capacity (
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (InstanceType, AvailabilityZone),
            Target_Capacity int NOT NULL,
            Current_Capacity int DEFAULT 0)
    """,
    # What kind of reservation a target wants, if not the usual one, when and how urgently. Times are UTC.
    "odcr_option": f"""
        CREATE TABLE IF NOT EXISTS odcr_option (
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (InstanceType, AvailabilityZone),
            {_OPTIONS})
    """,
    # What several pools are to make up together. Its options are those of odcr_option.
    "odcr_group": f"""
        CREATE TABLE IF NOT EXISTS odcr_group (
            Group_Name varchar(128) PRIMARY KEY,
            TotalTargetCapacity decimal(12,3) NOT NULL,
            Unit varchar(16) NOT NULL DEFAULT 'instances',
            AllocationStrategy varchar(16) NOT NULL DEFAULT 'prioritized',
            Allow_Overshoot int NOT NULL DEFAULT 0,
            {_OPTIONS}) CHARACTER SET utf8mb4
    """,
    # The pools of the groups.
    "odcr_group_member": """
        CREATE TABLE IF NOT EXISTS odcr_group_member (
            Group_Name varchar(128),
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (Group_Name, InstanceType, AvailabilityZone),
            Weight decimal(8,3) NULL,
            Priority int NOT NULL DEFAULT 0,
            Min_Instances int NOT NULL DEFAULT 0,
            Max_Instances int NULL) CHARACTER SET utf8mb4
    """,
    # How each target stands: the waiting list. A group has a row without type and zone, and one for each of its pools.
    "odcr_status": f"""
        CREATE TABLE IF NOT EXISTS odcr_status (
            InstanceType {_KEY},
            AvailabilityZone {_KEY},
            Group_Name {_GROUP},
            PRIMARY KEY (InstanceType, AvailabilityZone, Group_Name),
            Status varchar(32) NOT NULL,
            Since datetime NOT NULL,
            Short_Since datetime NULL,
            Dry_Since datetime NULL,
            Target_Capacity double NULL,
            Reserved double NOT NULL,
            Weight decimal(8,3) NULL,
            Unit varchar(16) NULL,
            Reason varchar(1024) NOT NULL,
            Reservation_Ids text NOT NULL,
            Duplicate_Ids text NOT NULL,
            Announced_Reserved double NULL,
            Announced_Target double NULL,
            Last_Tried datetime NULL,
            Met_Since datetime NULL,
            Verdict varchar(8) NULL,
            Judged_Deadline datetime NULL,
            Given_Up int NULL,
            In_Use int NULL,
            Unused int NULL,
            Unused_Since datetime NULL,
            Misfits varchar(255) NULL,
            Platform varchar(64) NULL,
            Tenancy varchar(16) NULL,
            Hourly_Cost decimal(14,4) NULL,
            Execution varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    # One row for each change, and one for all attempts of an hour that changed nothing: see history.py.
    "odcr_history": f"""
        CREATE TABLE IF NOT EXISTS odcr_history (
            Execution varchar(80),
            InstanceType {_KEY},
            AvailabilityZone {_KEY},
            Group_Name {_GROUP},
            PRIMARY KEY (Execution, InstanceType, AvailabilityZone, Group_Name),
            Recorded datetime NOT NULL,
            Previous_Status varchar(32) NULL,
            Status varchar(32) NOT NULL,
            Short_Since datetime NULL,
            Target_Capacity double NULL,
            Reserved double NOT NULL,
            Weight decimal(8,3) NULL,
            Unit varchar(16) NULL,
            Acquired double NOT NULL,
            Lost double NOT NULL,
            Attempts int NOT NULL DEFAULT 1,
            Calls int NOT NULL,
            Refusals int NOT NULL DEFAULT 0,
            Verdict varchar(8) NULL,
            Judged_Deadline datetime NULL,
            Met_Since datetime NULL,
            Reason varchar(1024) NOT NULL,
            KEY recorded (Recorded)) CHARACTER SET utf8mb4
    """,
    # Which execution works now, and until when nobody looks at instances again: a row each.
    "odcr_lease": """
        CREATE TABLE IF NOT EXISTS odcr_lease (
            Name varchar(16) PRIMARY KEY,
            Holder varchar(80) NOT NULL,
            Expires datetime NOT NULL,
            Last_Recorded varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    # What an instance costs for an hour: given by people with plain SQL, or as the price list says.
    "odcr_price": """
        CREATE TABLE IF NOT EXISTS odcr_price (
            InstanceType varchar(255),
            Region varchar(64),
            Platform varchar(64) DEFAULT 'Linux/UNIX',
            Tenancy varchar(16) DEFAULT 'default',
            PRIMARY KEY (InstanceType, Region, Platform, Tenancy),
            Hourly_Price decimal(14,6) NULL,
            Currency varchar(3) NOT NULL DEFAULT 'USD',
            Source varchar(8) NOT NULL DEFAULT 'given',
            Updated datetime NOT NULL DEFAULT CURRENT_TIMESTAMP) CHARACTER SET utf8mb4
    """,
    # Mails and events that are still to be sent.
    "odcr_outbox": """
        CREATE TABLE IF NOT EXISTS odcr_outbox (
            Id bigint AUTO_INCREMENT PRIMARY KEY,
            Execution varchar(80) NOT NULL,
            Recorded datetime NOT NULL,
            Subject varchar(100) CHARACTER SET utf8mb4 NOT NULL,
            Message mediumtext CHARACTER SET utf8mb4 NOT NULL,
            Dropped int NOT NULL DEFAULT 0,
            Events int NOT NULL DEFAULT 0)
    """,
}
"""The tables by name; each statement makes its table, at this version, if it is missing."""

_ADDED: Final = {
    # By the version that added them.
    1: {
        "odcr_option": {"Priority": "int NOT NULL DEFAULT 0"},
        "odcr_status": {
            "Dry_Since": "datetime NULL",
            "Announced_Reserved": "double NULL",
            "Announced_Target": "double NULL",
        },
        "odcr_history": {
            "Lost": "double NOT NULL DEFAULT 0",
            "Attempts": "int NOT NULL DEFAULT 1",
            "Refusals": "int NOT NULL DEFAULT 0",
        },
    },
    2: {
        "odcr_option": {
            "Start_At": "datetime NULL",
            "Deadline": "datetime NULL",
            "After_Deadline": "varchar(16) NOT NULL DEFAULT 'keep-asking'",
            "On_Missed": "varchar(16) NOT NULL DEFAULT 'keep'",
            "Placement_Group": "varchar(255) NULL",
            "Resource_Group": "varchar(300) NULL",
            "Tags": "text NULL",
            "Max_Hourly_Cost": "decimal(12,4) NULL",
        },
        "odcr_status": {
            "Met_Since": "datetime NULL",
            "Verdict": "varchar(8) NULL",
            "Judged_Deadline": "datetime NULL",
            "Given_Up": "int NULL",
            "In_Use": "int NULL",
            "Unused": "int NULL",
            "Unused_Since": "datetime NULL",
            "Misfits": "varchar(255) NULL",
            "Platform": "varchar(64) NULL",
            "Tenancy": "varchar(16) NULL",
            "Hourly_Cost": "decimal(14,4) NULL",
            "Group_Name": _GROUP,
            "Weight": "decimal(8,3) NULL",
            "Unit": "varchar(16) NULL",
        },
        "odcr_history": {
            "Verdict": "varchar(8) NULL",
            "Judged_Deadline": "datetime NULL",
            "Met_Since": "datetime NULL",
            "Group_Name": _GROUP,
            "Weight": "decimal(8,3) NULL",
            "Unit": "varchar(16) NULL",
        },
        "odcr_outbox": {"Events": "int NOT NULL DEFAULT 0"},
    },
}
_WIDENED: Final = {
    # Columns that were whole numbers before version 2. What a group holds has up to three digits after the point, which
    # a double gives back as they were.
    "odcr_status": {
        "Target_Capacity": "double NULL",
        "Reserved": "double NOT NULL",
        "Announced_Reserved": "double NULL",
        "Announced_Target": "double NULL",
    },
    "odcr_history": {
        "Target_Capacity": "double NULL",
        "Reserved": "double NOT NULL",
        "Acquired": "double NOT NULL",
        "Lost": "double NOT NULL",
    },
}
_CHANGED: Final = {table for tables in _ADDED.values() for table in tables}
"""The tables that are not as they were before there were versions."""


class TablesOutdated(Exception):  # noqa: N818 - the name is what the state machine catches
    """The tables are of an earlier version. PrepareDatabase updates them; the functions' own user may not."""


class TablesTooNew(Exception):  # noqa: N818 - the name is what the state machine does not retry
    """The tables are of a later version, so nothing is written into them. Says what to do."""


def create_missing_tables(cursor: "Cursor") -> None:
    """Creates what is not there yet. Leaves what is there as it is.

    Raises:
        TablesOutdated, TablesTooNew: if the tables are not of this code's version; then nothing is created.
    """
    present = _present(cursor)
    version = _recorded_version(cursor, present)
    if not version and not _CHANGED & present.keys():
        # The version is recorded before the first table that has it, so whoever dies in between leaves no doubt.
        cursor.execute(TABLES[_VERSION_TABLE])
        cursor.execute(_record_version())
    elif version < VERSION:
        raise TablesOutdated(
            f"The tables are of version {version} and this code works with version {VERSION}. PrepareDatabase updates "
            "them."
        )
    elif version > VERSION:
        raise TablesTooNew(
            f"The tables are of version {version} and this code works with version {VERSION}: a newer odcr has updated "
            "them. Deploy the newer one again. Nothing was written."
        )
    for name, statement in TABLES.items():
        if name not in present:
            cursor.execute(statement)


def statements_of_update(cursor: "Cursor") -> list[str]:
    """What is still to be done to bring the tables to this version; nothing for tables that are, or are newer.

    Each statement can be repeated, and whoever dies after any of them leaves the rest to the next call.
    """
    present = _present(cursor)
    version = _recorded_version(cursor, present)
    if version >= VERSION or not _CHANGED & present.keys():
        return []
    added: dict[str, dict[str, str]] = {}
    for tables in _ADDED.values():
        for table, columns in tables.items():
            added.setdefault(table, {}).update(columns)
    alterations = []
    for table, columns in added.items():
        # Nobody can add a column to a view that people made; reading and writing put up with what is missing.
        if present.get(table) != "BASE TABLE":
            continue
        has = _types_of(cursor, table)
        changes = [f"ADD {name} {definition}" for name, definition in columns.items() if name.casefold() not in has]
        for name, definition in _WIDENED.get(table, {}).items():
            if has.get(name.casefold(), "").endswith("int"):
                changes.append(f"MODIFY {name} {definition}")
        if "Group_Name" in columns:
            changes += _with_group_in_keys(cursor, table)
        if changes:
            # One statement, which both servers do as a whole or not at all.
            alterations.append(f"ALTER TABLE {table} {', '.join(changes)}")
    return [*alterations, " ".join(TABLES[_VERSION_TABLE].split()), _record_version()]


def columns_of(cursor: "Cursor", table: str) -> set[str]:
    """The names of a table's columns, casefolded."""
    return set(_types_of(cursor, table))


def _types_of(cursor: "Cursor", table: str) -> dict[str, str]:
    """The types of a table's columns, by their names, all in lower case and without lengths."""
    cursor.execute(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
        (table,),
    )
    return {str(name).casefold(): str(kind).casefold() for name, kind in cursor.fetchall()}


def _with_group_in_keys(cursor: "Cursor", table: str) -> list[str]:
    """What puts the group into the keys that tell rows apart, so that a group's pool is no row of odcr_capacity.

    A table that people made may have no such key, or a prefix of a column in it; that stays as it is.
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
    """The kind of each table that is there."""
    cursor.execute(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'odcr%'"
    )
    return {str(name): str(kind) for name, kind in cursor.fetchall()}


def _recorded_version(cursor: "Cursor", present: Collection[str]) -> int:
    """The tables' version; 0 if they are older than versions, or not there."""
    if _VERSION_TABLE not in present:
        return 0
    cursor.execute(f"SELECT COALESCE(MAX(Version), 0) FROM {_VERSION_TABLE}")  # noqa: S608 - our name
    ((version,),) = cursor.fetchall()
    return int(version)


def _record_version() -> str:
    return f"INSERT IGNORE INTO {_VERSION_TABLE} VALUES ({VERSION}, UTC_TIMESTAMP())"  # noqa: S608 - our name
