"""One Capacity Reservation at one moment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.ec2.utils import random_id

FAILED_VISIBLE_SECONDS = 3600.0
"""How long describe shows a failed one: "You can view a failed request for 60 minutes" (botocore's model)."""


@dataclass(frozen=True)
class CapacityReservation:
    """The fields of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html that apply.

    Dates are in UTC; `at` and what ends with `_at` or `_until` are readings of the market's clock, in seconds.
    """

    id: str
    arn: str
    owner_id: str
    instance_type: str
    availability_zone: str
    availability_zone_id: str
    instance_count: int
    create_date: datetime
    start_date: datetime | None
    """None until it has become active."""
    at: float
    """When this version began."""
    instance_platform: str = "Linux/UNIX"
    tenancy: str = "default"
    ebs_optimized: bool = False
    ephemeral_storage: bool = False
    instance_match_criteria: str = "open"
    end_date_type: str = "unlimited"
    end_date: datetime | None = None
    state: str = "active"
    ends_at: float = math.inf
    """When it expires, if its end is limited."""
    pending_until: float = -math.inf
    after_pending: str = "active"
    adjustment_status: str | None = None
    adjusted_at: float = math.inf
    """When EC2 decides about a postponed modification (`AdjustmentStatus` `requested`)."""
    after_adjustment: "CapacityReservation | None" = field(default=None, compare=False)
    """What it becomes then."""
    in_use: int = 0
    """Instances that are not available: they run in it, or are lent."""
    described: Mapping[str, Any] = field(default_factory=dict)
    """Further fields by EC2's names, which describe shows as they are; None hides a field."""

    @property
    def holds(self) -> bool:
        """Whether it keeps its instances from others, and counts towards the quota."""
        return self.state in ("active", "pending")

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
        """Whether describe shows it: ended ones stay, failed ones do not."""
        return self.state != "failed" or now - self.at < FAILED_VISIBLE_SECONDS

    def answer(self, tags: Mapping[str, str]) -> dict[str, Any]:
        """The `CapacityReservation` of EC2's answers."""
        return {
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
            **self.described,
        }


def new_identity(partition: str, region: str, account: str) -> dict[str, Any]:
    """The id of a new reservation, `cr-` and 17 hexadecimal digits, its ARN and its owner's account."""
    new_id = str(random_id("cr", 17))
    arn = f"arn:{partition}:ec2:{region}:{account}:capacity-reservation/{new_id}"
    return {"id": new_id, "arn": arn, "owner_id": account}
