"""Resource groups of reservations, which moto's Resource Groups lack.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-group.html
https://docs.aws.amazon.com/ARG/latest/userguide/about-slg-types.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_ListGroupResources.html

moto's groups get the attribute `reservations`, the ARNs of their members in the order in which they came. A reservation
that has ended stays: AWS documents that one leaves by itself only where it is no longer shared.
"""

import json
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.resourcegroups.exceptions import BadRequestException
from moto.resourcegroups.models import FakeResourceGroup
from moto.resourcegroups.responses import ResourceGroupsResponse
from moto.resourcegroups.urls import url_paths

from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.market import NotInGroupError
from localcloud.capacity_reservations.reservation import CapacityReservation

_POOL, _RESERVATION = "AWS::EC2::CapacityReservationPool", "AWS::EC2::CapacityReservation"
_MAX_ARNS, _MAX_PAGE = 10, 50


def hook() -> None:
    """Adds the actions to moto's Resource Groups. Call it once."""
    for path in ("group-resources", "list-group-resources"):
        url_paths[f"{{0}}/{path}$"] = ResourceGroupsResponse.dispatch
    for action in (group_resources, list_group_resources):
        setattr(ResourceGroupsResponse, action.__name__, action)


def group_resources(self: Any) -> str:
    """Adds reservations to a group; those that cannot be in it are `Failed`."""
    members, arns = _members(self), list(self._get_param("ResourceArns") or [])
    if not 1 <= len(arns) <= _MAX_ARNS:
        raise BadRequestException(f"ResourceArns must have from 1 to {_MAX_ARNS} members, not {len(arns)}")
    ec2_backend: Any = ec2_backends[self.current_account][self.region]
    succeeded, failed = [], []
    with market.current().lock:
        for arn in arns:
            try:
                reservation = _groupable(ec2_backend, arn)
                members[arn] = None
                # "If a matching Capacity Reservation is added to the targeted group at a later stage, the instance is
                # automatically matched with and moved into its reserved capacity."
                # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-cr-group.html
                ec2_backend.absorb_instances(reservation)
                succeeded.append(arn)
            except NotInGroupError as error:
                failed.append({"ResourceArn": arn, "ErrorCode": error.code, "ErrorMessage": str(error)})
    return json.dumps({"Succeeded": succeeded, "Failed": failed, "Pending": []})


def _groupable(ec2_backend: Any, arn: str) -> CapacityReservation:
    """The reservation with this ARN, if it may be in a group."""
    given_id, region = arn.rpartition("/")[2], ec2_backend.region_name
    market.current().grouping(region, given_id)
    reservation: CapacityReservation | None = ec2_backend.capacity_reservations.get(given_id)
    if reservation is None or reservation.arn != arn:
        raise NotInGroupError(f"{arn} is no Capacity Reservation in {region}.")
    zone = reservation.availability_zone
    if zone not in {one.name for one in RegionsAndZonesBackend.zones.get(region, [])}:
        # Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ with capacity-reservations-localzones.html
        # and capacity-reservations-wavelengthzones.html: "You can't use Capacity Reservation groups".
        raise NotInGroupError(f"{arn} is in {zone}, whose reservations cannot be in a group.")
    return reservation


def list_group_resources(self: Any) -> str:
    """One page of a group's reservations, in the order in which they were added."""
    members, first = list(_members(self)), int(self._get_param("NextToken") or 0)
    following = first + int(self._get_param("MaxResults") or _MAX_PAGE)
    identifiers = [{"ResourceArn": arn, "ResourceType": _RESERVATION} for arn in members[first:following]]
    return json.dumps(
        {
            "Resources": [{"Identifier": one} for one in identifiers],
            "ResourceIdentifiers": identifiers,
            "QueryErrors": [],
            "NextToken": str(following) if following < len(members) else None,
        }
    )


def _members(response: Any) -> dict[str, None]:
    given = response._get_param("Group") or response._get_param("GroupName")
    group: FakeResourceGroup = response.resourcegroups_backend.get_group(given)
    if not any(item.get("Type") == _POOL for item in group.configuration or []):
        raise BadRequestException(f"The group {group.name} has no configuration of type {_POOL}")
    members: dict[str, None] = vars(group).setdefault("reservations", {})
    return members
