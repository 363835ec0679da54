"""When a schedule is due: pure functions of its expression and dates.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


@dataclass(frozen=True)
class Rate:
    """`rate(5 minutes)`: at the start date, or at once without one, and then once per period."""

    period: timedelta

    def due(self, since: datetime, now: datetime) -> datetime | None:
        """The latest invocation between `since`, itself an invocation, and `now`; None if `since` is still to come."""
        return since + (now - since) // self.period * self.period if since <= now else None


@dataclass(frozen=True)
class At:
    """`at(2026-11-11T00:00:00)`: once."""

    moment: datetime


def parse(expression: str, timezone: str = "UTC") -> Rate | At:
    """Reads a ScheduleExpression.

    Args:
        expression: a rate or an at.
        timezone: the ScheduleExpressionTimezone, which an at needs.

    Raises:
        ValueError: it is a cron, which the local cloud does not invoke, or nothing that AWS knows, or the time zone
            does not exist.
    """
    if rate := _RATE.fullmatch(expression):
        return Rate(timedelta(**{f"{rate[2]}s": int(rate[1])}))
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone {timezone!r}; use a name such as Asia/Tokyo") from error
    if at := _AT.fullmatch(expression):
        return At(datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC))
    if expression.startswith("cron("):
        raise ValueError(f"the local cloud does not invoke {expression}; use a rate or an at")
    raise ValueError(f"{expression!r} is no schedule expression; use rate(5 minutes) or at(2026-11-11T00:00:00)")


def moment(date: float | None) -> datetime | None:
    """A StartDate or EndDate, which the API sends as seconds since 1970."""
    return datetime.fromtimestamp(date, UTC) if date else None
