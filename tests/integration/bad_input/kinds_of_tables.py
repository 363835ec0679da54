"""Kinds of odcr_capacity as people and other tools make it, and what a run makes of the row in each."""

from dataclasses import dataclass

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"

GOOD_ROW = "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)"
ROWS = f"{GOOD_ROW}, ('{TYPE}', '{ZONE}', 5, 0)"
_KEY = "PRIMARY KEY (InstanceType, AvailabilityZone)"


def capacity(
    key: str = "varchar(255)",
    target: str = "Target_Capacity int NOT NULL",
    current: str = "Current_Capacity int DEFAULT 0",
    primary: str = _KEY,
    table_options: str = "",
    more: str = "",
) -> str:
    """odcr_capacity with other columns."""
    columns = [f"InstanceType {key}", f"AvailabilityZone {key}", target, current, more, primary]
    return f"CREATE TABLE odcr_capacity ({', '.join(column for column in columns if column)}) {table_options}"


@dataclass(frozen=True)
class TableKind:
    """One kind of strange table."""

    name: str
    make: tuple[str, ...]
    """Statements that replace the usual table, with or without a row of r5b.2xlarge."""
    status: str = "FULFILLED"
    says: tuple[str, ...] = ()
    """Words in the row's `odcr_status.Reason`."""
    current: bool = True
    """Whether Current_Capacity can be written."""
    logs: str = ""
    """Words in the log."""
    reserved: int = 5
    is_for_all: bool = False
    """Whether no row can have a number, not even the good row."""


_COLUMNS = "(InstanceType, AvailabilityZone, Target_Capacity)"


def table(name: str, make: str, value: str = "5", good: str = "2", **expected: object) -> TableKind:
    """An odcr_capacity with a row that asks for 5 of r5b.2xlarge, or for `value`."""
    statements = (
        "DROP TABLE odcr_capacity",
        make,
        f"INSERT INTO odcr_capacity {_COLUMNS} VALUES ('{TYPE}', '{ZONE}', {value})",
        f"INSERT INTO odcr_capacity {_COLUMNS} VALUES ('m5.large', 'ap-northeast-1a', {good})",
    )
    return TableKind(name, statements, **expected)  # type: ignore[arg-type]


def bad_number(name: str, column: str, value: str, *says: str) -> TableKind:
    """A Target_Capacity that is not a number, in a column where other rows have numbers."""
    make = capacity(target=f"Target_Capacity {column}")
    return table(name, make, value, _like(value), status="INVALID", says=says, reserved=0)


def _like(value: str) -> str:
    # MySQL takes text for JSON, but not a number.
    return "'2'" if value.startswith("'") else "2"


def no_number(name: str, column: str, value: str, *says: str) -> TableKind:
    """A Target_Capacity of a type without numbers."""
    make = capacity(target=f"Target_Capacity {column}")
    return table(name, make, value, value, status="INVALID", says=says, reserved=0, is_for_all=True)


COLLATIONS = [
    table(
        f"keys of {charset} {collation}",
        capacity(table_options=f"CHARACTER SET {charset}" + (f" COLLATE {collation}" if collation else "")),
    )
    for charset, collation in (
        ("latin1", ""),
        ("latin1", "latin1_general_cs"),
        ("ascii", ""),
        ("utf8mb3", ""),
        ("utf8mb4", "utf8mb4_bin"),
        ("utf8mb4", "utf8mb4_unicode_ci"),
        ("utf8mb4", "utf8mb4_unicode_520_ci"),
        ("ucs2", ""),
        ("utf16", ""),
        ("utf32", ""),
        ("gbk", ""),
        ("sjis", ""),
    )
] + [
    table(
        "two key columns of different collations",
        "CREATE TABLE odcr_capacity (InstanceType varchar(255) CHARACTER SET latin1, AvailabilityZone varchar(255) "
        f"CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, Target_Capacity int, Current_Capacity int, {_KEY})",
    ),
]

KEYS = [
    table("keys of varbinary", capacity("varbinary(255)")),
    table("keys of binary, padded with zeros", capacity("binary(40)")),
    table("keys of char", capacity("char(40)")),
    table("keys of text", capacity("text", primary="PRIMARY KEY (InstanceType(100), AvailabilityZone(100))")),
    table("keys of blob", capacity("blob", primary="PRIMARY KEY (InstanceType(100), AvailabilityZone(100))")),
    table("keys of enum", capacity(f"enum('{TYPE}','{ZONE}','m5.large','ap-northeast-1a')")),
    table("no primary key", capacity(primary="")),
    table("a primary key of its own", capacity(primary="Id int AUTO_INCREMENT PRIMARY KEY")),
    TableKind(
        "keys that are not UTF-8",
        (
            "DROP TABLE odcr_capacity",
            capacity("varbinary(255)"),
            "INSERT INTO odcr_capacity (InstanceType, AvailabilityZone, Target_Capacity) VALUES (x'FF41', x'FE', 5)",
            ROWS,
        ),
    ),
    TableKind(
        "keys that are NULL, or longer than any name",
        (
            "DROP TABLE odcr_capacity",
            capacity("text NULL", primary=""),
            "INSERT INTO odcr_capacity VALUES (NULL, NULL, 5, 0), (REPEAT('x', 60000), REPEAT('y', 60000), 5, 0), "
            f"(CONCAT('r5b.', REPEAT('x', 60000)), '{ZONE}', 5, 0)",
            ROWS,
        ),
    ),
]

NUMBERS = [
    *(
        table(f"a target of {column}", capacity(target=f"Target_Capacity {column}"), value, _like(value))
        for column, value in (
            ("decimal(10,0)", "5"),
            ("decimal(10,2)", "5.00"),
            ("float", "5"),
            ("double", "5"),
            ("tinyint", "5"),
            ("bigint unsigned", "5"),
            ("int(8) zerofill", "5"),
            ("bit(8)", "5"),
            ("varchar(20)", "'5'"),
            ("varchar(20)", "' 5 '"),
            ("varchar(10)", "'5.0'"),
            ("varbinary(20)", "'5'"),
            ("text", "'5'"),
            ("blob", "'5'"),
            ("json", "'5'"),
        )
    ),
    table("a target of enum", capacity(target="Target_Capacity enum('5','2')"), "'5'", "'2'"),
    bad_number("half an instance", "decimal(10,2)", "2.5", "2.50", "whole number", "Set it to the number"),
    bad_number("half an instance of double", "double", "2.5", "2.5", "whole number"),
    bad_number("a huge float", "double", "1e300", "above 100000"),
    bad_number("a huge number", "bigint unsigned", "18446744073709551615", "above 100000", "18446744073709551615"),
    bad_number("a huge decimal", "decimal(65,0)", "9" * 65, "above 100000"),
    bad_number("a negative decimal", "decimal(10,0)", "-5", "0 or more"),
    bad_number("text that is not a number", "varchar(20)", "'five'", "'five'", "whole number"),
    bad_number("text that is a sum", "varchar(20)", "'2+3'", "'2+3'"),
    bad_number(
        "text with a full-width digit", "varchar(20)", "'\N{FULLWIDTH DIGIT FIVE}'", "'\N{FULLWIDTH DIGIT FIVE}'"
    ),
    bad_number("very long text", "longtext", "REPEAT('5', 70000)", "555...", "whole number"),
    bad_number("empty text", "varchar(20)", "''", "''"),
    bad_number("bytes that are not text", "varbinary(20)", "x'FF00FF'", "whole number"),
    bad_number("a JSON list", "json", "'[5]'", "'[5]'"),
    no_number("a date", "date", "'2026-11-30'", "2026-11-30", "whole number"),
    no_number("a point in time", "datetime", "'2026-11-30 20:00:00'", "2026-11-30 20:00:00"),
    no_number("a time of day", "time", "'00:00:05'", "0:00:05"),
    no_number("a year", "year", "2015", "the year 2015"),
    no_number("a point", "point", "POINT(5, 5)", "whole number"),
    bad_number("NULL in text", "varchar(20) NULL", "NULL", "Target_Capacity is NULL"),
]

CURRENT = [
    *(
        table(f"Current_Capacity of {column}", capacity(current=f"Current_Capacity {column}"))
        for column in (
            "int NULL DEFAULT NULL",
            "int NOT NULL DEFAULT 0",
            "bigint unsigned",
            "decimal(10,2)",
            "double",
            "varchar(20) DEFAULT 'none'",
            "varbinary(20)",
            "text",
        )
    ),
    table("no Current_Capacity", capacity(current=""), current=False, logs="Current_Capacity cannot be written"),
    table(
        "a generated Current_Capacity",
        capacity(current="Current_Capacity int GENERATED ALWAYS AS (0) STORED"),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    table(
        "a Current_Capacity of too small a type",
        capacity(current="Current_Capacity varchar(0)"),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    table(
        "a Current_Capacity with a check",
        capacity(current="Current_Capacity int DEFAULT 0 CHECK (Current_Capacity < 5)"),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    TableKind(
        "a Current_Capacity without a default",
        (
            "DROP TABLE odcr_capacity",
            capacity(current="Current_Capacity int NOT NULL"),
            ROWS,
        ),
    ),
]

SHAPES = [
    table(
        "further columns", capacity(more="Owner varchar(20) DEFAULT 'me', Added timestamp DEFAULT CURRENT_TIMESTAMP")
    ),
    table(
        "columns in another order",
        "CREATE TABLE odcr_capacity (Current_Capacity int DEFAULT 0, Target_Capacity int, "
        f"AvailabilityZone varchar(255), InstanceType varchar(255), {_KEY})",
    ),
    table(
        "columns in lower case",
        "CREATE TABLE odcr_capacity (instancetype varchar(255), availabilityzone varchar(255), target_capacity int, "
        f"current_capacity int DEFAULT 0, {_KEY})",
    ),
    table("an invisible column", capacity(current="Current_Capacity int DEFAULT 0 INVISIBLE")),
    table("partitions", capacity(table_options="PARTITION BY KEY (InstanceType) PARTITIONS 4")),
    table("MyISAM", capacity("varchar(99)", table_options="ENGINE=MyISAM")),
    table("MEMORY", capacity(table_options="ENGINE=MEMORY")),
    TableKind(
        "a view",
        (
            "RENAME TABLE odcr_capacity TO wishes",
            "CREATE VIEW odcr_capacity AS SELECT * FROM wishes",
            ROWS.replace("odcr_capacity", "wishes"),
        ),
    ),
    TableKind(
        "a view that cannot be written",
        (
            "RENAME TABLE odcr_capacity TO wishes",
            "CREATE VIEW odcr_capacity AS SELECT DISTINCT * FROM wishes",
            ROWS.replace("odcr_capacity", "wishes"),
        ),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    TableKind(
        "a view with a sum",
        (
            "RENAME TABLE odcr_capacity TO wishes",
            "CREATE VIEW odcr_capacity AS SELECT InstanceType, AvailabilityZone, SUM(Target_Capacity) Target_Capacity, "
            "MAX(Current_Capacity) Current_Capacity FROM wishes GROUP BY InstanceType, AvailabilityZone",
            ROWS.replace("odcr_capacity", "wishes"),
        ),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    TableKind(
        "a trigger that raises",
        (
            ROWS,
            "CREATE TRIGGER refuse BEFORE UPDATE ON odcr_capacity FOR EACH ROW IF NEW.InstanceType LIKE 'r5b%' THEN "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hands off'; END IF",
        ),
        current=False,
        logs="hands off",
    ),
    TableKind(
        "two rows of one key that agree",
        (
            "DROP TABLE odcr_capacity",
            capacity(primary=""),
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('{TYPE}', '{ZONE}', 5, 0)",
            GOOD_ROW,
        ),
    ),
    TableKind(
        "two rows of one key that differ",
        (
            "DROP TABLE odcr_capacity",
            capacity(primary=""),
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('{TYPE}', '{ZONE}', 7, 0)",
            GOOD_ROW,
        ),
        "INVALID",
        ("Delete all but one of its 2 rows in odcr_capacity", "5, 7", "nothing is bought"),
        reserved=0,
    ),
    TableKind(
        "two rows of one key, one of them invalid",
        (
            "DROP TABLE odcr_capacity",
            capacity(primary=""),
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('{TYPE}', '{ZONE}', -7, 0)",
            GOOD_ROW,
        ),
        "INVALID",
        ("-7", "0 or more"),
        reserved=0,
    ),
]

CAPACITY_TABLES = [*COLLATIONS, *KEYS, *NUMBERS, *CURRENT, *SHAPES]
