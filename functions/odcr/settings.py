"""What the functions are told by their environment; nothing else reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


class InvalidSettings(Exception):  # noqa: N818 - the name is what the state machine shows
    """The function's environment lacks something."""


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
    """Which stack a function belongs to."""

    stack_name: str
    region: str
    account: str
    """Its id. Reservations that other accounts share are shown as well, and are not the stack's."""

    @property
    def owner(self) -> str:
        """The value of the tag `odcr:stack` on every reservation that this stack manages.

        Two stacks of one name in two Regions are two owners.
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
    """Whether what is held above a lowered target is given back."""

    is_on: bool

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "ReleaseSettings":
        """Reads the environment. Nothing but a plain yes is one: what is given back cannot be bought again."""
        return cls(environment.get("RELEASE_ON_LOWERED_TARGET", "no") == "yes")


@dataclass(frozen=True, slots=True)
class TagSettings:
    """What every reservation of the stack bears, besides the system's own tags and its row's."""

    tags: Mapping[str, str]

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "TagSettings":
        """Reads the environment: `Key=Value,Key=Value`, as the template's pattern has it.

        Raises:
            InvalidSettings: if RESERVATION_TAGS is something else.
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
    """What the system's purchases may bring the hourly cost of all that it holds to."""

    cap: Decimal | None
    """In the currency of the partition's price list; None: there is no cap."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "SpendSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if MAX_HOURLY_SPEND is no amount.
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
            InvalidSettings: if HISTORY_DAYS is missing or no number of days.
        """
        text = _required(environment, "HISTORY_DAYS")
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise InvalidSettings(
                f"The environment variable HISTORY_DAYS is {text!r}, and must be a number of days above 0. Deploy the "
                "stack again with its template."
            )
        return cls(int(text))


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Where events go."""

    bus: str
    """The event bus's name; empty: there are to be none."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "EventSettings":
        """Reads the environment."""
        return cls(environment.get("EVENT_BUS_NAME", "").strip())


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """Which metrics only an alarm needs."""

    watches_unused: bool
    """Whether an alarm is raised for capacity that nobody uses."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "AlarmSettings":
        """Reads the environment. Without a number of minutes there is no such alarm."""
        return cls(environment.get("UNUSED_ALARM_MINUTES", "").strip() not in ("", "0"))


@dataclass(frozen=True, slots=True)
class AskSettings:
    """How EC2 is asked, as the stack's parameters say."""

    every: float
    """Seconds from one asking for a target to the next, while few are short."""
    slow_after_hours: float
    """Hours after which a dry pool is asked less often; 0: never."""
    places: int
    """Functions that ask at once."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "AskSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if a variable is missing, or no number; says which.
        """
        return cls(
            _number(environment, "ASK_EVERY_SECONDS"),
            _number(environment, "SLOW_AFTER_HOURS"),
            int(_number(environment, "MAP_CONCURRENCY")),
        )


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """Where the requests to EC2 are counted."""

    table: str

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "BucketSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if REQUEST_BUCKETS_TABLE is missing.
        """
        return cls(_required(environment, "REQUEST_BUCKETS_TABLE"))


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where a function finds the database login."""

    secret_arn: str
    administrator_secret_arn: str = ""
    """Empty for all functions but PrepareDatabase, and where people bring a database of their own."""

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
    """Which certificates a function trusts beside the system's and those of RDS that it carries."""

    secret_arn: str
    """Empty unless the stack was given DatabaseCertificatesSecretArn."""

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "CertificateSettings":
        """Reads the environment."""
        return cls(environment.get("DATABASE_CERTIFICATES_SECRET_ARN", "").strip())


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """Where the stack is."""

    region: str

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> "RegionSettings":
        """Reads the environment.

        Raises:
            InvalidSettings: if AWS_REGION is missing.
        """
        return cls(_required(environment, "AWS_REGION"))
