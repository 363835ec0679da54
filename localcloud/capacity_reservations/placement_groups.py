"""Placement groups, as mixins of moto's EC2Backend and EC2Response; here they can only be created.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
"""

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import random_id

from localcloud.capacity_reservations.exceptions import InvalidValueError, PlacementGroupUnknownError
from localcloud.capacity_reservations.requests import one_of, required


class PlacementGroup(TaggedEC2Resource):
    """One group. The attributes have the names of EC2's answers, in snake case.

    Args:
        ec2_backend: moto's.
        given: the request CreatePlacementGroup.
    """

    state = "available"

    def __init__(self, ec2_backend: Any, given: Mapping[str, Any]) -> None:
        self.ec2_backend = ec2_backend
        self.group_name = str(required(given, "GroupName"))
        self.strategy = one_of(given, "Strategy", "PlacementStrategy", "cluster")
        self.id = self.group_id = str(random_id("pg", 17))
        place = f"{ec2_backend.partition}:ec2:{ec2_backend.region_name}:{ec2_backend.account_id}"
        self.group_arn = f"arn:{place}:placement-group/{self.group_name}"


class PlacementGroupBackend:
    """The groups of one account in one Region."""

    def __init__(self) -> None:
        self.placement_groups: dict[str, PlacementGroup] = {}
        """By name."""


class PlacementGroupsResponse(EC2BaseResponse):
    """Creates them."""

    def create_placement_group(self) -> ActionResult:
        self.error_on_dryrun()
        group, groups = PlacementGroup(self.ec2_backend, self._get_params()), self.ec2_backend.placement_groups
        if group.group_name in groups:
            message = f"The Placement Group '{group.group_name}' already exists."
            raise EC2ClientError("InvalidPlacementGroup.Duplicate", message)
        groups[group.group_name] = group
        group.add_tags(self._parse_tag_specification().get("placement-group", {}))
        return ActionResult({"PlacementGroup": group})


def must_take_reservations(backend: Any, arn: str) -> None:
    """Refuses all but cluster placement groups. AWS documents no error for the others; these are the nearest.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
    """
    for group in backend.placement_groups.values():
        if group.group_arn == arn:
            if group.strategy != "cluster":
                raise InvalidValueError(
                    f"A Capacity Reservation needs a cluster placement group; that of '{arn}' is {group.strategy}."
                )
            return
    raise PlacementGroupUnknownError(arn)
