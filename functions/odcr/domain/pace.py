"""How often EC2 is asked: never more than the system permits itself, whoever asks and whenever.

EC2 keeps a bucket of requests for each account, Region and API action. For Create, Modify and Cancel it is 50 deep and
refilled at 5 a second: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html

This system keeps a bucket of its own for each of them, of four fifths: 40 deep and refilled at 4 a second. Each
request is taken out of it before it is sent, as `after_one_more` has it and in one atomic step
(gateways/request_buckets.py), and is sent no earlier than `sent_at` says. So in any t seconds all attempts of all runs
together send at most 44 + 4t requests, with what SLACK allows, and EC2 would take 50 + 5t: this system cannot overdraw
any bucket of EC2's. Not counted is what EC2 did not answer, or answered with a fault of its own, and what is therefore
sent once more (gateways/ec2.py).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

REQUESTS_PER_SECOND = 4.0
"""Requests that the system sends in the long run, in each Region and of each action. The rest is for others."""

DEPTH = 40
"""Requests that it sends at once after a pause."""

SLACK = 1.0
"""Seconds for which a bucket that is full may go on filling. Who takes a request need not know then to the moment
whether it is full, and seldom has to try twice."""

KEPT = 12
"""Of these, requests that are kept for a climb under way: a target whose pool has something comes before one that may
have nothing. So the first request for a pool in a Region waits while there are no more than so many."""

LOOK_SECONDS = 0.5
"""A look at EC2 before a target is asked for again takes about as long."""

LATE_SECONDS = 5.0
"""After its latest moment a request may be sent so much later, as EC2 is looked at after a wait."""

RESERVED_SECONDS = 40.0
"""What a request needs at most, repeated and looked after; with less of the function's time left, none is sent."""


class Action(StrEnum):
    """What is asked of EC2; each has a bucket of its own. The value is a part of the bucket's name."""

    CREATE = "Create"
    MODIFY = "Modify"
    CANCEL = "Cancel"
    TAG = "Tag"
    GROUP = "Group"


def after_one_more(full_at: float, now: float) -> float:
    """When a bucket is full again after one more request is taken out of it.

    Args:
        full_at: when it is full again without that request, in seconds; in the past if it is full.
        now: the time, in seconds.
    """
    return (full_at if full_at > now - SLACK else now) + 1 / REQUESTS_PER_SECOND


def sent_at(full_at: float, kept: int = 0) -> float:
    """The earliest moment at which the last request taken out may be sent.

    Args:
        full_at: when the bucket is full again, that request taken out.
        kept: requests that are left in it for others.
    """
    return full_at - (DEPTH - kept) / REQUESTS_PER_SECOND


def full_by(latest: float, kept: int = 0) -> float:
    """When a bucket is full again at the latest, if the last request taken out is to be sent by a moment."""
    return latest + (DEPTH - kept) / REQUESTS_PER_SECOND


class Buckets(Protocol):
    """The buckets that all attempts share."""

    def take(self, bucket: str, kept: int, latest: float) -> float | None:
        """Takes a request out of a bucket.

        Args:
            bucket: its name.
            kept: requests that are left in it for others.
            latest: seconds since the epoch after which the request is not sent any more.

        Returns:
            When it may be sent, in seconds since the epoch, perhaps in the past; None, and nothing is taken, if that is
            after `latest`.

        Raises:
            Refusal: if the buckets cannot be reached.
        """


class Pace:
    """When one attempt sends its requests.

    Args:
        buckets: shared by all attempts.
        every: seconds from one asking for the target to the next; 0 if this attempt asks once.
        latest: when the last request may be sent, in seconds since the epoch.
        now: the time, in seconds since the epoch.
        sleep: waits so many seconds.
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
        """The Regions that this asking has sent a request to for the pool at hand."""
        self.has_waited = False
        """Whether the last request had to wait for its turn."""

    def allows_another(self, action: Action, region: str) -> bool:
        """Waits until another request may be sent to a Region; False, at once, if it would be too late by then.

        Raises:
            Refusal: if the buckets cannot be reached.
        """
        now = self._now()
        if now > self._latest:
            return False
        kept = 0 if region in self._regions else KEPT
        turn = self._buckets.take(f"{region} {action}", kept, self._latest)
        if turn is None:
            return False
        self.has_waited = turn > now
        if self.has_waited:
            self._sleep(turn - now)
        self._regions.add(region)
        if self._asked is None:
            self._asked = max(turn, now)
        return True

    def turns_to_pool(self) -> None:
        """The next request is the first one for another pool, for which what is kept for climbs is left alone.

        Else all of a group's pools but the first would take it from targets that have something to climb for.
        """
        self._regions.clear()

    def is_late(self) -> bool:
        """Whether it is later than a request may be sent, and longer than a look usually takes."""
        return self._now() > self._latest + LATE_SECONDS

    def asks_again(self, *, looks: bool) -> bool:
        """Waits until the target is to be asked for again; False, at once, if that is too late, or another's work.

        Args:
            looks: whether EC2 is looked at before.
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
