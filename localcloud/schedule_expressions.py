"""When a schedule of EventBridge Scheduler invokes its target: pure functions of its expression and dates.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON = re.compile(r"cron\(\S+( \S+){5}\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True)
class Rate:
    """`rate(5 minutes)`: at the start date, or at once when there is none, and then once each period."""

    period: timedelta

    def due(self, since: datetime, now: datetime) -> datetime | None:
        """The latest invocation in (or at the edges of) the time from `since`, an invocation, to `now`, or None."""
        return since + (now - since) // self.period * self.period if since <= now else None


@dataclass(frozen=True)
class At:
    """`at(2026-11-11T00:00:00)`: once."""

    moment: datetime


@dataclass(frozen=True)
class Cron:
    """`cron(0 9 * * ? *)`: recognised, but the local cloud does not invoke these."""

    expression: str


def parse(expression: str, timezone: str = "UTC") -> Rate | At | Cron:
    """Reads a ScheduleExpression; `timezone` is its ScheduleExpressionTimezone, which only `at` and `cron` need.

    Raises:
        ValueError: the expression has none of the three forms, or the time zone does not exist.
    """
    if rate := _RATE.fullmatch(expression):
        return Rate(int(rate[1]) * _UNITS[rate[2]])
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone {timezone!r}; use a name such as Asia/Tokyo") from error
    if at := _AT.fullmatch(expression):
        return At(datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC))
    if _CRON.fullmatch(expression):
        return Cron(expression)
    raise ValueError(
        f"{expression!r} is no schedule expression; use rate(5 minutes), at(2026-11-11T00:00:00) or six cron fields"
    )


def moment(date: float | None) -> datetime | None:
    """A StartDate or EndDate, which the API sends as seconds since 1970."""
    return datetime.fromtimestamp(date, UTC) if date else None
