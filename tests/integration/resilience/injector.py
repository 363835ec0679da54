"""Injects faults into calls, between the libraries and the network."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import pymysql
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import MockRawResponse
from pymysql.connections import Connection
from pymysql.constants import CR, ER

from stepper.branch import TaskFailed
from tests.integration.resilience.aws import signed_for
from tests.integration.resilience.calls import Call, CallFault, Service

LATE_SECONDS = 12.0
"""The EC2 gateway's time-out."""


class Killed(BaseException):
    """The function's process was killed. No function catches this."""


Choice = Callable[[Call], CallFault | None]
"""Picks the fault of each call, in order, if it is to have one."""


class Injector:
    """Sees every call while it watches, and injects the chosen faults.

    Args:
        answer: gives AWS's answer to a request, which never leaves the process.
        wait: lets so many seconds pass.
        make_stale: makes the next describe show an earlier state.
        note_fresh: called when a describe shows the present state.
    """

    def __init__(
        self,
        answer: Callable[[AWSPreparedRequest], AWSResponse],
        wait: Callable[[float], None],
        make_stale: Callable[[], None],
        note_fresh: Callable[[], None],
    ) -> None:
        self._answer, self._wait, self._make_stale, self._note_fresh = answer, wait, make_stale, note_fresh
        self._choose: Choice | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        """What somebody else does, for MEANWHILE."""
        self.fired: Counter[CallFault] = Counter()
        self.silent: set[str] = set()
        """Regions whose EC2 does not answer."""
        self.connected: Callable[[Callable[[str], Any]], None] = lambda _query: None
        """Called with each new connection's query function, which injects no fault."""

    def task(self, call: Call, work: Callable[[], Any]) -> Any:
        """Runs a task of the state machine, perhaps with a fault.

        Args:
            call: the task's call.
            work: makes it.

        Raises:
            TaskFailed: with the error name that the state machine sees.
        """
        fault = self._fault_of(call)
        service = call.service.value.replace(" ", "")
        throttled = "TooManyRequestsException" if call.service is Service.LAMBDA else "ThrottlingException"
        errors = {
            CallFault.THROTTLED: f"{service}.{throttled}",
            CallFault.SERVER_ERROR: f"{service}.ServiceException",
            CallFault.LOST_AFTER: f"{service}.SdkClientException",
            CallFault.UNLISTED_ERROR: "Runtime.OutOfMemory",
        }
        if fault in (CallFault.THROTTLED, CallFault.SERVER_ERROR):
            raise TaskFailed(errors[fault], "injected")
        result = work()
        if fault in errors:
            raise TaskFailed(errors[fault], "injected")
        return result

    @contextmanager
    def watching(self, choose: Choice) -> Iterator[None]:
        """Sees calls and injects faults inside this context only."""
        before, self._choose = self._choose, choose
        try:
            yield
        finally:
            self._choose = before

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Patches the libraries, so that every call comes here."""
        originals: dict[tuple[type, str], Callable[..., Any]] = {
            (URLLib3Session, "send"): URLLib3Session.send,
            (Connection, "connect"): Connection.connect,
            (Connection, "query"): Connection.query,
            (Connection, "commit"): Connection.commit,
        }
        injector = self

        def send(_session: URLLib3Session, request: AWSPreparedRequest) -> Any:
            return injector._http(request)

        def connect(connection: Any, sock: Any = None) -> Any:
            answer = injector._database(
                connection, "connect", lambda: originals[Connection, "connect"](connection, sock)
            )
            injector.connected(lambda sql: originals[Connection, "query"](connection, sql))
            return answer

        def query(connection: Any, sql: str | bytearray, unbuffered: bool = False) -> Any:
            operation = (sql if isinstance(sql, str) else sql.decode()).split(maxsplit=1)[0]
            return injector._database(
                connection, operation, lambda: originals[Connection, "query"](connection, sql, unbuffered)
            )

        def commit(connection: Any) -> Any:
            return injector._database(connection, "COMMIT", lambda: originals[Connection, "commit"](connection))

        for (owner, name), replacement in zip(originals, (send, connect, query, commit), strict=True):
            setattr(owner, name, replacement)
        try:
            yield
        finally:
            for (owner, name), original in originals.items():
                setattr(owner, name, original)

    def _fault_of(self, call: Call) -> CallFault | None:
        if self._choose is None:
            return None
        fault = self._choose(call)
        if fault is None or fault not in call.faults:
            return None
        self.fired[fault] += 1
        if fault is CallFault.KILLED_BEFORE:
            raise Killed
        return fault

    def _http(self, request: AWSPreparedRequest) -> Any:
        call = _call_of(request)
        if call.service is Service.EC2 and signed_for(request)[0] in self.silent:
            self._wait(LATE_SECONDS)
            raise ReadTimeoutError(endpoint_url=request.url)
        fault = self._fault_of(call)
        if fault is CallFault.LOST_BEFORE:
            raise ConnectionClosedError(endpoint_url=request.url)
        if fault in (CallFault.THROTTLED, CallFault.SERVER_ERROR, CallFault.NO_CAPACITY):
            return _refusal(request, call, fault)
        if fault is CallFault.STALE:
            self._make_stale()
        elif call.operation == "DescribeCapacityReservations":
            self._note_fresh()
        if fault is CallFault.MEANWHILE:
            # Somebody else's calls get no faults.
            with self.watching(lambda _call: None):
                self.meanwhile()
            # Raises if the function's time ran out meanwhile.
            self._wait(0.0)
        answer = self._answer(request)
        if fault is CallFault.KILLED_AFTER:
            raise Killed
        if fault is CallFault.LOST_AFTER:
            raise ConnectionClosedError(endpoint_url=request.url)
        if fault is CallFault.LATE:
            self._wait(LATE_SECONDS)
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def _database(self, connection: Any, operation: str, send: Callable[[], Any]) -> Any:
        fault = self._fault_of(Call(Service.DATABASE, operation))
        if fault is CallFault.ACCESS_DENIED:
            raise pymysql.err.OperationalError(ER.ACCESS_DENIED_ERROR, "Access denied")
        if fault is CallFault.LOST_BEFORE:
            raise _connection_lost(connection, operation)
        if fault is CallFault.DEADLOCK:
            connection.rollback()
            raise pymysql.err.OperationalError(ER.LOCK_DEADLOCK, "Deadlock found when trying to get lock")
        answer = send()
        if fault is CallFault.KILLED_AFTER:
            raise Killed
        if fault is CallFault.LOST_AFTER:
            raise _connection_lost(connection, operation)
        return answer


def _call_of(request: AWSPreparedRequest) -> Call:
    _, service = signed_for(request)
    if service == "scheduler":
        return Call(Service.SCHEDULE, "GetSchedule")
    target = request.headers.get("X-Amz-Target")
    if target:
        name = target.decode() if isinstance(target, bytes) else str(target)
        return Call(Service.BUCKETS if service == "dynamodb" else Service.SECRET, name.split(".")[-1])
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    return Call(Service.EC2, parse_qs(body)["Action"][0])


_REFUSALS = {
    CallFault.THROTTLED: (503, "RequestLimitExceeded"),
    CallFault.SERVER_ERROR: (500, "InternalFailureOfSomeKind"),
    CallFault.NO_CAPACITY: (500, "InsufficientInstanceCapacity"),
}


def _refusal(request: AWSPreparedRequest, call: Call, fault: CallFault) -> AWSResponse:
    status, code = _REFUSALS[fault]
    if call.service is not Service.EC2:
        body = json.dumps({"__type": code, "code": code, "message": "injected"})
    else:
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>injected</Message></Error></Errors>"
            "<RequestID>0</RequestID></Response>"
        )
    return AWSResponse(request.url, status, HTTPHeaders(), MockRawResponse(body))


def _connection_lost(connection: Any, operation: str) -> pymysql.err.OperationalError:
    # Once it sees the connection closed, the server rolls back what was not committed.
    connection._force_close()
    if operation == "connect":
        return pymysql.err.OperationalError(CR.CR_CONN_HOST_ERROR, "Can't connect to MySQL server")
    return pymysql.err.OperationalError(CR.CR_SERVER_LOST, "Lost connection to MySQL server during query")
