"""Time in the local cloud, which may run faster than on the wall."""

import time
from dataclasses import dataclass, field

_SLOWEST, _FASTEST = 0.001, 10_000.0
"""Beyond them a timer would wait longer than it can, or not at all."""


@dataclass(frozen=True)
class Clock:
    """Shortens the waits that AWS would make: the schedule's ticks, a Retry's interval, a bucket's refill.

    Work that takes its own time, such as a function's, is not sped up.

    Args:
        speed: cloud seconds per second on the wall; 1 is real time.
        began: when cloud time and the wall's were the same, in seconds since the epoch.
    """

    speed: float = 1.0
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        # NaN is in no range.
        if not _SLOWEST <= self.speed <= _FASTEST:
            raise ValueError(f"speed must be {_SLOWEST:g} to {_FASTEST:g}, not {self.speed:g}")

    def now(self) -> float:
        """Cloud seconds since an arbitrary start; only differences mean something."""
        return time.monotonic() * self.speed

    def date(self) -> float:
        """The date in cloud time, in seconds since the epoch; it runs ahead of the wall's."""
        return self.began + (time.time() - self.began) * self.speed

    def sleep(self, cloud_seconds: float) -> None:
        """Returns after this many cloud seconds."""
        time.sleep(self.wall_seconds(cloud_seconds))

    def wall_seconds(self, cloud_seconds: float) -> float:
        """How long this many cloud seconds last on the wall."""
        return max(0.0, cloud_seconds) / self.speed
