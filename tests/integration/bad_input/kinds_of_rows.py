"""Bad rows of `odcr_capacity` and `odcr_option`, and the words that each recorded reason has to contain."""

from dataclasses import dataclass, field

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"
LONG = "x" * 255
"""The longest text that the column takes."""


@dataclass(frozen=True)
class RowKind:
    """One kind of bad row."""

    name: str
    says: tuple[str, ...]
    """Words in `odcr_status.Reason`: what is wrong, and what to do."""
    type: str = TYPE
    zone: str = ZONE
    target: int | None = 5
    status: str = "INVALID"
    options: dict[str, str] = field(default_factory=dict)
    """Columns of a row in `odcr_option`."""
    before: str = ""
    """A statement that makes the row possible."""
    offered: bool = True
    """Whether EC2 offers the type in the zone."""


NO_TYPE = ("is not an instance type", "Write it as EC2 does")
NO_ZONE = ("is not an Availability Zone", "Write it as EC2 does")
MEANT = "Write it as EC2 does, 'r5b.2xlarge':"
UNKNOWN_TO_EC2 = ("Correct the row", "the instance type has to exist and be offered in the zone")
NUMBER_WANTED = "et it to the number of instances wanted"

NULL_ALLOWED = "ALTER TABLE odcr_capacity MODIFY Target_Capacity int NULL"
SQL = "'; DROP TABLE odcr_capacity; -- "

TYPES = [
    RowKind("a typo that looks like a type", ("InvalidInstanceType", "r5b.2xlarg", *UNKNOWN_TO_EC2), "r5b.2xlarg"),
    RowKind("an upper-case type", ("'R5B.2XLARGE'", MEANT, *NO_TYPE), "R5B.2XLARGE"),
    RowKind("an empty type", ("''", *NO_TYPE), ""),
    RowKind("a type after a space", ("' r5b.2xlarge'", MEANT, *NO_TYPE), " r5b.2xlarge"),
    RowKind("a type before a space", ("'r5b.2xlarge '", *NO_TYPE), "r5b.2xlarge "),
    RowKind("a type before a line break", (r"'r5b.2xlarge\n'", *NO_TYPE), "r5b.2xlarge\n"),
    RowKind("a type before a zero byte", (r"'r5b.2xlarge\x00'", *NO_TYPE), "r5b.2xlarge\0"),
    RowKind(
        "a type with a full-width digit",
        ("'r5b.\N{FULLWIDTH DIGIT TWO}xlarge'", *NO_TYPE),
        "r5b.\N{FULLWIDTH DIGIT TWO}xlarge",
    ),
    RowKind("a type with an emoji", ("'r5b.2xlarge🚀'", *NO_TYPE), "r5b.2xlarge🚀"),
    RowKind("a type that looks like SQL", ("DROP TABLE", *NO_TYPE), SQL),
    RowKind("a family without a size", ("'r5b'", *NO_TYPE), "r5b"),
    RowKind("a hyphen for the dot", ("'r5b-2xlarge'", *NO_TYPE), "r5b-2xlarge"),
    RowKind("a wildcard for the size", ("'r5b.*'", *NO_TYPE), "r5b.*"),
    RowKind("a type as long as the column", ("xxx", *NO_TYPE), LONG),
    RowKind("type and zone swapped", ("'ap-northeast-1c'", *NO_TYPE), ZONE, TYPE),
    RowKind("type and zone empty", ("''", *NO_TYPE), "", ""),
    RowKind(
        "a type that the zone does not have",
        ("Is the type offered in the zone?", "asked again every ten minutes", "Unsupported", "not supported"),
        status="UNSUPPORTED",
        offered=False,
    ),
]

ZONES = [
    RowKind("an empty zone", ("''", *NO_ZONE), zone=""),
    RowKind("an upper-case zone", ("'AP-NORTHEAST-1C'", *NO_ZONE), zone="AP-NORTHEAST-1C"),
    RowKind("a zone after a space", ("' ap-northeast-1c'", *NO_ZONE), zone=" ap-northeast-1c"),
    RowKind("a zone before a space", ("'ap-northeast-1c '", *NO_ZONE), zone="ap-northeast-1c "),
    RowKind(
        "a zone with a full-width digit",
        ("-\N{FULLWIDTH DIGIT ONE}c'", *NO_ZONE),
        zone="ap-northeast-\N{FULLWIDTH DIGIT ONE}c",
    ),
    RowKind(
        "a zone with a Cyrillic letter",
        ("-1\N{CYRILLIC SMALL LETTER ES}'", *NO_ZONE),
        zone="ap-northeast-1\N{CYRILLIC SMALL LETTER ES}",
    ),
    RowKind("a zone that looks like SQL", ("DROP TABLE", *NO_ZONE), zone=SQL),
    RowKind("a Region for the zone", ("Write a zone of the Region, e.g. 'ap-northeast-1a'",), zone="ap-northeast-1"),
    RowKind("an upper-case Region", ("Write a zone of the Region, e.g. 'us-east-1a'",), zone="US-EAST-1"),
    RowKind(
        "an Outpost",
        ("Write a zone as EC2 does", "nothing is reserved on an Outpost"),
        zone="arn:aws:outposts:us-east-1:123456789012:outpost/op-1234567890abcdef0",
    ),
    RowKind("an unknown zone id", ("Correct the zone", "'apne1-az9'", "apne1-az1"), zone="apne1-az9"),
    RowKind(
        "the id of a local zone that does not exist", ("Correct the zone", "'usw2-xyz1-az1'"), zone="usw2-xyz1-az1"
    ),
    RowKind("two zones in one", ("'ap-northeast-1a,1c'", *NO_ZONE), zone="ap-northeast-1a,1c"),
    RowKind("a zone as long as the column", ("xxx", *NO_ZONE), zone=LONG),
    RowKind("a zone that the Region lacks", ("ap-northeast-1z", *UNKNOWN_TO_EC2), zone="ap-northeast-1z"),
    RowKind(
        "a local zone that does not exist", ("ap-northeast-1-xyz-1a", *UNKNOWN_TO_EC2), zone="ap-northeast-1-xyz-1a"
    ),
    RowKind(
        "a zone of an unknown Region",
        ("xx-nowhere-1", "does not say what is held there", "Is the Region enabled"),
        zone="xx-nowhere-1a",
        status="FAILED",
    ),
]

TARGETS = [
    RowKind("no target", ("Target_Capacity is NULL", NUMBER_WANTED), target=None, before=NULL_ALLOWED),
    RowKind("a negative target", ("Target_Capacity is -1", "0 or more", NUMBER_WANTED), target=-1),
    RowKind("the least target", ("Target_Capacity is -2147483648", "0 or more", NUMBER_WANTED), target=-2147483648),
    RowKind("the greatest target", ("2147483647", "above 100000", "mistake", "Correct the row"), target=2147483647),
    RowKind("a target just above the limit", ("100001", "above 100000", "Correct the row"), target=100001),
    RowKind("a target of 0", ("The target is 0", "nothing is reserved"), target=0, status="FULFILLED"),
]

OPTIONS = [
    RowKind("an unknown platform", ("Linux", "Platform", "odcr_option"), options={"Platform": "Linux"}),
    RowKind("a lower-case platform", ("linux/unix", "Platform", "odcr_option"), options={"Platform": "linux/unix"}),
    RowKind("an empty platform", ("Platform", "odcr_option"), options={"Platform": ""}),
    RowKind("a tenancy that cannot be reserved", ("host", "Tenancy", "odcr_option"), options={"Tenancy": "host"}),
    RowKind("an empty tenancy", ("Tenancy", "odcr_option"), options={"Tenancy": ""}),
    RowKind("unknown match criteria", ("closed", "Match", "odcr_option"), options={"Match_Criteria": "closed"}),
    RowKind("empty match criteria", ("Match", "odcr_option"), options={"Match_Criteria": ""}),
    RowKind(
        "an end in the past",
        ("End_Date in odcr_option was 2020-01-01", "nothing is asked", "Set a later one"),
        options={"End_Date": "2020-01-01"},
    ),
    RowKind("an end that is not a date", ("End_Date", "odcr_option"), options={"End_Date": "0000-00-00 00:00:00"}),
]

ROWS = [*TYPES, *ZONES, *TARGETS, *OPTIONS]
