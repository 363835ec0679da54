"""Every call that the functions and the state machine make, and what can go wrong with it."""

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """The service that a call goes to."""

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
    """A fault of one call."""

    KILLED_BEFORE = "killed before"
    """The function dies before it makes the call."""
    KILLED_AFTER = "killed after"
    """The call takes effect, then the function dies."""
    LOST_BEFORE = "lost before"
    """The connection breaks; no effect."""
    LOST_AFTER = "lost after"
    """The call takes effect, then the connection breaks."""
    LATE = "late"
    """The call takes effect, and the answer comes after the time-out."""
    THROTTLED = "throttled"
    """Too many requests; no effect."""
    SERVER_ERROR = "server error"
    """HTTP 500 with an unknown error code; no effect."""
    NO_CAPACITY = "no capacity"
    """Refused with HTTP 500, whatever the pool has; no effect."""
    STALE = "stale"
    """The describe shows an earlier state."""
    ACCESS_DENIED = "access denied"
    """The password is wrong."""
    DEADLOCK = "deadlock"
    """The database rolls the transaction back."""
    MEANWHILE = "meanwhile"
    """Somebody else acts just before the call."""
    UNLISTED_ERROR = "unlisted error"
    """The call takes effect, then ends with an error that no Retry names."""


_COMMON_FAULTS = (CallFault.KILLED_BEFORE, CallFault.KILLED_AFTER, CallFault.LOST_BEFORE, CallFault.LOST_AFTER)
_TASK_SERVICES = (Service.LAMBDA, Service.NOTIFICATIONS, Service.EVENTS, Service.STEP_FUNCTIONS)
"""Called by the state machine itself."""
_TASK_FAULTS = (CallFault.THROTTLED, CallFault.SERVER_ERROR, CallFault.LOST_AFTER, CallFault.UNLISTED_ERROR)
_HTTP_FAULTS = (*_COMMON_FAULTS, CallFault.LATE, CallFault.THROTTLED, CallFault.SERVER_ERROR)


@dataclass(frozen=True)
class Call:
    """One call, e.g. `Call(Service.EC2, "CreateCapacityReservation")`."""

    service: Service
    operation: str
    """The API's action; for the database the statement's first word, or `connect`; for Lambda the function."""

    @property
    def faults(self) -> tuple[CallFault, ...]:
        """The faults that it can have."""
        if self.service is Service.DATABASE:
            if self.operation == "connect":
                return (CallFault.KILLED_BEFORE, CallFault.LOST_BEFORE, CallFault.LOST_AFTER, CallFault.ACCESS_DENIED)
            return (*_COMMON_FAULTS, CallFault.DEADLOCK)
        if self.service in _TASK_SERVICES:
            return _TASK_FAULTS
        if self.operation == "DescribeCapacityReservations":
            return (*_HTTP_FAULTS, CallFault.STALE, CallFault.MEANWHILE)
        if self.service is Service.EC2 and self.operation.endswith("CapacityReservation"):
            return (*_HTTP_FAULTS, CallFault.NO_CAPACITY, CallFault.MEANWHILE)
        return _HTTP_FAULTS
