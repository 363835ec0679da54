"""What a launch wants of reservations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecification.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.ec2 import catalogue
from localcloud.ec2.errors import InvalidParameterCombination, InvalidParameterValue
from localcloud.ec2.parameters import checked_id

ONLY = "capacity-reservations-only"


@dataclass(frozen=True)
class Launch:
    """How instances are to get their capacity."""

    preference: str | None = "open"
    """None where a target is given without one."""
    target_id: str | None = None
    """A reservation."""
    target_group: str | None = None
    """The ARN of a resource group of reservations."""
    tenancy: str = "default"
    placement_group_name: str | None = None
    placement_group_arn: str | None = None
    """Of a cluster placement group."""

    @property
    def is_only_reserved(self) -> bool:
        """Whether the instances may run nowhere else."""
        return self.preference == ONLY or self.target_id is not None

    @property
    def takes_open(self) -> bool:
        """Whether any matching `open` reservation will do."""
        return self.preference in ("open", ONLY) and not self.target_id and not self.target_group

    def specification(self) -> dict[str, Any]:
        """The `CapacityReservationSpecification` that DescribeInstances shows."""
        if self.target_id:
            target = {"CapacityReservationId": self.target_id}
        elif self.target_group:
            target = {"CapacityReservationResourceGroupArn": self.target_group}
        else:
            return {"CapacityReservationPreference": self.preference}
        preference = {"CapacityReservationPreference": self.preference} if self.preference else {}
        return {**preference, "CapacityReservationTarget": target}


def specified(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `Launch` that a CapacityReservationSpecification sets.

    Raises:
        InvalidParameterCombination, InvalidParameterValue, InvalidCapacityReservationIdMalformed: it makes no sense.
    """
    preference, target = given.get("CapacityReservationPreference"), given.get("CapacityReservationTarget") or {}
    allowed = catalogue.enum_of("CapacityReservationPreference")
    if preference is not None and preference not in allowed:
        raise InvalidParameterValue(f"Invalid value '{preference}' for CapacityReservationPreference: {allowed}")
    target_id, group = target.get("CapacityReservationId"), target.get("CapacityReservationResourceGroupArn")
    if target_id and group:
        raise InvalidParameterCombination("Give the id of a Capacity Reservation or the ARN of a group, not both")
    if not target_id and not group:
        return {"preference": preference or "open"}
    if preference not in (None, ONLY):
        raise InvalidParameterCombination(f"A CapacityReservationTarget goes with no preference but {ONLY}")
    return {
        "preference": preference,
        "target_id": checked_id(str(target_id)) if target_id else None,
        "target_group": group,
    }
