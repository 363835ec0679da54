"""One Capacity Reservation, as it is or was at one moment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

HOLDING_STATES = frozenset({"active", "pending"})
"""In these a reservation keeps its instances from others, and counts towards the quota."""
FAILED_VISIBLE_SECONDS = 3600.0
"""Cloud seconds for which a failed one is shown: "You can view a failed request for 60 minutes" (botocore's model)."""


@dataclass(frozen=True)
class Reservation:
    """The fields of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html that apply.

    Dates are the wall's, in UTC. `at`, `ends_at` and `pending_until` are readings of the cloud's clock.
    """

    sequence: int
    """Rises with every reservation of the process: the order of describe."""
    id: str
    arn: str
    owner_id: str
    instance_type: str
    instance_platform: str
    availability_zone: str
    availability_zone_id: str | None
    tenancy: str
    instance_count: int
    ebs_optimized: bool
    ephemeral_storage: bool
    instance_match_criteria: str
    end_date_type: str
    end_date: datetime | None
    create_date: datetime
    start_date: datetime | None
    """None until it has become active."""
    state: str
    at: float
    """When it became what it is here."""
    ends_at: float = math.inf
    """When it expires, if its end is limited."""
    pending_until: float = -math.inf
    after_pending: str = "active"
    adjustment_status: str | None = None
    adjusted_at: float = math.inf
    """When EC2 decides about the modification that it is processing (`AdjustmentStatus` `requested`)."""
    after_adjustment: "Reservation | None" = field(default=None, compare=False)
    """What it becomes then."""
    in_use: int = 0
    """Instances that run in it, or that are lent out: those that are not available."""
    described: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the model, by EC2's names, which describe shows as they are; None hides a field."""

    @property
    def holds(self) -> bool:
        """Whether it keeps its instances."""
        return self.state in HOLDING_STATES

    @property
    def changes_at(self) -> float:
        """When it changes by itself."""
        if self.state == "pending":
            return self.pending_until
        return min(self.ends_at, self.adjusted_at) if self.state == "active" else math.inf

    @property
    def available(self) -> int:
        """Instances that could still be launched into it."""
        return max(0, self.instance_count - self.in_use) if self.state == "active" else 0

    def is_visible(self, now: float) -> bool:
        """Whether describe shows it; ended ones stay, but for failed ones."""
        return self.state != "failed" or now - self.at < FAILED_VISIBLE_SECONDS

    def answer(self, tags: dict[str, str]) -> dict[str, Any]:
        """The `CapacityReservation` of EC2's answers."""
        answer = {
            "CapacityReservationId": self.id,
            "OwnerId": self.owner_id,
            "CapacityReservationArn": self.arn,
            "AvailabilityZoneId": self.availability_zone_id,
            "InstanceType": self.instance_type,
            "InstancePlatform": self.instance_platform,
            "AvailabilityZone": self.availability_zone,
            "Tenancy": self.tenancy,
            "TotalInstanceCount": self.instance_count,
            "AvailableInstanceCount": self.available,
            "EbsOptimized": self.ebs_optimized,
            "EphemeralStorage": self.ephemeral_storage,
            "State": self.state,
            "StartDate": self.start_date,
            "EndDate": self.end_date,
            "EndDateType": self.end_date_type,
            "InstanceMatchCriteria": self.instance_match_criteria,
            "CreateDate": self.create_date,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "ReservationType": "default",
            "AdjustmentStatus": self.adjustment_status,
            "CapacityAllocations": [{"AllocationType": "used", "Count": self.in_use}] if self.in_use else [],
        }
        return answer | dict(self.described)
