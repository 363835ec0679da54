"""Every call that the functions and the state machine make, and what can go wrong with it."""

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """Where a call goes."""

    EC2 = "EC2"
    SECRET = "Secrets Manager"
    DATABASE = "database"
    LAMBDA = "Lambda"
    NOTIFICATIONS = "SNS"
    EVENTS = "EventBridge"
    STEP_FUNCTIONS = "Step Functions"
    BUCKETS = "DynamoDB"
    SCHEDULE = "EventBridge Scheduler"


class CallFault(StrEnum):
    """What goes wrong with one call."""

    KILLED_BEFORE = "killed before"
    """The function dies, and the call was never made."""
    KILLED_AFTER = "killed after"
    """The call has its effect, then the function dies."""
    LOST_BEFORE = "lost before"
    """The connection breaks, and the call had no effect."""
    LOST_AFTER = "lost after"
    """The call has its effect, then the connection breaks."""
    LATE = "late"
    """The call has its effect, and the answer comes when nobody waits for it any more."""
    THROTTLED = "throttled"
    """Too many requests; no effect."""
    SERVER_ERROR = "server error"
    """HTTP 500 with an error code that nobody knows; no effect."""
    NO_CAPACITY = "no capacity"
    """Refused, with HTTP 500, whatever the pool has."""
    STALE = "stale"
    """A describe that shows how things stood a while ago."""
    ACCESS_DENIED = "access denied"
    """The password is no longer right."""
    DEADLOCK = "deadlock"
    """The database rolls the transaction back."""
    MEANWHILE = "meanwhile"
    """Before the call, somebody else does something."""
    NAMELESS = "nameless"
    """The call has its effect, then ends with an error whose name nobody lists."""


_COMMON = (CallFault.KILLED_BEFORE, CallFault.KILLED_AFTER, CallFault.LOST_BEFORE, CallFault.LOST_AFTER)
_TASKS = (Service.LAMBDA, Service.NOTIFICATIONS, Service.EVENTS, Service.STEP_FUNCTIONS)
"""What the state machine calls."""
_TASK = (CallFault.THROTTLED, CallFault.SERVER_ERROR, CallFault.LOST_AFTER, CallFault.NAMELESS)
_HTTP = (*_COMMON, CallFault.LATE, CallFault.THROTTLED, CallFault.SERVER_ERROR)


@dataclass(frozen=True)
class Call:
    """One call, e.g. `Call(Service.EC2, "CreateCapacityReservation")`."""

    service: Service
    operation: str
    """The API's action; for the database the statement's first word, or `connect`; for Lambda the function."""

    @property
    def faults(self) -> tuple[CallFault, ...]:
        """What can go wrong with it."""
        if self.service is Service.DATABASE:
            if self.operation == "connect":
                return (CallFault.KILLED_BEFORE, CallFault.LOST_BEFORE, CallFault.LOST_AFTER, CallFault.ACCESS_DENIED)
            return (*_COMMON, CallFault.DEADLOCK)
        if self.service in _TASKS:
            return _TASK
        if self.operation == "DescribeCapacityReservations":
            return (*_HTTP, CallFault.STALE, CallFault.MEANWHILE)
        if self.service is Service.EC2 and self.operation.endswith("CapacityReservation"):
            return (*_HTTP, CallFault.NO_CAPACITY, CallFault.MEANWHILE)
        return _HTTP
