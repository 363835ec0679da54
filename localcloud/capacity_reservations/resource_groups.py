"""Resource groups of reservations, which moto's Resource Groups lack.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-group.html
https://docs.aws.amazon.com/ARG/latest/userguide/about-slg-types.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_ListGroupResources.html

moto's groups get the attribute `reservations`, the ARNs of their members in the order in which they came. A reservation
that has ended stays: AWS documents that one leaves by itself only where it is no longer shared.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.resourcegroups.exceptions import BadRequestException
from moto.resourcegroups.models import FakeResourceGroup
from moto.resourcegroups.responses import ResourceGroupsResponse
from moto.resourcegroups.urls import url_paths

from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.market import NotInGroupError

_POOL, _GENERIC = "AWS::EC2::CapacityReservationPool", "AWS::ResourceGroups::Generic"
_RESERVATION = "AWS::EC2::CapacityReservation"
_MAX_ARNS, _MAX_PAGE = 10, 50
_motos_create = ResourceGroupsResponse.create_group


def hook() -> None:
    """Puts the actions into moto's Resource Groups. To be called once."""
    for path in ("group-resources", "ungroup-resources", "list-group-resources"):
        url_paths[f"{{0}}/{path}$"] = ResourceGroupsResponse.dispatch
    for action in (create_group, get_group, group_resources, ungroup_resources, list_group_resources):
        setattr(ResourceGroupsResponse, action.__name__, action)


def create_group(self: Any) -> str:
    """moto's, which looks at no configuration.

    Raises:
        BadRequestException: there is a query as well, or a pool without "A Configuration with this parameter and value
            is required when the service configuration also contains ... AWS::EC2::CapacityReservationPool".
    """
    configuration = self._get_param("Configuration") or []
    if configuration and self._get_param("ResourceQuery"):
        raise BadRequestException("A resource group can contain either a Configuration or a ResourceQuery, not both")
    generic = [one for item in configuration if item.get("Type") == _GENERIC for one in item.get("Parameters") or []]
    types = [value for one in generic if one.get("Name") == "allowed-resource-types" for value in one["Values"]]
    if any(item.get("Type") == _POOL for item in configuration) and types != [_RESERVATION]:
        raise BadRequestException(f"{_POOL} needs {_GENERIC} with allowed-resource-types {_RESERVATION}")
    return _motos_create(self)


def get_group(self: Any) -> str:
    """By name or ARN; moto knows only the deprecated `GroupName`."""
    group = _group(self)
    return json.dumps({"Group": {"GroupArn": group.arn, "Name": group.name, "Description": group.description}})


def group_resources(self: Any) -> str:
    """Puts reservations into a group; those that cannot be in it are `Failed`."""

    def add(group: FakeResourceGroup, members: dict[str, None], arn: str) -> None:
        del group
        ec2_backend: Any = ec2_backends[self.current_account][self.region]
        reservation = ec2_backend.capacity_reservations.get(arn.rpartition("/")[2])
        if reservation is None or reservation.arn != arn:
            raise NotInGroupError(f"{arn} is no Capacity Reservation in {self.region}.")
        zone = reservation.availability_zone
        if zone not in {one.name for one in RegionsAndZonesBackend.zones.get(self.region, [])}:
            # Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ with capacity-reservations-localzones.html
            # and capacity-reservations-wavelengthzones.html: "You can't use Capacity Reservation groups".
            raise NotInGroupError(f"{arn} is in {zone}, whose reservations cannot be in a group.")
        members[arn] = None
        # "If a matching Capacity Reservation is added to the targeted group at a later stage, the instance is
        # automatically matched with and moved into its reserved capacity."
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-cr-group.html
        ec2_backend.absorb_instances(reservation)

    return _for_each(self, "GroupResources", add)


def ungroup_resources(self: Any) -> str:
    """Takes reservations out of a group; the instances that target it go on in them.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups-remove.html
    """

    def remove(group: FakeResourceGroup, members: dict[str, None], arn: str) -> None:
        if arn not in members:
            raise NotInGroupError(f"{arn} is not in the group {group.name}.")
        del members[arn]

    return _for_each(self, "UngroupResources", remove)


def list_group_resources(self: Any) -> str:
    """One page of a group's reservations, in the order in which they came."""
    members, token = list(_members(_group(self))), self._get_param("NextToken") or "0"
    size = int(self._get_param("MaxResults") or _MAX_PAGE)
    if not 1 <= size <= _MAX_PAGE or not token.isdecimal():
        raise BadRequestException(f"MaxResults must be from 1 to {_MAX_PAGE}, and NextToken as it came")
    for one in self._get_param("Filters") or []:
        if _RESERVATION not in one.get("Values", []):
            raise BadRequestException("The resource types specified as filters in the request are not valid.")
    following = int(token) + size
    identifiers = [{"ResourceArn": arn, "ResourceType": _RESERVATION} for arn in members[int(token) : following]]
    return json.dumps(
        {
            "Resources": [{"Identifier": one} for one in identifiers],
            "ResourceIdentifiers": identifiers,
            "QueryErrors": [],
            "NextToken": str(following) if following < len(members) else None,
        }
    )


def _for_each(response: Any, action: str, change: Callable[[FakeResourceGroup, dict[str, None], str], None]) -> str:
    group, arns = _group(response), list(response._get_param("ResourceArns") or [])
    members, succeeded = _members(group), []
    failed: list[Mapping[str, str]] = []
    if not 1 <= len(arns) <= _MAX_ARNS:
        raise BadRequestException(f"ResourceArns must have from 1 to {_MAX_ARNS} members, not {len(arns)}")
    with market.current().lock:
        for arn in arns:
            try:
                market.current().regroup(action, str(response.region), arn)
                change(group, members, arn)
                succeeded.append(arn)
            except NotInGroupError as error:
                failed.append({"ResourceArn": arn, "ErrorCode": error.code, "ErrorMessage": str(error)})
    return json.dumps({"Succeeded": succeeded, "Failed": failed, "Pending": []})


def _group(response: Any) -> FakeResourceGroup:
    given = response._get_param("Group") or response._get_param("GroupName")
    group: FakeResourceGroup = response.resourcegroups_backend.get_group(given)
    return group


def _members(group: FakeResourceGroup) -> dict[str, None]:
    if not any(item.get("Type") == _POOL for item in group.configuration or []):
        raise BadRequestException(f"The group {group.name} has no configuration of type {_POOL}")
    members: dict[str, None] = vars(group).setdefault("reservations", {})
    return members
