"""Placement groups, as mixins of moto's EC2Backend and EC2Response; here they can only be created.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import random_id

from localcloud.capacity_reservations.exceptions import InvalidValueError, PlacementGroupUnknownError
from localcloud.capacity_reservations.requests import one_of, required


class PlacementGroupBackend:
    """The groups of one account in one Region."""

    def __init__(self) -> None:
        self.placement_groups: dict[str, dict[str, str]] = {}
        """As EC2 answers them, by name."""


class PlacementGroupsResponse(EC2BaseResponse):
    """Creates them."""

    def create_placement_group(self) -> ActionResult:
        self.error_on_dryrun()
        given, backend = self._get_params(), self.ec2_backend
        name, group_id = str(required(given, "GroupName")), str(random_id("pg", 17))
        if name in backend.placement_groups:
            message = f"The Placement Group '{name}' already exists."
            raise EC2ClientError("InvalidPlacementGroup.Duplicate", message)
        group = backend.placement_groups[name] = {
            "GroupName": name,
            "State": "available",
            "Strategy": one_of(given, "Strategy", "PlacementStrategy", "cluster"),
            "GroupId": group_id,
            "GroupArn": f"arn:{backend.partition}:ec2:{self.region}:{backend.account_id}:placement-group/{name}",
        }
        tags = self._parse_tag_specification().get("placement-group", {})
        backend.create_tags([group_id], tags)
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        return ActionResult({"PlacementGroup": {**group, "Tags": listed}})


def must_take_reservations(backend: Any, arn: str) -> None:
    """Refuses all but cluster placement groups. AWS documents no error for the others; these are the nearest.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
    """
    for group in backend.placement_groups.values():
        if group["GroupArn"] == arn:
            if group["Strategy"] != "cluster":
                raise InvalidValueError(
                    f"A Capacity Reservation needs a cluster placement group; that of '{arn}' is {group['Strategy']}."
                )
            return
    raise PlacementGroupUnknownError(arn)
