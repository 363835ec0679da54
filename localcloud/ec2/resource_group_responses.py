"""Resource groups of reservations, which moto's Resource Groups lack.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-group.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_ListGroupResources.html
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.resourcegroups.exceptions import BadRequestException
from moto.resourcegroups.models import FakeResourceGroup
from moto.resourcegroups.responses import ResourceGroupsResponse
from moto.resourcegroups.urls import url_paths

from localcloud.ec2 import faults, launching
from localcloud.ec2.faults import FaultKind, Request
from localcloud.ec2.faulty_connection import depart, hit, lose
from localcloud.ec2.group_configuration import RESERVATION, check, must_hold_reservations
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import State, current
from localcloud.ec2.zones import is_local

_MAX_ARNS, _MAX_PAGE = 10, 50
_Answer = dict[str, Any]
_motos_create, _motos_delete = ResourceGroupsResponse.create_group, ResourceGroupsResponse.delete_group


class _RefusalError(JsonRESTError):
    def __init__(self, code: str, status: int, message: str) -> None:
        self.code = status
        super().__init__(code, message)


def add_group_actions() -> None:
    """Puts the actions into moto's Resource Groups."""
    for path in ("group-resources", "ungroup-resources", "list-group-resources"):
        url_paths[f"{{0}}/{path}$"] = ResourceGroupsResponse.dispatch
    actions = (create_group, delete_group, get_group, group_resources, ungroup_resources, list_group_resources)
    for action in actions:
        setattr(ResourceGroupsResponse, action.__name__, action)


def create_group(self: Any) -> str:
    """moto's, which looks at no configuration."""
    configuration = self._get_param("Configuration")
    if configuration:
        check(configuration, self._get_param("ResourceQuery"))
    return _motos_create(self)


def delete_group(self: Any) -> str:
    """moto's; the group's instances go on in their reservations."""
    with current().lock:
        current().members.forget(_group(self).arn)
        return _motos_delete(self)


def get_group(self: Any) -> str:
    """By name or ARN; moto knows only the deprecated `GroupName`."""
    group = _group(self)
    return json.dumps({"Group": {"GroupArn": group.arn, "Name": group.name, "Description": group.description}})


def group_resources(self: Any) -> str:
    """Puts reservations into a group; those that cannot be in it are `Failed`."""

    def add(state: State, group: FakeResourceGroup, arn: str) -> None:
        reservation = _reservation(state, self, arn)
        if is_local(reservation.availability_zone):
            # Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ with capacity-reservations-localzones.html
            # and capacity-reservations-wavelengthzones.html: "You can't use Capacity Reservation groups".
            raise ValueError(f"{arn} is in {reservation.availability_zone}, whose reservations cannot be in a group.")
        state.members.add(group.arn, arn)
        # "If a matching Capacity Reservation is added to the targeted group at a later stage, the instance is
        # automatically matched with and moved into its reserved capacity."
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-cr-group.html
        history = state.history(self.current_account, self.region)
        launching.absorb(state, history, reservation, state.clock.now())

    return _perform(self, faults.GROUP, lambda state: _each(self, state, faults.GROUP, add))


def ungroup_resources(self: Any) -> str:
    """Takes reservations out of a group; the instances that target it go on in them.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups-remove.html
    """

    def remove(state: State, group: FakeResourceGroup, arn: str) -> None:
        if not state.members.remove(group.arn, arn):
            raise ValueError(f"{arn} is not in the group {group.name}.")

    return _perform(self, faults.UNGROUP, lambda state: _each(self, state, faults.UNGROUP, remove))


def list_group_resources(self: Any) -> str:
    """One page of a group's reservations, in the order in which they came."""

    def page(state: State) -> _Answer:
        group, size = _group(self), int(self._get_param("MaxResults") or _MAX_PAGE)
        must_hold_reservations(group)
        members, token = state.members.of(group.arn), self._get_param("NextToken") or "0"
        if not 1 <= size <= _MAX_PAGE or not token.isdecimal():
            raise BadRequestException(f"MaxResults must be from 1 to {_MAX_PAGE}, and NextToken as it came")
        for one in self._get_param("Filters") or []:
            if RESERVATION not in one.get("Values", []):
                raise BadRequestException("The resource types specified as filters in the request are not valid.")
        shown, following = members[int(token) : int(token) + size], int(token) + size
        identifiers = [{"ResourceArn": arn, "ResourceType": RESERVATION} for arn in shown]
        return {
            "Resources": [{"Identifier": one} for one in identifiers],
            "ResourceIdentifiers": identifiers,
            "QueryErrors": [],
            "NextToken": str(following) if following < len(members) else None,
        }

    return _perform(self, faults.LIST_GROUP, page)


def _perform(response: Any, action: str, perform: Callable[[State], _Answer]) -> str:
    state, request = current(), Request(action, str(response.region))
    with state.lock:
        state.rate.count(request.region, action).calls += 1
    lose(state, request)
    try:
        _refuse(state, request)
        with state.lock:
            state.settle()
            answer = perform(state)
    except JsonRESTError as error:
        with state.lock:
            state.rate.count(request.region, action).refused[error.error_type] += 1
        raise
    depart(state, request)
    return json.dumps(answer)


def _refuse(state: State, request: Request) -> None:
    """https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html#API_GroupResources_Errors"""
    found = hit(state, request, FaultKind.THROTTLED, FaultKind.INTERNAL_ERROR, FaultKind.REFUSED)
    if found is None:
        return
    if found.fault.kind is FaultKind.THROTTLED:
        raise _RefusalError("TooManyRequestsException", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests.")
    if found.fault.kind is FaultKind.INTERNAL_ERROR:
        raise _RefusalError(
            "InternalServerErrorException", HTTPStatus.INTERNAL_SERVER_ERROR, "An internal error occurred."
        )
    raise _RefusalError(found.fault.code, found.fault.status, found.fault.message)


def _each(response: Any, state: State, action: str, change: Callable[[State, FakeResourceGroup, str], None]) -> _Answer:
    group, arns = _group(response), list(response._get_param("ResourceArns") or [])
    must_hold_reservations(group)
    if not 1 <= len(arns) <= _MAX_ARNS:
        raise BadRequestException(f"ResourceArns must have from 1 to {_MAX_ARNS} members, not {len(arns)}")
    succeeded: list[str] = []
    failed: list[Mapping[str, str]] = []
    for arn in arns:
        one = Request(action, str(response.region), reservation_id=arn.rpartition("/")[2])
        found = hit(state, one, FaultKind.REFUSED)
        try:
            if found is None:
                change(state, group, arn)
        except ValueError as error:
            # The codes are documented nowhere; this one is the local cloud's own.
            failed.append({"ResourceArn": arn, "ErrorCode": "INVALID_RESOURCE", "ErrorMessage": str(error)})
        else:
            if found is None:
                succeeded.append(arn)
            else:
                why = {"ErrorCode": found.fault.code, "ErrorMessage": found.fault.message}
                failed.append({"ResourceArn": arn, **why})
    return {"Succeeded": succeeded, "Failed": failed, "Pending": []}


def _group(response: Any) -> FakeResourceGroup:
    given = response._get_param("Group") or response._get_param("GroupName")
    group: FakeResourceGroup = response.resourcegroups_backend.get_group(given)
    return group


def _reservation(state: State, response: Any, arn: str) -> Reservation:
    """The reservation of the group's own Region, of which the account may not be the owner.

    Raises:
        ValueError: there is none.
    """
    known = state.history(response.current_account, response.region).get(arn.rpartition("/")[2])
    if known is None or known.arn != arn:
        raise ValueError(f"{arn} is no Capacity Reservation in {response.region}.")
    return known
