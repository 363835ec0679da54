"""Kinds of odcr_option, odcr_status and odcr_history as people make them, and what a run makes of them."""

from tests.integration.bad_input.kinds_of_tables import ROWS, TYPE, ZONE, TableKind


def option(name: str, *statements: str, **expected: object) -> TableKind:
    """An odcr_option made by these statements."""
    return TableKind(name, (ROWS, "DROP TABLE odcr_option", *statements), **expected)  # type: ignore[arg-type]


_KEYS = "CREATE TABLE odcr_option (InstanceType varchar(255), AvailabilityZone varchar(255)"
_OPTIONS = "Platform varchar(64), Tenancy varchar(16), Match_Criteria varchar(16), End_Date datetime"
_USUAL = f"{_KEYS}, {_OPTIONS})"
_INSERT = "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform)"

OPTIONS = [
    option(
        "options of another collation",
        f"{_USUAL} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
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
        _USUAL,
        f"{_INSERT} VALUES ('R5B.2XLarge ', ' AP-NorthEast-1c', 'no such thing')",
        status="INVALID",
        says=("no such thing", "odcr_option"),
        reserved=0,
    ),
    option(
        "two rows of options that differ",
        _USUAL,
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'Windows'), ('{TYPE}', '{ZONE}', 'Linux/UNIX')",
        status="INVALID",
        says=("Delete all but one of its 2 rows in odcr_option",),
        reserved=0,
    ),
    option(
        "two rows of options that agree",
        _USUAL,
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'Linux/UNIX'), ('{TYPE}', '{ZONE}', NULL)",
    ),
    option(
        "options without Priority",
        _USUAL,
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 'Linux/UNIX')",
    ),
    option(
        "a priority that is text",
        f"{_USUAL[:-1]}, Priority text)",
        f"INSERT INTO odcr_option (InstanceType, AvailabilityZone, Priority) VALUES ('{TYPE}', '{ZONE}', 'urgent')",
        status="INVALID",
        says=("Priority in odcr_option is 'urgent'", "whole number", "the lowest comes first"),
        reserved=0,
    ),
    option(
        "options whose keys are NULL",
        _USUAL,
        f"{_INSERT} VALUES (NULL, NULL, 'Windows')",
    ),
    option(
        "very long options",
        f"{_KEYS}, Platform longtext, Tenancy text, Match_Criteria text, End_Date datetime)",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', REPEAT('x', 300000))",
        status="INVALID",
        says=("Platform in odcr_option is 'xxx", "write it as EC2 does"),
        reserved=0,
    ),
    option(
        "options that are numbers",
        f"{_KEYS}, Platform int, Tenancy text, Match_Criteria text, End_Date datetime)",
        f"{_INSERT} VALUES ('{TYPE}', '{ZONE}', 5)",
        status="INVALID",
        says=("Platform", "odcr_option"),
        reserved=0,
    ),
    option(
        "options without Platform, for other rows",
        f"{_KEYS}, Tenancy varchar(16))",
        "INSERT INTO odcr_option VALUES ('m5.xlarge', 'ap-northeast-1a', 'default')",
    ),
    option(
        "options without Platform, for the row",
        f"{_KEYS}, Tenancy varchar(16))",
        f"INSERT INTO odcr_option VALUES ('{TYPE}', '{ZONE}', 'default')",
        status="INVALID",
        says=("odcr_option has no column Platform", "Add it"),
        reserved=0,
    ),
    *(
        option(
            f"an End_Date of {column}",
            _USUAL.replace("End_Date datetime", f"End_Date {column}"),
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
            f"an invalid End_Date of {column}",
            _USUAL.replace("End_Date datetime", f"End_Date {column}"),
            "INSERT INTO odcr_option (InstanceType, AvailabilityZone, End_Date) "
            f"VALUES ('{TYPE}', '{ZONE}', '{value}')",
            status="INVALID",
            says=("End_Date in odcr_option is", value, "which is not a time"),
            reserved=0,
        )
        for column, value in (("varchar(40)", "soon"), ("int", "20991201"), ("time", "20:00:00"))
    ),
]


def status(name: str, *statements: str, **expected: object) -> TableKind:
    """A table that odcr writes, changed by these statements."""
    return TableKind(name, (ROWS, *statements), **expected)  # type: ignore[arg-type]


_NONSENSE = (
    "INSERT INTO odcr_status (InstanceType, AvailabilityZone, Status, Since, Reserved, Reason, Reservation_Ids, "
    "Duplicate_Ids, Execution) VALUES "
)

RECORDS = [
    status(
        "an unknown status",
        f"{_NONSENSE} ('{TYPE}', '{ZONE}', 'NONSENSE', '2026-01-01', 0, '', 'nonsense,,;', '', '')",
    ),
    status(
        "a status whose columns are NULL",
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
        "a status with room for short reasons",
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
        "a history with other columns",
        "DROP TABLE odcr_history",
        "CREATE TABLE odcr_history (Id int)",
        logs="Rows not recorded",
    ),
    status(
        "odcr's own tables in MyISAM",
        "ALTER TABLE odcr_status MODIFY InstanceType varchar(90), MODIFY AvailabilityZone varchar(90), "
        "MODIFY Group_Name varchar(60) NOT NULL DEFAULT '', ENGINE=MyISAM",
        "ALTER TABLE odcr_history MODIFY InstanceType varchar(50), MODIFY AvailabilityZone varchar(50), "
        "MODIFY Group_Name varchar(60) NOT NULL DEFAULT '', ENGINE=MyISAM",
        "ALTER TABLE odcr_lease ENGINE=MyISAM",
    ),
    status("further columns in odcr_status", "ALTER TABLE odcr_status ADD Note varchar(20) NOT NULL DEFAULT ''"),
]

OTHER_TABLES = [*OPTIONS, *RECORDS]
