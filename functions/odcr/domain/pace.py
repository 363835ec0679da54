"""When a target may send its next request, so that all targets together stay within EC2's request bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

REQUESTS_PER_SECOND = 4.0
"""Requests that all targets of a run send together, in the long run.

EC2 refills the bucket of mutating requests at 5 a second; the rest is for others in the account.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

BURST = 25
"""Requests that they may send at once. The bucket is 50 deep: the run before may have left it half empty."""

RESERVED_SECONDS = 40.0
"""What a request needs at most, repeated and looked after; with less left, an attempt sends no more."""


class Action(StrEnum):
    """What changes capacity; EC2 has a token bucket for each of them."""

    CREATE = "CreateCapacityReservation"
    MODIFY = "ModifyCapacityReservation"
    CANCEL = "CancelCapacityReservation"


@dataclass(frozen=True, slots=True)
class Share:
    """One target's share of the bucket: a bucket of its own, all of which together are never more than EC2's.

    Args:
        index: the target's place among the run's shortfalls, from 0.
        shortfalls: how many there are.
        concurrency: how many are worked on at once.
    """

    index: int = 0
    shortfalls: int = 1
    concurrency: int = 40

    @property
    def at_once(self) -> int:
        """Targets that share the bucket at any one time."""
        return max(1, min(self.shortfalls, self.concurrency))

    @property
    def interval(self) -> float:
        """Seconds in which the share regains one request."""
        return self.at_once / REQUESTS_PER_SECOND

    @property
    def depth(self) -> float:
        """Requests that one target may send at once."""
        return max(1.0, BURST / self.at_once)

    def level(self, attempt: int) -> float:
        """Requests that an attempt may send at once when it starts; below 1 it has to wait.

        A repeated attempt finds the share full, for the state machine waits longer than the share needs. The run's
        first targets start with a full one as far as BURST goes, the next ones one after another. Those that take the
        place of one that is done start with an empty one, which that one may have just used.
        """
        if attempt > 0 or self.index < BURST:
            return self.depth
        if self.index < self.at_once:
            return 1.0 - (self.index - BURST + 1) / self.at_once
        return 0.0


class Pace:
    """Makes one attempt wait for its turns.

    Args:
        share: the target's share.
        attempt: how often the item was repeated.
        seconds_left: seconds until the attempt has to end.
        sleep: waits so many seconds.
    """

    def __init__(
        self, share: Share, attempt: int, seconds_left: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._share = share
        self._level = share.level(attempt)
        self._seconds_left = seconds_left
        self._sleep = sleep
        self.has_waited = False
        """Whether the last request had to wait for its turn."""

    def allows_another(self, action: Action) -> bool:  # noqa: ARG002 - one bucket for all of them
        """Waits until another request may be sent; False, at once, if the attempt's time does not suffice for it.

        What the requests themselves take is not counted in the share's favour: that leaves a margin.
        """
        missing = max(0.0, 1.0 - self._level)
        wait = missing * self._share.interval
        if self._seconds_left() < wait + RESERVED_SECONDS:
            return False
        self.has_waited = wait > 0
        if self.has_waited:
            self._sleep(wait)
        self._level = self._level + missing - 1.0
        return True

    def asks_again(self) -> bool:
        """Whether the attempt goes on after its pool was found dry: the state machine repeats it."""
        return False
