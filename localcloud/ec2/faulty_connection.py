"""Faults of the connection: requests that do not arrive, and answers that do not."""

import socket

import flask

from localcloud.ec2.faults import ActiveFault, FaultKind, Request
from localcloud.ec2.state import State

_HANGS_SECONDS = 60.0


def hit(state: State, request: Request, *kinds: FaultKind) -> ActiveFault | None:
    """The fault of one of these kinds that hits the request, if any."""
    with state.lock:
        return state.faults.hit(request, state.clock.now(), *kinds)


def lose(state: State, request: Request) -> None:
    """Before it has any effect. A request that never arrives takes nothing from the bucket.

    Raises:
        ConnectionAbortedError: the client is left without an answer.
    """
    if found := hit(state, request, FaultKind.LOST_BEFORE, FaultKind.HANGS):
        hangs = found.fault.kind is FaultKind.HANGS
        seconds = _HANGS_SECONDS if found.fault.seconds is None else found.fault.seconds
        close_connection(state, request.action, request.region, seconds if hangs else 0.0)


def depart(state: State, request: Request) -> None:
    """After the effect, before the answer.

    Raises:
        ConnectionAbortedError: the client is left without an answer.
    """
    found = hit(state, request, FaultKind.LOST_AFTER, FaultKind.LATE)
    if found and found.fault.kind is FaultKind.LOST_AFTER:
        close_connection(state, request.action, request.region)
    elif found:
        state.clock.sleep(found.fault.seconds or 0)


def close_connection(state: State, action: str, region: str, wait: float = 0.0) -> None:
    """Leaves the client without an answer: werkzeug takes the error for a client that went away."""
    with state.lock:
        state.rate.count(region, action).unanswered += 1
    state.clock.sleep(wait)
    if flask.has_request_context():
        connection: socket.socket = flask.request.environ["werkzeug.socket"]
        # Without this werkzeug would wait for the next request, and the client for an answer.
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError(f"{action} is left without an answer")
