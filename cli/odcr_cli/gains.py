"""What runs changed, from `odcr_history`."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from odcr_cli.door import Row, number
from odcr_cli.formatting import format_count
from odcr_cli.series import is_change


@dataclass
class Gain:
    """What a run changed."""

    acquired: Decimal = Decimal(0)
    """In instances, like the next two."""
    released: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)
    changes: int = 0
    """The demands whose status changed."""

    def __str__(self) -> str:
        parts = [
            f"{format_count(count)} {word}"
            for count, word in ((self.acquired, "acquired"), (self.released, "released"), (self.lost, "lost"))
            if count
        ]
        if self.changes:
            parts.append(f"{self.changes} changed status")
        return ", ".join(parts)


def gains_of(history: Iterable[Row]) -> dict[str, Gain]:
    """What each run changed, by the run's name; runs that changed nothing are left out."""
    gains: dict[str, Gain] = {}
    for row in history:
        if not is_change(row):
            continue
        gain = gains.setdefault(str(row["Execution"]), Gain())
        if row["InstanceType"]:
            acquired = number(row["Acquired"])
            gain.acquired += max(acquired, Decimal(0))
            gain.released += max(-acquired, Decimal(0))
            gain.lost += number(row["Lost"])
        is_demand = not (row.get("Group_Name") and row["InstanceType"])
        gain.changes += is_demand and row["Previous_Status"] != row["Status"]
    return gains
