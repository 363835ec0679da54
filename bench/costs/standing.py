"""What a stack has that costs something whether runs start or not."""

from dataclasses import asdict, dataclass
from typing import Any

DEFAULT, NAT, DISABLED, OWN_VPC, OWN_ALL = "default", "NAT gateway", "DISABLED", "own VPC", "own VPC and database"


@dataclass(frozen=True)
class Standing:
    """What there is, and how often runs start."""

    acus: float
    """Of a database of the stack's own, at its lowest."""
    endpoint_zones: int
    """Zones that interface endpoints are in, all endpoints together."""
    nat_gateways: int
    addresses: int
    """Public IPv4 addresses."""
    alarm_metrics: int
    """Metrics that alarms watch: one with metric math counts as many as it takes."""
    dashboards: int
    secrets: int
    """The one that RDS keeps the administrator's login in included."""
    memory_mb: dict[str, int]
    """Of each function, by its name in the template."""
    ask_every: float
    """AskEverySeconds."""
    slow_after: float
    """SlowAfterHours."""
    traced: bool
    period_minutes: float | None
    """From one start to the next; None if none starts."""

    def to_json(self) -> dict[str, Any]:
        """As in results.json."""
        return asdict(self)
