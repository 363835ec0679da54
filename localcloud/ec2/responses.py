"""The actions as moto's EC2Response dispatches to them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.responses._base_response import EC2BaseResponse

from localcloud.ec2 import faults
from localcloud.ec2.backend import CapacityReservationBackend
from localcloud.ec2.errors import AuthFailure, CapacityReservationError, InternalError, Refused, RequestLimitExceeded
from localcloud.ec2.faults import FaultKind, Request
from localcloud.ec2.faulty_connection import depart, hit, lose
from localcloud.ec2.refusal import refusal
from localcloud.ec2.request_rate import ALL_INSTANCES
from localcloud.ec2.state import State, current

_Action = Callable[[CapacityReservationBackend, dict[str, Any]], dict[str, Any]]
_OWN_ACTIONS = (*faults.ACTIONS, faults.SPLIT, faults.MOVE)


class CapacityReservationsResponse(EC2BaseResponse):
    """One method per action; each answers or refuses, or is hit by a fault."""

    def create_capacity_reservation(self) -> ActionResult | TYPE_RESPONSE:
        return self._perform(faults.CREATE, lambda backend, given: {"CapacityReservation": backend.create(given)})

    def modify_capacity_reservation(self) -> ActionResult | TYPE_RESPONSE:
        return self._perform(faults.MODIFY, CapacityReservationBackend.modify)

    def cancel_capacity_reservation(self) -> ActionResult | TYPE_RESPONSE:
        return self._perform(faults.CANCEL, CapacityReservationBackend.cancel)

    def describe_capacity_reservations(self) -> ActionResult | TYPE_RESPONSE:
        return self._perform(faults.DESCRIBE, CapacityReservationBackend.describe)

    def create_capacity_reservation_by_splitting(self) -> ActionResult | TYPE_RESPONSE:
        return self._perform(faults.SPLIT, CapacityReservationBackend.split)

    def move_capacity_reservation_instances(self) -> ActionResult | TYPE_RESPONSE:
        return self._perform(faults.MOVE, CapacityReservationBackend.move)

    def _perform(self, name: str, action: _Action) -> ActionResult | TYPE_RESPONSE:
        state, given = current(), dict(self._get_params())
        backend, request = CapacityReservationBackend(state, self.ec2_backend), self._request(state, name)
        try:
            with state.lock:
                if not state.rate.admit(self.current_account, self.region, name):
                    raise RequestLimitExceeded
            if name == faults.CREATE:
                backend.repeat_refusal(given)
            _refuse(state, request)
            result = ActionResult(action(backend, given))
        except CapacityReservationError as error:
            with state.lock:
                state.rate.count(self.region, name).refused[error.code] += 1
            if name == faults.CREATE:
                backend.remember_refusal(given, error)
            return refusal(self, error)
        depart(state, request)
        return result

    def _request(self, state: State, name: str) -> Request:
        given = self._get_params() if name in (*_OWN_ACTIONS, faults.CREATE_TAGS, faults.DELETE_TAGS) else {}
        changed = given.get("CapacityReservationId") or given.get("SourceCapacityReservationId")
        changed = changed or next((one for one in given.get("Resources") or [] if one.startswith("cr-")), None)
        instance_type = given.get("InstanceType")
        if changed and not instance_type:
            instance_type = CapacityReservationBackend(state, self.ec2_backend).instance_type_of(str(changed))
        return Request(name, self.region, instance_type, changed)


def arrive(response: Any, name: str) -> TYPE_RESPONSE | None:
    """What a request for any action of EC2, moto's included, meets before it is looked at.

    Args:
        response: moto's EC2Response with the request.
        name: the action.

    Returns:
        A refusal, or None if the action may go on.

    Raises:
        ConnectionAbortedError: the client is left without an answer.
    """
    state, is_own = current(), name in _OWN_ACTIONS
    if is_own or name in faults.WATCHED:
        with state.lock:
            state.rate.count(response.region, name).calls += 1
    if state.is_closed(response.region):
        return refusal(response, AuthFailure())
    request = CapacityReservationsResponse._request(response, state, name)
    lose(state, request)
    try:
        if name in faults.WATCHED:
            _admit(response, state, name)
        if not is_own:
            _refuse(state, request)
    except CapacityReservationError as error:
        if name in faults.WATCHED:
            with state.lock:
                state.rate.count(response.region, name).refused[error.code] += 1
        return refusal(response, error)
    return None


def leave(response: Any, name: str, answer: TYPE_RESPONSE) -> TYPE_RESPONSE:
    """What the answer to one of moto's own actions meets, once it is in effect.

    Raises:
        ConnectionAbortedError: the client is left without it.
    """
    if name in faults.WATCHED and answer[0] == HTTPStatus.OK:
        state = current()
        depart(state, CapacityReservationsResponse._request(response, state, name))
    return answer


def _admit(response: Any, state: State, name: str) -> None:
    given = response._get_params()
    is_bounded = any(given.get(one) for one in ("Filters", "MaxResults", "NextToken"))
    bucket = ALL_INSTANCES if name == faults.DESCRIBE_INSTANCES and not is_bounded else None
    with state.lock:
        if not state.rate.admit(response.current_account, response.region, name, bucket):
            raise RequestLimitExceeded


def _refuse(state: State, request: Request) -> None:
    found = hit(state, request, FaultKind.THROTTLED, FaultKind.INTERNAL_ERROR, FaultKind.REFUSED)
    if found is None:
        return
    if found.fault.kind is FaultKind.THROTTLED:
        raise RequestLimitExceeded
    if found.fault.kind is FaultKind.INTERNAL_ERROR:
        raise InternalError
    raise Refused(found.fault.code, found.fault.status, found.fault.message)
