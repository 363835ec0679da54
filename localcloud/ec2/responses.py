"""The actions as moto's EC2Response dispatches to them."""

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
from localcloud.ec2.errors import CapacityReservationError, InternalError, RequestLimitExceeded
from localcloud.ec2.faults import FaultKind
from localcloud.ec2.state import State, current

_Action = Callable[[CapacityReservationBackend, dict[str, Any]], dict[str, Any]]
_BEFORE = {FaultKind.THROTTLED: RequestLimitExceeded, FaultKind.INTERNAL_ERROR: InternalError}


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

    def _perform(self, name: str, action: _Action) -> ActionResult | TYPE_RESPONSE:
        state, given = current(), dict(self._get_params())
        if not catalogue.zones_of(self.region):
            # On AWS the endpoint of a Region that does not exist cannot be reached either.
            self._close_connection(state, name)
        backend = CapacityReservationBackend(state, self.ec2_backend)
        instance_type = given.get("InstanceType") or backend.instance_type_of(given.get("CapacityReservationId", ""))
        with state.lock:
            state.rate.count(self.region, name).calls += 1
        try:
            self._hit_before(state, name, instance_type)
            result = ActionResult(action(backend, given))
        except CapacityReservationError as refusal:
            with state.lock:
                state.rate.count(self.region, name).refused[refusal.code] += 1
            return self._refusal(refusal)
        self._hit_after(state, name, instance_type)
        return result

    def _hit_before(self, state: State, name: str, instance_type: str | None) -> None:
        with state.lock:
            now = state.clock.now()
            # A request that never arrives takes nothing from the bucket.
            if state.faults.hit(name, instance_type, now, FaultKind.LOST_BEFORE):
                self._close_connection(state, name)
            if not state.rate.admit(self.current_account, self.region, name):
                raise RequestLimitExceeded
            if hit := state.faults.hit(name, instance_type, now, *_BEFORE):
                raise _BEFORE[hit.fault.kind]

    def _hit_after(self, state: State, name: str, instance_type: str | None) -> None:
        with state.lock:
            hit = state.faults.hit(name, instance_type, state.clock.now(), FaultKind.LOST_AFTER, FaultKind.LATE)
        if hit and hit.fault.kind is FaultKind.LOST_AFTER:
            self._close_connection(state, name)
        elif hit:
            state.clock.sleep(hit.fault.seconds or 0)

    def _close_connection(self, state: State, name: str) -> None:
        """Leaves the client without an answer: werkzeug takes the error for a client that went away."""
        with state.lock:
            state.rate.count(self.region, name).unanswered += 1
        if flask.has_request_context():
            connection: socket.socket = flask.request.environ["werkzeug.socket"]
            # Without this werkzeug would wait for the next request, and the client for an answer.
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError(f"{name} is left without an answer")

    def _refusal(self, refusal: CapacityReservationError) -> TYPE_RESPONSE:
        # moto knows the status of an error only from botocore's model, which has no errors for EC2.
        _, headers, body = self.serialized(ActionResult(refusal))
        return refusal.status, {**headers, "status": HTTPStatus(refusal.status).value}, body
