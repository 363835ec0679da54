"""When a schedule is due: pure functions of its expression and dates.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


def parse(expression: str, timezone: str = "UTC") -> timedelta | datetime:
    """Reads a ScheduleExpression.

    Args:
        expression: such as `rate(5 minutes)` or `at(2026-11-11T00:00:00)`.
        timezone: the ScheduleExpressionTimezone, which an at needs.

    Returns:
        The period of a rate, or the moment of an at.

    Raises:
        ValueError: it is a cron, which the local cloud does not invoke, or nothing that AWS knows, or the time zone
            does not exist.
    """
    if rate := _RATE.fullmatch(expression):
        return timedelta(**{f"{rate[2]}s": int(rate[1])})
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone {timezone!r}; use a name such as Asia/Tokyo") from error
    if at := _AT.fullmatch(expression):
        return datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC)
    if expression.startswith("cron("):
        raise ValueError(f"the local cloud does not invoke {expression}; use a rate or an at")
    raise ValueError(f"{expression!r} is not a schedule expression; use rate(5 minutes) or at(2026-11-11T00:00:00)")


def moment(date: float | None) -> datetime | None:
    """A StartDate or EndDate, which the API sends as seconds since 1970."""
    return datetime.fromtimestamp(date, UTC) if date else None
