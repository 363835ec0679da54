"""Tables as people and other tools make them, and what a run has to do with the row in each."""

from dataclasses import dataclass

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"

_KEY = "PRIMARY KEY (InstanceType, AvailabilityZone)"


def capacity(
    key: str = "varchar(255)",
    target: str = "Target_Capacity int NOT NULL",
    current: str = "Current_Capacity int DEFAULT 0",
    primary: str = _KEY,
    rest: str = "",
    more: str = "",
) -> str:
    """odcr_capacity with other columns."""
    columns = [f"InstanceType {key}", f"AvailabilityZone {key}", target, current, more, primary]
    return f"CREATE TABLE odcr_capacity ({', '.join(column for column in columns if column)}) {rest}"


@dataclass(frozen=True)
class TableKind:
    """One kind of strange table."""

    name: str
    make: tuple[str, ...]
    """Statements that replace the usual table, with a row of r5b.2xlarge or without one."""
    status: str = "FULFILLED"
    says: tuple[str, ...] = ()
    """Words in the row's `odcr_status.Reason`."""
    current: bool = True
    """Whether Current_Capacity can be written."""
    logs: str = ""
    """Words in the log."""
    reserved: int = 5
    is_for_all: bool = False
    """Whether no row can have a number, not even the good one."""


_COLUMNS = "(InstanceType, AvailabilityZone, Target_Capacity)"


def table(name: str, make: str, value: str = "5", good: str = "2", **expected: object) -> TableKind:
    """This odcr_capacity, with a row that asks for 5 of r5b.2xlarge, or for `value`."""
    statements = (
        "DROP TABLE odcr_capacity",
        make,
        f"INSERT INTO odcr_capacity {_COLUMNS} VALUES ('{TYPE}', '{ZONE}', {value})",
        f"INSERT INTO odcr_capacity {_COLUMNS} VALUES ('m5.large', 'ap-northeast-1a', {good})",
    )
    return TableKind(name, statements, **expected)  # type: ignore[arg-type]


def bad_number(name: str, column: str, value: str, *says: str) -> TableKind:
    """A Target_Capacity that is no number, in a column where other rows have one."""
    make = capacity(target=f"Target_Capacity {column}")
    return table(name, make, value, _like(value), status="INVALID", says=says, reserved=0)


def _like(value: str) -> str:
    # MySQL takes text for JSON, and no number.
    return "'2'" if value.startswith("'") else "2"


def no_number(name: str, column: str, value: str, *says: str) -> TableKind:
    """A Target_Capacity of a type that has no numbers."""
    make = capacity(target=f"Target_Capacity {column}")
    return table(name, make, value, value, status="INVALID", says=says, reserved=0, is_for_all=True)


COLLATIONS = [
    table(
        f"keys of {charset} {collation}",
        capacity(rest=f"CHARACTER SET {charset}" + (f" COLLATE {collation}" if collation else "")),
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
    table("keys of binary, which are filled up with zeros", capacity("binary(40)")),
    table("keys of char", capacity("char(40)")),
    table("keys of text", capacity("text", primary="PRIMARY KEY (InstanceType(100), AvailabilityZone(100))")),
    table("keys of blob", capacity("blob", primary="PRIMARY KEY (InstanceType(100), AvailabilityZone(100))")),
    table("keys of enum", capacity(f"enum('{TYPE}','{ZONE}','m5.large','ap-northeast-1a')")),
    table("no primary key", capacity(primary="")),
    table("a primary key of its own", capacity(primary="Id int AUTO_INCREMENT PRIMARY KEY")),
    TableKind(
        "keys that are no UTF-8",
        (
            "DROP TABLE odcr_capacity",
            capacity("varbinary(255)"),
            "INSERT INTO odcr_capacity (InstanceType, AvailabilityZone, Target_Capacity) VALUES (x'FF41', x'FE', 5)",
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0)",
            "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)",
        ),
    ),
    TableKind(
        "keys that are NULL, or longer than any name",
        (
            "DROP TABLE odcr_capacity",
            capacity("text NULL", primary=""),
            "INSERT INTO odcr_capacity VALUES (NULL, NULL, 5, 0), (REPEAT('x', 60000), REPEAT('y', 60000), 5, 0), "
            f"(CONCAT('r5b.', REPEAT('x', 60000)), '{ZONE}', 5, 0)",
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0)",
            "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)",
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
    bad_number("text that is no number", "varchar(20)", "'five'", "'five'", "whole number"),
    bad_number("text that is a sum", "varchar(20)", "'2+3'", "'2+3'"),
    bad_number(
        "text with digits of elsewhere", "varchar(20)", "'\N{FULLWIDTH DIGIT FIVE}'", "'\N{FULLWIDTH DIGIT FIVE}'"
    ),
    bad_number("very long text", "longtext", "REPEAT('5', 70000)", "555...", "whole number"),
    bad_number("empty text", "varchar(20)", "''", "''"),
    bad_number("bytes that are no text", "varbinary(20)", "x'FF00FF'", "whole number"),
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
        "a Current_Capacity that is generated",
        capacity(current="Current_Capacity int GENERATED ALWAYS AS (0) STORED"),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    table(
        "a Current_Capacity that is too small",
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
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0)",
            "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)",
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
    table("partitions", capacity(rest="PARTITION BY KEY (InstanceType) PARTITIONS 4")),
    table("MyISAM", capacity("varchar(99)", rest="ENGINE=MyISAM")),
    table("MEMORY", capacity(rest="ENGINE=MEMORY")),
    TableKind(
        "a view",
        (
            "RENAME TABLE odcr_capacity TO wishes",
            "CREATE VIEW odcr_capacity AS SELECT * FROM wishes",
            f"INSERT INTO wishes VALUES ('{TYPE}', '{ZONE}', 5, 0), ('m5.large', 'ap-northeast-1a', 2, 0)",
        ),
    ),
    TableKind(
        "a view that cannot be written",
        (
            "RENAME TABLE odcr_capacity TO wishes",
            "CREATE VIEW odcr_capacity AS SELECT DISTINCT * FROM wishes",
            f"INSERT INTO wishes VALUES ('{TYPE}', '{ZONE}', 5, 0), ('m5.large', 'ap-northeast-1a', 2, 0)",
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
            f"INSERT INTO wishes VALUES ('{TYPE}', '{ZONE}', 5, 0), ('m5.large', 'ap-northeast-1a', 2, 0)",
        ),
        current=False,
        logs="Current_Capacity cannot be written",
    ),
    TableKind(
        "a trigger that raises",
        (
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('m5.large', 'ap-northeast-1a', 2, 0)",
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
            "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)",
        ),
    ),
    TableKind(
        "two rows of one key that differ",
        (
            "DROP TABLE odcr_capacity",
            capacity(primary=""),
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('{TYPE}', '{ZONE}', 7, 0)",
            "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)",
        ),
        "INVALID",
        ("Delete all but one of its 2 rows in odcr_capacity", "5, 7", "nothing is bought"),
        reserved=0,
    ),
    TableKind(
        "two rows of one key, of which one makes no sense",
        (
            "DROP TABLE odcr_capacity",
            capacity(primary=""),
            f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('{TYPE}', '{ZONE}', -7, 0)",
            "INSERT INTO odcr_capacity VALUES ('m5.large', 'ap-northeast-1a', 2, 0)",
        ),
        "INVALID",
        ("-7", "0 or more"),
        reserved=0,
    ),
]

_ROWS = (f"INSERT INTO odcr_capacity VALUES ('{TYPE}', '{ZONE}', 5, 0), ('m5.large', 'ap-northeast-1a', 2, 0)",)


def option(name: str, *statements: str, **expected: object) -> TableKind:
    """odcr_option made by these statements."""
    return TableKind(name, (*_ROWS, "DROP TABLE odcr_option", *statements), **expected)  # type: ignore[arg-type]


_OPTIONS = "Platform varchar(64), Tenancy varchar(16), Match_Criteria varchar(16), End_Date datetime"
_INSERT = "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform)"

OPTIONS = [
    option(
        "options of another collation",
        f"CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), {_OPTIONS}) "
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', NULL)",
    ),
    option(
        "options with keys of bytes",
        f"CREATE TABLE odcr_option (InstanceType varbinary(255), AvailabilityZone varbinary(255), {_OPTIONS})",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'no such thing')",
        status="INVALID",
        says=("no such thing", "odcr_option"),
        reserved=0,
    ),
    option(
        "options in another letter case, with blanks",
        f"CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), {_OPTIONS})",
        f"{_INSERT} VALUES ('R5B.2XLarge ', ' AP-NorthEast-1c', 'no such thing')",
        status="INVALID",
        says=("no such thing", "odcr_option"),
        reserved=0,
    ),
    option(
        "options twice that differ",
        f"CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), {_OPTIONS})",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'Windows'), ('{TYPE}', '{ZONE}', 'Linux/UNIX')",
        status="INVALID",
        says=("Delete all but one of its 2 rows in odcr_option",),
        reserved=0,
    ),
    option(
        "options twice that agree",
        f"CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), {_OPTIONS})",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'Linux/UNIX'), ('{TYPE}', '{ZONE}', NULL)",
    ),
    option(
        "options without Priority",
        f"CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), {_OPTIONS})",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'Linux/UNIX')",
    ),
    option(
        "a priority that is text",
        "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), "
        f"{_OPTIONS}, Priority text)",
        f"INSERT INTO odcr_option (InstanceType, AvailabilityZone, Priority) VALUES ('{TYPE}', '{ZONE}', 'urgent')",
        status="INVALID",
        says=("Priority in odcr_option is 'urgent'", "whole number", "the lowest comes first"),
        reserved=0,
    ),
    option(
        "options whose keys are NULL",
        f"CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), {_OPTIONS})",
        f"{_INSERT} VALUES (NULL, NULL, 'Windows')",
    ),
    option(
        "very long options",
        "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), Platform longtext, "
        "Tenancy text, Match_Criteria text, End_Date datetime)",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', REPEAT('x', 300000))",
        status="INVALID",
        says=("Platform in odcr_option is 'xxx", "write it as EC2 does"),
        reserved=0,
    ),
    option(
        "options that are numbers",
        "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), Platform int, "
        "Tenancy text, Match_Criteria text, End_Date datetime)",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 5)",
        status="INVALID",
        says=("Platform", "odcr_option"),
        reserved=0,
    ),
    option(
        "options without Platform, for other rows",
        "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), Tenancy varchar(16))",
        "INSERT INTO odcr_option VALUES ('m5.xlarge', 'ap-northeast-1a', 'default')",
    ),
    option(
        "options without Platform, for the row",
        "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), Tenancy varchar(16))",
        f"INSERT INTO odcr_option VALUES ('{TYPE}', '{ZONE}', 'default')",
        status="INVALID",
        says=("odcr_option has no column Platform", "Add it"),
        reserved=0,
    ),
    *(
        option(
            f"an end of {column}",
            "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), Platform varchar(64), "
            f"Tenancy varchar(16), Match_Criteria varchar(16), End_Date {column})",
            "INSERT INTO odcr_option (InstanceType, AvailabilityZone, End_Date) "
            f"VALUES ('{TYPE}', '{ZONE}', '{value}')",
        )
        for column, value in (
            ("date", "2099-12-01"),
            ("timestamp NULL", "2037-12-01 20:00:00"),
            ("varchar(40)", "2099-12-01T20:00:00Z"),
            ("varchar(40)", "2099-12-01 20:00:00+09:00"),
            ("varbinary(50)", "2099-12-01 20:00:00"),
            ("datetime(6)", "2099-12-01 20:00:00.123456"),
        )
    ),
    *(
        option(
            f"an end that is none, of {column}",
            "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255), Platform varchar(64), "
            f"Tenancy varchar(16), Match_Criteria varchar(16), End_Date {column})",
            "INSERT INTO odcr_option (InstanceType, AvailabilityZone, End_Date) "
            f"VALUES ('{TYPE}', '{ZONE}', '{value}')",
            status="INVALID",
            says=("End_Date in odcr_option is", value, "which is no time"),
            reserved=0,
        )
        for column, value in (("varchar(40)", "soon"), ("int", "20991201"), ("time", "20:00:00"))
    ),
]


def status(name: str, *statements: str, **expected: object) -> TableKind:
    """odcr_status, or another table that odcr writes, changed by these statements."""
    return TableKind(name, (*_ROWS, *statements), **expected)  # type: ignore[arg-type]


_NONSENSE = (
    "INSERT INTO odcr_status (InstanceType, AvailabilityZone, Status, Since, Reserved, Reason, Reservation_Ids, "
    "Duplicate_Ids, Execution) VALUES "
)

RECORDS = [
    status(
        "a status that is none",
        f"{_NONSENSE} ('{TYPE}', '{ZONE}', 'NONSENSE', '2026-01-01', 0, '', 'nonsense,,;', '', '')",
    ),
    status(
        "a status of NULLs",
        "ALTER TABLE odcr_status MODIFY Reserved int NULL, MODIFY Status varchar(32) NULL, MODIFY Reason text NULL, "
        "MODIFY Reservation_Ids text NULL, MODIFY Duplicate_Ids text NULL, MODIFY Since datetime NULL, "
        "MODIFY Execution varchar(80) NULL",
        f"INSERT INTO odcr_status (InstanceType, AvailabilityZone) VALUES ('{TYPE}', '{ZONE}')",
    ),
    status(
        "a status of other types",
        "ALTER TABLE odcr_status MODIFY Reserved varchar(20), MODIFY Reason blob, MODIFY "
        "Status varbinary(20), MODIFY Since varchar(40), MODIFY Short_Since varchar(40), MODIFY Last_Tried varchar(40)",
    ),
    status("a status of latin1", "ALTER TABLE odcr_status CONVERT TO CHARACTER SET latin1"),
    status(
        "a status whose reasons are short",
        "ALTER TABLE odcr_status MODIFY Reason varchar(5) NOT NULL",
        "INSERT INTO odcr_capacity VALUES ('nonsense', 'ap-northeast-1a', 2, 0)",
        logs="Rows not recorded",
    ),
    status(
        "a status without Duplicate_Ids and Short_Since",
        "ALTER TABLE odcr_status DROP Duplicate_Ids, DROP Short_Since",
        logs="Table lacks columns",
    ),
    status(
        "a status without Dry_Since",
        "ALTER TABLE odcr_status DROP Dry_Since",
        logs="Table lacks columns",
    ),
    status(
        "a history without the columns of sums",
        "ALTER TABLE odcr_history DROP Attempts, DROP Refusals",
        logs="Table lacks columns",
    ),
    status(
        "a history without Calls and Reason",
        "ALTER TABLE odcr_history DROP Calls, DROP Reason",
        logs="Table lacks columns",
    ),
    status(
        "a history of another kind",
        "DROP TABLE odcr_history",
        "CREATE TABLE odcr_history (Id int)",
        logs="Rows not recorded",
    ),
    status(
        "own tables of MyISAM",
        "ALTER TABLE odcr_status MODIFY InstanceType varchar(90), MODIFY AvailabilityZone varchar(90), "
        "MODIFY Group_Name varchar(60) NOT NULL DEFAULT '', ENGINE=MyISAM",
        "ALTER TABLE odcr_history MODIFY InstanceType varchar(50), MODIFY AvailabilityZone varchar(50), "
        "MODIFY Group_Name varchar(60) NOT NULL DEFAULT '', ENGINE=MyISAM",
        "ALTER TABLE odcr_lease ENGINE=MyISAM",
    ),
    status("further columns in odcr_status", "ALTER TABLE odcr_status ADD Note varchar(20) NOT NULL DEFAULT ''"),
]

TABLES = [*COLLATIONS, *KEYS, *NUMBERS, *CURRENT, *SHAPES, *OPTIONS, *RECORDS]
