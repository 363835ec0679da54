"""The tables, in the SQL that MySQL 8, MySQL 9 and MariaDB share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

# Our own tables take any text, whatever the database's default is: EC2's messages are quoted in them.
#
# The keys of our own tables tell letter case apart, as EC2 does, whatever odcr_capacity does. Joins with it name this
# collation, for two that differ may not be comparable.
_KEY = "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

TABLES = {
    # What is wanted. People write here with plain SQL, so it has these four columns and no other.
    "odcr_capacity": """
        CREATE TABLE IF NOT EXISTS odcr_capacity (
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (InstanceType, AvailabilityZone),
            Target_Capacity int NOT NULL,
            Current_Capacity int DEFAULT 0)
    """,
    # What kind of reservation a target wants, if not the usual one.
    "odcr_option": """
        CREATE TABLE IF NOT EXISTS odcr_option (
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (InstanceType, AvailabilityZone),
            Platform varchar(64) NOT NULL DEFAULT 'Linux/UNIX',
            Tenancy varchar(16) NOT NULL DEFAULT 'default',
            Match_Criteria varchar(16) NOT NULL DEFAULT 'open',
            End_Date datetime NULL)
    """,
    # How each target stands: the waiting list.
    "odcr_status": f"""
        CREATE TABLE IF NOT EXISTS odcr_status (
            InstanceType {_KEY},
            AvailabilityZone {_KEY},
            PRIMARY KEY (InstanceType, AvailabilityZone),
            Status varchar(32) NOT NULL,
            Since datetime NOT NULL,
            Short_Since datetime NULL,
            Target_Capacity int NULL,
            Reserved int NOT NULL,
            Reason varchar(1024) NOT NULL,
            Reservation_Ids text NOT NULL,
            Duplicate_Ids text NOT NULL,
            Last_Tried datetime NULL,
            Execution varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    # One row for each attempt and each change of a status.
    "odcr_history": f"""
        CREATE TABLE IF NOT EXISTS odcr_history (
            Execution varchar(80),
            InstanceType {_KEY},
            AvailabilityZone {_KEY},
            PRIMARY KEY (Execution, InstanceType, AvailabilityZone),
            Recorded datetime NOT NULL,
            Previous_Status varchar(32) NULL,
            Status varchar(32) NOT NULL,
            Short_Since datetime NULL,
            Target_Capacity int NULL,
            Reserved int NOT NULL,
            Acquired int NOT NULL,
            Lost int NOT NULL,
            Calls int NOT NULL,
            Reason varchar(1024) NOT NULL,
            KEY recorded (Recorded)) CHARACTER SET utf8mb4
    """,
    # Which execution works now: one row.
    "odcr_lease": """
        CREATE TABLE IF NOT EXISTS odcr_lease (
            Name varchar(16) PRIMARY KEY,
            Holder varchar(80) NOT NULL,
            Expires datetime NOT NULL,
            Last_Recorded varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    # Messages that are still to be sent.
    "odcr_outbox": """
        CREATE TABLE IF NOT EXISTS odcr_outbox (
            Id bigint AUTO_INCREMENT PRIMARY KEY,
            Execution varchar(80) NOT NULL,
            Recorded datetime NOT NULL,
            Subject varchar(100) CHARACTER SET utf8mb4 NOT NULL,
            Message mediumtext CHARACTER SET utf8mb4 NOT NULL,
            Dropped int NOT NULL DEFAULT 0)
    """,
}
"""The tables by name; each statement makes its table if it is missing."""


def create_missing_tables(cursor: "Cursor") -> None:
    """Creates what is not there yet. Leaves what is there as it is."""
    cursor.execute(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'odcr%'"
    )
    present = {str(name) for (name,) in cursor.fetchall()}
    for name, statement in TABLES.items():
        if name not in present:
            cursor.execute(statement)
