"""Request rates, faults and HTTP statuses of EC2 and Resource Groups, around moto."""

import json
import socket
from http import HTTPStatus
from typing import Any

import flask
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.resourcegroups.responses import ResourceGroupsResponse

from localcloud.capacity_reservations import market
from localcloud.ec2 import faults
from localcloud.ec2.faults import FaultKind, Request
from localcloud.ec2.request_rate import ALL_INSTANCES
from localcloud.ec2.state import State

_LIMITED = (*faults.ACTIONS, *faults.WATCHED)
_HANGS_SECONDS = 60.0
_STATUSES = {
    "AuthFailure": 401,
    "DryRunOperation": 412,
    # EC2 has answered this with 500 (FACTS).
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "InternalServerErrorException": 500,
    "RequestLimitExceeded": 503,
    "TooManyRequestsException": 429,
    "UnauthorizedOperation": 403,
}
"""The HTTP statuses that are not 400. moto takes them from botocore's model, which has no errors for EC2."""
_THROTTLED = EC2ClientError("RequestLimitExceeded", "Request limit exceeded.")
_FAILED = EC2ClientError("InternalError", "An internal error has occurred")
_UNKNOWN = EC2ClientError("AuthFailure", "AWS was not able to validate the provided access credentials")
_OF_GROUPS = {
    # https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html#API_GroupResources_Errors
    _THROTTLED: EC2ClientError("TooManyRequestsException", "Too many requests."),
    _FAILED: EC2ClientError("InternalServerErrorException", "An internal error occurred."),
}


def hook() -> None:
    """Hooks into moto. The second call does nothing."""
    if not issubclass(EC2Response, WatchedResponse):
        for response in (EC2Response, ResourceGroupsResponse):
            # By setattr: the bases of a class are replaced on purpose.
            setattr(response, "__bases__", (WatchedResponse, *response.__bases__))  # noqa: B010


class WatchedResponse(BaseResponse):
    """Puts rates, faults and statuses around moto's actions."""

    refused_with: EC2ClientError | None = None

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        status, headers, body = super().serialized(action_result)
        error = action_result.result
        if isinstance(error, EC2ClientError):
            self.refused_with = error
            status = _STATUSES.get(error.code, status)
        return status, headers, body

    def call_action(self) -> TYPE_RESPONSE:
        state, action, is_of_ec2 = market.current(), self._get_action(), isinstance(self, EC2Response)
        if not isinstance(state, State) or (not is_of_ec2 and action not in faults.GROUP_ACTIONS):
            return super().call_action()
        request, is_counted = _request(self, action), action in _LIMITED or not is_of_ec2
        if is_counted:
            with state.lock:
                state.rate.count(self.region, action).calls += 1
        if is_of_ec2 and state.is_closed(self.region):
            return _refused(self, _UNKNOWN)
        _lose(state, request)
        error = _refusal(state, self, request)
        answer = _refused(self, error) if error else super().call_action()
        if is_counted and answer[0] == HTTPStatus.OK:
            _depart(state, request)
        elif is_counted:
            code = self.refused_with.code if self.refused_with else json.loads(answer[2])["__type"]
            with state.lock:
                state.rate.count(self.region, action).refused[code] += 1
                if action == faults.CREATE:
                    _remember(state, self, self.refused_with)
        return answer


def _request(response: Any, action: str) -> Request:
    """The request as faults see it."""
    given = response._get_params() if action in _LIMITED else {}
    tagged = (one for one in given.get("Resources") or [] if one.startswith("cr-"))
    return Request(action, response.region, given.get("CapacityReservationId") or next(tagged, None))


def _refusal(state: State, response: Any, request: Request) -> EC2ClientError | None:
    """Why a request is refused before moto sees it."""
    with state.lock:
        if request.action in _LIMITED:
            given = response._get_params()
            is_bounded = any(given.get(one) for one in ("Filters", "MaxResults", "NextToken"))
            bucket = ALL_INSTANCES if request.action == faults.DESCRIBE_INSTANCES and not is_bounded else None
            if not state.rate.admit(response.current_account, request.region, request.action, bucket):
                return _THROTTLED
        scope, given = _token(response)
        if request.action == faults.CREATE and scope in state.refused_tokens:
            first, refusal = state.refused_tokens[scope]
            mismatch = "The client token has been used before, with other parameters."
            return refusal if first == given else EC2ClientError("IdempotentParameterMismatch", mismatch)
    found = state.hit(request, FaultKind.THROTTLED, FaultKind.INTERNAL_ERROR, FaultKind.REFUSED)
    if found is None:
        return None
    fault = found.fault
    if fault.kind is FaultKind.REFUSED:
        return EC2ClientError(fault.code, fault.message)
    error = _THROTTLED if fault.kind is FaultKind.THROTTLED else _FAILED
    return _OF_GROUPS[error] if request.action in faults.GROUP_ACTIONS else error


def _refused(response: Any, error: EC2ClientError) -> TYPE_RESPONSE:
    if isinstance(response, EC2Response):
        status, headers, body = response.serialized(ActionResult(error))
        return status, {**headers, "status": str(status)}, body
    status = _STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
    body = json.dumps({"__type": error.code, "message": error.message})
    return status, {"status": str(status), "Content-Type": "application/json"}, body


def _remember(state: State, response: Any, refusal: EC2ClientError | None) -> None:
    """Remembers a refused token if a test wants that. An InternalError's outcome is unknown, so it is not a refusal."""
    scope, given = _token(response)
    if state.remember_refused and scope and refusal and refusal.code not in ("DryRunOperation", "InternalError"):
        state.refused_tokens.setdefault(scope, (given, EC2ClientError(refusal.code, refusal.message)))


def _token(response: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The scope of a create's client token, and the parameters that must not change when it is used again."""
    given = dict(response._get_params())
    zone, token = str(given.get("AvailabilityZone")), given.pop("ClientToken", None)
    return (response.current_account, response.region, zone, token) if token else (), given


def _lose(state: State, request: Request) -> None:
    """Loses a request before it has any effect. It takes nothing from the bucket."""
    if found := state.hit(request, FaultKind.LOST_BEFORE, FaultKind.HANGS):
        seconds = _HANGS_SECONDS if found.fault.seconds is None else found.fault.seconds
        _close_connection(state, request, seconds if found.fault.kind is FaultKind.HANGS else 0.0)


def _depart(state: State, request: Request) -> None:
    """Loses the answer, or delays it."""
    found = state.hit(request, FaultKind.LOST_AFTER, FaultKind.LATE)
    if found and found.fault.kind is FaultKind.LOST_AFTER:
        _close_connection(state, request, 0.0)
    elif found:
        state.clock.sleep(found.fault.seconds or 0)


def _close_connection(state: State, request: Request, wait: float) -> None:
    """Leaves the client without an answer; werkzeug takes the error for a client that went away."""
    with state.lock:
        state.rate.count(request.region, request.action).unanswered += 1
    state.clock.sleep(wait)
    if flask.has_request_context():
        connection: socket.socket = flask.request.environ["werkzeug.socket"]
        # Otherwise werkzeug would wait for the next request, and the client for an answer.
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError(f"{request.action} is left without an answer")
