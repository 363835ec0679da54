"""What is held, and for how long: the measure of everything here."""

from dataclasses import dataclass, field

from bench.market.scenario import END_SECONDS


@dataclass
class Holding:
    """What was acquired when; nothing is given back."""

    grants: list[tuple[float, int]] = field(default_factory=list)
    """Seconds after the start, and instances."""

    def add(self, at: float, count: int) -> None:
        """Instances that were granted."""
        self.grants.append((at, count))

    @property
    def instances(self) -> int:
        """All that were granted."""
        return sum(count for _, count in self.grants)

    @property
    def instance_hours(self) -> float:
        """How long each is held until the end, summed; one granted later counts for nothing."""
        return sum(max(0.0, END_SECONDS - at) * count for at, count in self.grants) / 3600
