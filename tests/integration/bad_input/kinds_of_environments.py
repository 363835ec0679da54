"""Environments that lack a variable, and the words that each error has to contain."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EnvironmentKind:
    """One variable that one function lacks."""

    handler: str
    variable: str
    value: str | None
    """None if it is not set at all."""
    error: str
    says: tuple[str, ...]

    @property
    def name(self) -> str:
        """The id of the test."""
        return f"{self.handler}: {self.variable} is {'missing' if self.value is None else repr(self.value)}"


NEEDED = {
    "LoadTargets": ("DATABASE_SECRET_ARN",),
    "FindShortfalls": (
        "STACK_NAME",
        "AWS_REGION",
        "ACCOUNT_ID",
        "ASK_EVERY_SECONDS",
        "SLOW_AFTER_HOURS",
        "MAP_CONCURRENCY",
    ),
    "ReserveCapacity": ("STACK_NAME", "AWS_REGION", "ACCOUNT_ID", "REQUEST_BUCKETS_TABLE"),
    "RecordResults": ("DATABASE_SECRET_ARN", "STACK_NAME", "AWS_REGION", "ACCOUNT_ID", "HISTORY_DAYS"),
    "PrepareDatabase": ("DATABASE_SECRET_ARN",),
}
"""The variables that each function reads itself."""

SETTINGS = [
    EnvironmentKind(handler, variable, value, "InvalidSettings", (variable, "is not set", "Deploy the stack again"))
    for handler, variables in NEEDED.items()
    for variable in variables
    for value in (None, "", " ")
]

NO_NUMBERS = [
    EnvironmentKind("FindShortfalls", variable, "often", "InvalidSettings", (variable, "must be a number", "'often'"))
    for variable in ("ASK_EVERY_SECONDS", "SLOW_AFTER_HOURS", "MAP_CONCURRENCY")
]

UNREADABLE = "secret cannot be read"
FROM_LAMBDA = [
    EnvironmentKind(
        "LoadTargets", "AWS_ACCESS_KEY_ID", None, "DatabaseUnavailable", (UNREADABLE, "Unable to locate credentials")
    ),
    EnvironmentKind(
        "LoadTargets", "AWS_SECRET_ACCESS_KEY", None, "DatabaseUnavailable", (UNREADABLE, "AWS_SECRET_ACCESS_KEY")
    ),
    EnvironmentKind("LoadTargets", "AWS_DEFAULT_REGION", None, "DatabaseUnavailable", (UNREADABLE, "specify a region")),
    EnvironmentKind(
        "PrepareDatabase",
        "DATABASE_ADMIN_SECRET_ARN",
        None,
        "DatabaseNotPrepared",
        (
            "no administrator's secret",
            "As the database's administrator, run: DROP USER IF EXISTS 'odcr'@'%'; CREATE USER",
        ),
    ),
    EnvironmentKind(
        "ReserveCapacity", "AWS_ACCESS_KEY_ID", None, "RequestRefused", ("NoCredentialsError", "locate credentials")
    ),
    EnvironmentKind(
        "ReserveCapacity",
        "AWS_SECRET_ACCESS_KEY",
        None,
        "RequestRefused",
        ("Partial credentials", "AWS_SECRET_ACCESS_KEY"),
    ),
]
"""Variables that boto3 reads and Lambda sets."""

ENVIRONMENTS = [*SETTINGS, *NO_NUMBERS, *FROM_LAMBDA]
