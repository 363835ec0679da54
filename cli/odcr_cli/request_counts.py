"""How often EC2 was asked for capacity, and how often it refused, hour by hour, from `odcr_history`."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from odcr_cli.door import Row
from odcr_cli.formatting import parse_moment


@dataclass(frozen=True)
class Requests:
    """Requests to EC2 for capacity, hour by hour, without those hours in which there were none."""

    hours: tuple[datetime, ...]
    calls: tuple[int, ...]
    refusals: tuple[int, ...]
    """Those among `calls` that EC2 refused."""
    end: datetime
    start: datetime
    width: timedelta = timedelta(hours=1)
    """The time that each number is of: an hour, unless several are put together."""


def requests_of(
    history: Iterable[Row], start: datetime, end: datetime, is_of: Callable[[Row], bool] = lambda _row: True
) -> Requests:
    """Requests and refusals hour by hour.

    Args:
        history: rows of `odcr_history`.
        start, end: what is outside is left out.
        is_of: which rows count. A group's requests are counted in its pools' rows.
    """
    calls: Counter[datetime] = Counter()
    refusals: Counter[datetime] = Counter()
    for row in history:
        if not row["InstanceType"] or not is_of(row):
            continue
        moment = parse_moment(row["Recorded"])
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if start - timedelta(hours=1) < hour and moment <= end and row["Calls"]:
            calls[hour] += int(row["Calls"])
            refusals[hour] += int(row["Refusals"] or 0)
    hours = tuple(sorted(calls))
    return Requests(hours, tuple(calls[one] for one in hours), tuple(refusals[one] for one in hours), end, start)


def together(requests: Requests, count: int) -> Requests:
    """So many hours of a day as one; a divisor of 24."""
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
        calls=tuple(calls[one] for one in hours),
        refusals=tuple(refusals[one] for one in hours),
        width=timedelta(hours=count),
    )
