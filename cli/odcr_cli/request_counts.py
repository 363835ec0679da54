"""How often EC2 was asked for capacity in each hour, and how often it refused, from `odcr_history`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from odcr_cli.door import Row
from odcr_cli.formatting import parse_moment


@dataclass(frozen=True)
class Requests:
    """Requests to EC2 for capacity by hour; hours without requests are left out."""

    hours: tuple[datetime, ...]
    calls: tuple[int, ...]
    refusals: tuple[int, ...]
    """How many of `calls` EC2 refused."""
    end: datetime
    start: datetime
    width: timedelta = timedelta(hours=1)
    """The time that each number covers: an hour, or several together."""


def requests_of(history: Iterable[Row], start: datetime, end: datetime) -> Requests:
    """Requests and refusals by hour.

    Args:
        history: rows of `odcr_history`. A group's requests are in the rows of its pools.
        start, end: the time to count; other rows are ignored.
    """
    calls: Counter[datetime] = Counter()
    refusals: Counter[datetime] = Counter()
    for row in history:
        if not row["InstanceType"]:
            continue
        moment = parse_moment(row["Recorded"])
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if start - timedelta(hours=1) < hour and moment <= end and row["Calls"]:
            calls[hour] += int(row["Calls"])
            refusals[hour] += int(row["Refusals"] or 0)
    hours = tuple(sorted(calls))
    return Requests(hours, tuple(calls[hour] for hour in hours), tuple(refusals[hour] for hour in hours), end, start)


def together(requests: Requests, count: int) -> Requests:
    """The counts with `count` hours, a divisor of 24, put together."""
    calls: Counter[datetime] = Counter()
    refusals: Counter[datetime] = Counter()
    for hour, called, refused in zip(requests.hours, requests.calls, requests.refusals, strict=True):
        first = hour.replace(hour=hour.hour // count * count)
        calls[first] += called
        refusals[first] += refused
    hours = tuple(sorted(calls))
    return replace(
        requests,
        hours=hours,
        calls=tuple(calls[hour] for hour in hours),
        refusals=tuple(refusals[hour] for hour in hours),
        width=timedelta(hours=count),
    )
