"""The actions as moto's EC2Response dispatches to them."""

import functools
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import flask
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.responses._base_response import EC2BaseResponse

from localcloud.ec2 import catalogue, faults
from localcloud.ec2.backend import CapacityReservationBackend
from localcloud.ec2.errors import CapacityReservationError, InternalError, Refused, RequestLimitExceeded
from localcloud.ec2.faults import ActiveFault, FaultKind, Request
from localcloud.ec2.state import State, current

_Action = Callable[[CapacityReservationBackend, dict[str, Any]], dict[str, Any]]
_OWN_ACTIONS = (*faults.ACTIONS, faults.SPLIT, faults.MOVE)
_HANGS_SECONDS = 60.0


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
        except CapacityReservationError as refusal:
            with state.lock:
                state.rate.count(self.region, name).refused[refusal.code] += 1
            if name == faults.CREATE:
                backend.remember_refusal(given, refusal)
            return self._refusal(refusal)
        hit = _hit(state, request, FaultKind.LOST_AFTER, FaultKind.LATE)
        if hit and hit.fault.kind is FaultKind.LOST_AFTER:
            self._close_connection(state, name)
        elif hit:
            state.clock.sleep(hit.fault.seconds or 0)
        return result

    def _request(self, state: State, name: str) -> Request:
        given = self._get_params() if name in _OWN_ACTIONS else {}
        changed = given.get("CapacityReservationId") or given.get("SourceCapacityReservationId")
        instance_type = given.get("InstanceType")
        if changed and not instance_type:
            instance_type = CapacityReservationBackend(state, self.ec2_backend).instance_type_of(str(changed))
        return Request(name, self.region, instance_type, changed)

    def _close_connection(self, state: State, name: str, wait: float = 0.0) -> None:
        """Leaves the client without an answer: werkzeug takes the error for a client that went away."""
        with state.lock:
            state.rate.count(self.region, name).unanswered += 1
        state.clock.sleep(wait)
        if flask.has_request_context():
            connection: socket.socket = flask.request.environ["werkzeug.socket"]
            # Without this werkzeug would wait for the next request, and the client for an answer.
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError(f"{name} is left without an answer")

    def _refusal(self, refusal: CapacityReservationError) -> TYPE_RESPONSE:
        # moto knows the status of an error only from botocore's model, which has no errors for EC2.
        _, headers, body = self.serialized(ActionResult(refusal))
        return refusal.status, {**headers, "status": HTTPStatus(refusal.status).value}, body


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
    close = functools.partial(CapacityReservationsResponse._close_connection, response, state, name)
    if not catalogue.zones_of(response.region):
        # On AWS the endpoint of a Region that does not exist cannot be reached either.
        close()
    if is_own:
        with state.lock:
            state.rate.count(response.region, name).calls += 1
    request = CapacityReservationsResponse._request(response, state, name)
    # A request that never arrives takes nothing from the bucket.
    if hit := _hit(state, request, FaultKind.LOST_BEFORE, FaultKind.HANGS):
        hangs = hit.fault.kind is FaultKind.HANGS
        close((_HANGS_SECONDS if hit.fault.seconds is None else hit.fault.seconds) if hangs else 0.0)
    try:
        if not is_own:
            _refuse(state, request)
    except CapacityReservationError as refusal:
        return CapacityReservationsResponse._refusal(response, refusal)
    return None


def _refuse(state: State, request: Request) -> None:
    hit = _hit(state, request, FaultKind.THROTTLED, FaultKind.INTERNAL_ERROR, FaultKind.REFUSED)
    if hit is None:
        return
    if hit.fault.kind is FaultKind.THROTTLED:
        raise RequestLimitExceeded
    if hit.fault.kind is FaultKind.INTERNAL_ERROR:
        raise InternalError
    raise Refused(hit.fault.code, hit.fault.status, hit.fault.message)


def _hit(state: State, request: Request, *kinds: FaultKind) -> ActiveFault | None:
    with state.lock:
        return state.faults.hit(request, state.clock.now(), *kinds)
