"""Time that passes only on demand, for EC2, the functions and boto3."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo

from greenlet import getcurrent  # type: ignore[import-untyped]

from localcloud.clock import Clock
from stepper.strand import is_in_strand, sleep_until

# Module variables, as Clock is frozen.
_elapsed = [1.8e9]
_limits: dict[object, float] = {}
"""The end of each running or sleeping function's time, by its strand."""


class TimedOut(BaseException):
    """The function's time is up. No function catches this."""


class SteppedClock(Clock):
    """Time that passes only on demand."""

    def now(self) -> float:
        return _elapsed[0]

    def sleep(self, cloud_seconds: float) -> None:
        """Lets a function sleep while others work, at most until it times out.

        Raises:
            TimedOut: the function's time is up.
        """
        limit = _limits.get(getcurrent(), float("inf"))
        moment = min(self.now() + cloud_seconds, limit)
        if moment > self.now():
            if is_in_strand():
                sleep_until(moment)
            else:
                self.wait_until(moment)
        if self.now() >= limit:
            raise TimedOut

    def wait_until(self, moment: float) -> None:
        """Moves the time on to this moment, unless it is past."""
        _elapsed[0] = max(_elapsed[0], moment)

    def go_back_to(self, moment: float) -> None:
        """Sets the time of a snapshot. Time goes back only with a snapshot, because EC2 remembers it."""
        _elapsed[0] = moment

    @contextmanager
    def limited_to(self, seconds: float) -> Iterator[float]:
        """A context in which a function runs with this time-out; yields when its time is up.

        Raises:
            TimedOut: the time is up.
        """
        ends = self.now() + seconds
        _limits[getcurrent()] = ends
        try:
            yield ends
        finally:
            del _limits[getcurrent()]


class SteppedDatetime(datetime):
    """Reads the stepped time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "SteppedDatetime":
        return cls.fromtimestamp(_elapsed[0], tz)
