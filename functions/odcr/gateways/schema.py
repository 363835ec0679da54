"""The tables and their version, in the SQL that MySQL 8, MySQL 9 and MariaDB share."""

from typing import Final

VERSION: Final = 2
"""The version of the tables that this code works with. Tables from before there were versions have version 0."""

# odcr's own tables take any text, whatever the database's default is: they quote EC2's messages.
#
# The keys of odcr's own tables are case-sensitive, like EC2, whatever odcr_capacity does. Joins with it name this
# collation, because columns of different collations may not be comparable.
_KEY = "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

# The group that a row belongs to; empty: a row of odcr_capacity. A key may have 3,072 bytes altogether:
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

VERSION_TABLE = "odcr_version"

TABLES: Final = {
    # Each version that the tables have had, and since when. It comes first: see `create_missing_tables`.
    VERSION_TABLE: f"""
        CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (
            Version int PRIMARY KEY,
            Since datetime NOT NULL)
    """,
    # What is wanted. People write it with plain SQL, so it has only these four columns.
    "odcr_capacity": """
        CREATE TABLE IF NOT EXISTS odcr_capacity (
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (InstanceType, AvailabilityZone),
            Target_Capacity int NOT NULL,
            Current_Capacity int DEFAULT 0)
    """,
    # The kind of reservation that a target wants, if not the usual one; when and how urgently. Times are in UTC.
    "odcr_option": f"""
        CREATE TABLE IF NOT EXISTS odcr_option (
            InstanceType varchar(255),
            AvailabilityZone varchar(255),
            PRIMARY KEY (InstanceType, AvailabilityZone),
            {_OPTIONS})
    """,
    # What several pools make up together. The options are those of odcr_option.
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
    # The state of each target: the waiting list. A group has a row without type and zone, and one for each pool.
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
    # A row for each change, and one an hour for all attempts that changed nothing: see history.py.
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
    # Who holds the run lease, when the next look at instances is due, and who took the lease last: see lease.py.
    "odcr_lease": """
        CREATE TABLE IF NOT EXISTS odcr_lease (
            Name varchar(16) PRIMARY KEY,
            Holder varchar(80) NOT NULL,
            Expires datetime NOT NULL,
            Last_Recorded varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    # What an instance costs per hour: entered by people with plain SQL, or from the price list.
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
    # Mails and events that have not been sent yet.
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
"""The tables by name; each statement creates its table in this version if it is missing."""

ADDED: Final = {
    # Columns by the version that added them.
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
WIDENED: Final = {
    # Columns that were integers before version 2. A group's amounts have up to three decimals, which a double keeps.
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
CHANGED: Final = {table for tables in ADDED.values() for table in tables}
"""The tables that have changed since version 0."""
