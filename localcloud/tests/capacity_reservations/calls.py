"""Calls for tests of reservations, with defaults; `ec2/` makes them to a server."""

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

TAGS = [{"Key": "odcr", "Value": "a"}]
TAGGED = [{"ResourceType": "capacity-reservation", "Tags": TAGS}]
POOL = {"Type": "AWS::EC2::CapacityReservationPool"}
GENERIC = {
    "Type": "AWS::ResourceGroups::Generic",
    "Parameters": [{"Name": "allowed-resource-types", "Values": ["AWS::EC2::CapacityReservation"]}],
}


class ReservationCalls:
    """What most tests need, with defaults."""

    type, zone = "r5b.2xlarge", "ap-northeast-1c"
    api: "EC2Client"

    def create(self, **changes: Any) -> Any:
        """Creates one; the CapacityReservation."""
        parameters: dict[str, Any] = {
            "InstanceType": self.type,
            "InstancePlatform": "Linux/UNIX",
            "AvailabilityZone": self.zone,
            "InstanceCount": 1,
        }
        parameters = {name: value for name, value in (parameters | changes).items() if value is not None}
        return self.api.create_capacity_reservation(**parameters)["CapacityReservation"]

    def modify(self, reservation: Any, **changes: Any) -> Any:
        """Modifies one; the answer."""
        return self.api.modify_capacity_reservation(
            CapacityReservationId=reservation["CapacityReservationId"], **changes
        )

    def cancel(self, reservation: Any, **more: Any) -> Any:
        """Cancels one; the answer."""
        return self.api.cancel_capacity_reservation(CapacityReservationId=reservation["CapacityReservationId"], **more)

    def describe(self, **parameters: Any) -> list[Any]:
        """The reservations of one page."""
        return list(self.api.describe_capacity_reservations(**parameters)["CapacityReservations"])

    def again(self, reservation: Any) -> Any:
        """It, as it is now."""
        (now,) = self.describe(CapacityReservationIds=[reservation["CapacityReservationId"]])
        return now


def empty_group(groups: Any) -> Any:
    """A new resource group for reservations."""
    return groups.create_group(Name=f"group-{uuid.uuid4()}", Configuration=[POOL, GENERIC])["Group"]


def arn_of(reservation: Any) -> str:
    """A reservation's ARN."""
    return str(reservation["CapacityReservationArn"])


def members(groups: Any, group: Any) -> list[str]:
    """The ARNs in a resource group, read page by page."""
    pages = groups.get_paginator("list_group_resources").paginate(
        Group=group["GroupArn"], PaginationConfig={"PageSize": 2}
    )
    return [one["Identifier"]["ResourceArn"] for page in pages for one in page["Resources"]]
