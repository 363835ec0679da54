"""The functions' settings, from environment variables. Nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


class InvalidSettings(Exception):  # noqa: N818 - the name is what the state machine shows
    """An environment variable is missing or invalid. Says which, and what to do."""


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise InvalidSettings(f"The environment variable {name} is not set. Deploy the stack again with its template.")
    return value


def _number(environment: Mapping[str, str], name: str) -> float:
    value = _required(environment, name)
    try:
        return float(value)
    except ValueError:
        raise InvalidSettings(f"The environment variable {name} must be a number, not {value!r}.") from None


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The stack that a function belongs to."""

    stack_name: str
    region: str
    account: str
    """The account's id. EC2 also shows reservations that other accounts share; they are not the stack's."""

    @property
    def owner(self) -> str:
        """The value of the tag `odcr:stack` on every reservation that this stack manages.

        It includes the Region: two Regions may have a stack of the same name.
        """
        return f"{self.stack_name}/{self.region}"

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "StackSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if a variable is missing; says which.
        """
        names = ("STACK_NAME", "AWS_REGION", "ACCOUNT_ID")
        return cls(*(_required(environment, name) for name in names))


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """Whether capacity above a lowered target is given back."""

    is_on: bool

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "ReleaseSettings":
        """Reads the environment. Only a plain "yes" counts: what is given back may not be had again."""
        return cls(environment.get("RELEASE_ON_LOWERED_TARGET", "no") == "yes")


@dataclass(frozen=True, slots=True)
class TagSettings:
    """Tags on every reservation of the stack, besides odcr's own and its row's."""

    tags: Mapping[str, str]

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "TagSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if RESERVATION_TAGS is not `Key=Value,Key=Value`, as the template's pattern requires.
        """
        text = environment.get("RESERVATION_TAGS", "").strip()
        pairs = [pair.partition("=") for pair in text.split(",")] if text else []
        if not all(key.strip() and equals for key, equals, _ in pairs):
            raise InvalidSettings(
                f"The environment variable RESERVATION_TAGS must be Key=Value,Key=Value, not {text!r}. Deploy the "
                "stack again with such a ReservationTags."
            )
        return cls({key.strip(): value.strip() for key, _, value in pairs})


@dataclass(frozen=True, slots=True)
class SpendSettings:
    """The most that everything odcr holds may cost."""

    cap: Decimal | None
    """Per hour, in the currency of the partition's price list; None: no cap."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "SpendSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if MAX_HOURLY_SPEND is not an amount.
        """
        text = environment.get("MAX_HOURLY_SPEND", "").strip()
        if not text:
            return cls(None)
        try:
            cap = Decimal(text)
        except InvalidOperation:
            cap = Decimal("NaN")
        if not cap.is_finite() or cap < 0:
            raise InvalidSettings(
                f"The environment variable MAX_HOURLY_SPEND must be an amount, not {text!r}. Deploy the stack again "
                "with such a MaxHourlySpend."
            )
        return cls(cap)


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """How long `odcr_history` keeps a row."""

    days: int

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "HistorySettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if HISTORY_DAYS is missing or not a number of days.
        """
        text = _required(environment, "HISTORY_DAYS")
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise InvalidSettings(
                f"The environment variable HISTORY_DAYS must be a number of days above 0, not {text!r}. Deploy the "
                "stack again with its template."
            )
        return cls(int(text))


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Where events go."""

    bus: str
    """The event bus's name; empty: no events."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "EventSettings":
        """Reads the environment."""
        return cls(environment.get("EVENT_BUS_NAME", "").strip())


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """Which metrics are sent only because an alarm needs them."""

    watches_unused: bool
    """Whether there is an alarm for capacity that is held but unused."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "AlarmSettings":
        """Reads the environment. Without UNUSED_ALARM_MINUTES, or with 0, there is no such alarm."""
        return cls(environment.get("UNUSED_ALARM_MINUTES", "").strip() not in ("", "0"))


@dataclass(frozen=True, slots=True)
class AskSettings:
    """How fast EC2 is asked."""

    every: float
    """Seconds between two requests for one target, while few are short."""
    slow_after_hours: float
    """Hours after which a dry pool is asked less often; 0: never."""
    places: int
    """Number of functions that ask at once."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "AskSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if a variable is missing or not a number; says which.
        """
        return cls(
            _number(environment, "ASK_EVERY_SECONDS"),
            _number(environment, "SLOW_AFTER_HOURS"),
            int(_number(environment, "MAP_CONCURRENCY")),
        )


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """The DynamoDB table that counts requests to EC2 and money spent."""

    table: str
    """The table's name."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "BucketSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if REQUEST_BUCKETS_TABLE is missing.
        """
        return cls(_required(environment, "REQUEST_BUCKETS_TABLE"))


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """The secrets with database logins."""

    secret_arn: str
    administrator_secret_arn: str
    """Empty in all functions but PrepareDatabase, and with an existing database."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "DatabaseSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if DATABASE_SECRET_ARN is missing.
        """
        administrator = environment.get("DATABASE_ADMIN_SECRET_ARN", "").strip()
        return cls(_required(environment, "DATABASE_SECRET_ARN"), administrator)


@dataclass(frozen=True, slots=True)
class CertificateSettings:
    """The certificates that a function trusts besides the system's and the RDS roots that it carries."""

    secret_arn: str
    """Empty unless the stack has DatabaseCertificatesSecretArn."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "CertificateSettings":
        """Reads the environment."""
        return cls(environment.get("DATABASE_CERTIFICATES_SECRET_ARN", "").strip())


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """The stack's Region, for functions that need no other stack settings."""

    region: str

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "RegionSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if AWS_REGION is missing.
        """
        return cls(_required(environment, "AWS_REGION"))
