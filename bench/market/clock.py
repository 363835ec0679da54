"""Simulated time, and how long things take in it: the same for every strategy.

AWS publishes no figures for these. They are on the slow side of what one sees, so that many requests cost time.
"""

from dataclasses import dataclass, field

from localcloud.clock import Clock

REQUEST_SECONDS = 0.5
"""One request to EC2, a describe as well; it takes effect at its end."""

STEP_SECONDS = 1.0
"""A function that uses the database or compares, without its requests to EC2."""

INVOKE_SECONDS = 0.1
"""Until an attempt's function begins, Step Functions' own time included."""


@dataclass(frozen=True)
class SimulatedClock(Clock):
    """The local cloud's clock, but its time passes only when somebody sleeps. Reads seconds after the start."""

    _reading: list[float] = field(default_factory=lambda: [0.0])
    # In a list, since a Clock is frozen.

    def now(self) -> float:
        """Seconds after the start."""
        return self._reading[0]

    def sleep(self, cloud_seconds: float) -> None:
        """Lets so many seconds pass, at once."""
        self._reading[0] += cloud_seconds

    def set(self, reading: float) -> None:
        """Goes to a moment."""
        self._reading[0] = reading
