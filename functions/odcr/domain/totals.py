"""How all targets together stand: what the metrics show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all targets, as they stand after a run."""

    wanted: int
    """Instances that the rows ask for."""
    held: int
    """Instances held, an excess included."""
    missing: int
    """Instances wanted and not held; one target's excess does not make up for another's shortage."""
    unmet: int
    """Targets of which not all is held."""
    longest_shortage_minutes: int
    """How long the one among them that has waited longest has not been met; 0 if all are."""
