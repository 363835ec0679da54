"""How fast requests go to EC2: never faster than the system allows itself, however many attempts there are.

EC2 keeps a bucket of request tokens for each account, Region and API action. For Create, Modify and Cancel it holds 50
and gains 5 a second: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html

This system keeps a bucket of its own for each of them, four fifths as large: it holds 40 and gains 4 a second. Every
request takes a token before it is sent, in one atomic step (`after_one_more`, gateways/request_buckets.py), and is sent
no earlier than `sent_at`. So in any t seconds, all attempts of all runs together send at most 44 + 4t requests, SLACK
included, while EC2 takes 50 + 5t. Requests that EC2 does not answer, or answers with a fault of its own, are repeated
without another token (gateways/ec2.py).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

REQUESTS_PER_SECOND = 4.0
"""Tokens that a bucket gains each second, for each Region and action. The rest of EC2's rate is for others."""

DEPTH = 40
"""Tokens that a full bucket holds."""

SLACK = 1.0
"""Seconds that a full bucket may go on filling, so that a caller whose clock is slightly off seldom tries twice."""

KEPT = 12
"""Tokens kept for climbs under way: a pool that has just given something comes before one that may be dry. The first
request for a pool waits while the bucket holds no more than these."""

LOOK_SECONDS = 0.5
"""About how long a look at EC2 takes before a target is asked for again."""

LATE_SECONDS = 5.0
"""How much later than its latest moment a request may be sent, as a look at EC2 follows each wait."""

RESERVED_SECONDS = 40.0
"""The longest that a request takes, with repeats and follow-up. With less of the function's time left, none is sent."""


class Action(StrEnum):
    """A kind of request to EC2, with a bucket of its own. The value is part of the bucket's name."""

    CREATE = "Create"
    MODIFY = "Modify"
    CANCEL = "Cancel"
    TAG = "Tag"
    GROUP = "Group"


def after_one_more(full_at: float, now: float) -> float:
    """When a bucket is full again once one more token is taken.

    Args:
        full_at: when it is full without that, in seconds; in the past if it is full now.
        now: the time, in seconds.
    """
    return (full_at if full_at > now - SLACK else now) + 1 / REQUESTS_PER_SECOND


def sent_at(full_at: float, kept: int) -> float:
    """The earliest time to send the request that took the last token.

    Args:
        full_at: when the bucket is full again, in seconds.
        kept: tokens to leave in it for others.
    """
    return full_at - (DEPTH - kept) / REQUESTS_PER_SECOND


def full_by(latest: float, kept: int) -> float:
    """The latest `full_at` of a bucket from which one more request can still be sent in time.

    Args:
        latest: when to send the request at the latest, in seconds.
        kept: tokens to leave in the bucket for others.
    """
    return latest + (DEPTH - kept) / REQUESTS_PER_SECOND


class Buckets(Protocol):
    """The buckets that all attempts share."""

    def take(self, bucket: str, kept: int, latest: float) -> float | None:
        """Takes a token for one request.

        Args:
            bucket: its name.
            kept: tokens to leave in it for others.
            latest: when to send the request at the latest, in seconds since the epoch.

        Returns:
            The earliest time to send the request, in seconds since the epoch, perhaps in the past. None if that is
            after `latest`; then no token is taken.

        Raises:
            Refusal: if the buckets cannot be reached.
        """


class Pace:
    """When one attempt sends its requests.

    Args:
        buckets: the buckets that all attempts share.
        every: seconds from one asking to the next; 0 if this attempt asks once.
        latest: when to send the last request at the latest, in seconds since the epoch.
        now: tells the time, in seconds since the epoch.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        buckets: Buckets,
        every: float,
        latest: float,
        now: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._buckets, self._every, self._latest = buckets, every, latest
        self._now, self._sleep = now, sleep
        self._asked: float | None = None
        """When the first request of this asking was sent."""
        self._regions: set[str] = set()
        """The Regions that this asking has sent a request to for the current pool."""
        self.has_waited = False
        """Whether the last request had to wait."""

    def await_request(self, action: Action, region: str) -> bool:
        """Waits until another request may be sent to a Region; returns False at once if that would be too late.

        Raises:
            Refusal: if the buckets cannot be reached.
        """
        now = self._now()
        if now > self._latest:
            return False
        kept = 0 if region in self._regions else KEPT
        moment = self._buckets.take(f"{region} {action}", kept, self._latest)
        if moment is None:
            return False
        self.has_waited = moment > now
        if self.has_waited:
            self._sleep(moment - now)
        self._regions.add(region)
        if self._asked is None:
            self._asked = max(moment, now)
        return True

    def begin_pool(self) -> None:
        """Notes that the next request is the first one for another pool, so it leaves the tokens for climbs alone.

        Otherwise a group's other pools would take them from targets that are climbing.
        """
        self._regions.clear()

    def is_late(self) -> bool:
        """Whether it is too late to send a request even after a look."""
        return self._now() > self._latest + LATE_SECONDS

    def await_asking(self, *, looks: bool) -> bool:
        """Waits until it is time to ask again; returns False at once if that is too late, or not this attempt's job.

        Args:
            looks: whether a look at EC2 comes first.
        """
        if not self._every:
            return False
        now = self._now()
        look = LOOK_SECONDS if looks else 0.0
        again = max(now, (now if self._asked is None else self._asked) + self._every - look)
        if again + look > self._latest:
            return False
        self._sleep(again - now)
        self._asked = None
        self._regions.clear()
        return True
