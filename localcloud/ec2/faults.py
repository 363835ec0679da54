"""Faults that tests inject. The client uses this module, so it must not import moto."""

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CREATE = "CreateCapacityReservation"
MODIFY = "ModifyCapacityReservation"
CANCEL = "CancelCapacityReservation"
DESCRIBE = "DescribeCapacityReservations"
ACTIONS = (CREATE, MODIFY, CANCEL, DESCRIBE)
DESCRIBE_TYPES = "DescribeInstanceTypes"
DESCRIBE_ZONES = "DescribeAvailabilityZones"
DESCRIBE_INSTANCES = "DescribeInstances"
CREATE_TAGS = "CreateTags"
DELETE_TAGS = "DeleteTags"
WATCHED = (DESCRIBE_INSTANCES, CREATE_TAGS, DELETE_TAGS)
"""Further actions whose requests are counted and throttled."""
GROUP = "GroupResources"
LIST_GROUP = "ListGroupResources"
GROUP_ACTIONS = (GROUP, LIST_GROUP)
"""Actions of Resource Groups."""
ANY = "*"
"""Every action of EC2."""
OTHER_ACTIONS = (DESCRIBE_TYPES, DESCRIBE_ZONES, ANY)
"""Actions that only the kinds BEFORE_EFFECT can hit."""
MAX_LAG_SECONDS = 3600.0


class FaultKind(StrEnum):
    """What a fault does to the requests that it hits. Those `_after` and LATE hit only what EC2 has granted."""

    INSUFFICIENT_CAPACITY = "insufficient_capacity"
    """A create, or a modify that asks for more, is refused whatever the pool has."""
    THROTTLED = "throttled"
    """RequestLimitExceeded, without effect."""
    INTERNAL_ERROR = "internal_error"
    """InternalError with HTTP 500, without effect."""
    REFUSED = "refused"
    """Refused with `code` and `message`, without effect. With a `reservation_id`, GROUP fails for this
    reservation only: the answer's `Failed` has the code and the message."""
    LOST_BEFORE = "lost_before"
    """The connection is closed without an answer, and without effect."""
    HANGS = "hangs"
    """The connection stays open without an answer, and without effect, for `seconds` (60); then it is closed."""
    LOST_AFTER = "lost_after"
    """The request has its effect, then the connection is closed without an answer."""
    LATE = "late"
    """The request has its effect at once, the answer comes `seconds` later."""
    STALE_DESCRIBE = "stale_describe"
    """Describe shows the reservations of `seconds` ago; without `seconds`, those of when the fault was set."""
    PENDING = "pending"
    """A create makes a pending reservation, which becomes `then` after `seconds`."""
    ADJUSTING = "adjusting"
    """A modify is answered `requested`; nothing changes before `seconds` later, when it is `then` (0: at once)."""


BEFORE_EFFECT = (
    FaultKind.LOST_BEFORE,
    FaultKind.HANGS,
    FaultKind.THROTTLED,
    FaultKind.INTERNAL_ERROR,
    FaultKind.REFUSED,
)
"""The kinds that can hit any action."""
_ACTIONS_OF = {
    FaultKind.INSUFFICIENT_CAPACITY: (CREATE, MODIFY),
    FaultKind.STALE_DESCRIBE: (DESCRIBE,),
    FaultKind.PENDING: (CREATE,),
    FaultKind.ADJUSTING: (MODIFY,),
}
_NEEDS_SECONDS = (FaultKind.LATE, FaultKind.PENDING, FaultKind.ADJUSTING)
_ABOUT_ONE = (MODIFY, CANCEL, CREATE_TAGS, DELETE_TAGS, GROUP)
_ADJUSTED = ("applied", "rejected")
_STARTED = ("active", "failed")


def actions_of(kind: FaultKind) -> tuple[str, ...]:
    """The actions that a fault of this kind can hit."""
    if kind in _ACTIONS_OF:
        return _ACTIONS_OF[kind]
    return (*ACTIONS, *WATCHED, *GROUP_ACTIONS, *(OTHER_ACTIONS if kind in BEFORE_EFFECT else ()))


@dataclass(frozen=True)
class Request:
    """What decides which faults hit a request."""

    action: str
    region: str
    reservation_id: str | None = None


@dataclass(frozen=True)
class Fault:
    """One fault, e.g. `Fault(CREATE, FaultKind.LOST_AFTER)` or `Fault(MODIFY, "throttled", 3)`.

    Args:
        action: the action that it hits, as EC2 calls it.
        kind: what it does.
        times: how many requests it hits; None for all until it is cleared.
        seconds: cloud seconds; what they mean depends on the kind.
        lasts: cloud seconds after which the fault ends, however often it has hit; None for no such end.
        then: `active` or `failed` for PENDING, `applied` or `rejected` for ADJUSTING; None for the first.
        region: hits only requests to this Region, e.g. `Fault(ANY, FaultKind.HANGS, None, region="us-west-2")`.
        reservation_id: hits only requests to change, tag or group this reservation.
        code, message: of REFUSED; any that EC2 may answer.

    Raises:
        ValueError: the values make no sense together; the message says what to change.
    """

    action: str
    kind: FaultKind
    times: int | None = 1
    seconds: float | None = None
    lasts: float | None = None
    then: str | None = None
    region: str | None = None
    reservation_id: str | None = None
    code: str = "OperationNotPermitted"
    message: str = "The request was refused on purpose."

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "kind", FaultKind(self.kind))
        except ValueError:
            raise ValueError(f"{self.kind!r} is not a kind of fault; use one of {', '.join(FaultKind)}") from None
        allowed = actions_of(self.kind)
        if self.action not in allowed:
            raise ValueError(f"{self.kind} cannot hit {self.action!r}; use one of {', '.join(allowed)}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be at least 1, or null for no limit, not {self.times}")
        if self.kind in _NEEDS_SECONDS and self.seconds is None:
            raise ValueError(f"{self.kind} needs seconds: how long it takes, in cloud seconds")
        for name, value in (("seconds", self.seconds), ("lasts", self.lasts)):
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"{name} must be 0 or more, not {value}")
        if self.kind is FaultKind.STALE_DESCRIBE and (self.seconds or 0) > MAX_LAG_SECONDS:
            raise ValueError(f"The past is known for {MAX_LAG_SECONDS:.0f} cloud seconds; lag by at most that")
        outcomes = _ADJUSTED if self.kind is FaultKind.ADJUSTING else _STARTED
        object.__setattr__(self, "then", self.then or outcomes[0])
        if self.then not in outcomes:
            raise ValueError(f"then must be {' or '.join(outcomes)}, not {self.then!r}")
        if self.reservation_id is not None and self.action not in _ABOUT_ONE:
            raise ValueError(f"{self.action} is about no one reservation; leave reservation_id out")

    def can_hit(self, request: Request) -> bool:
        """Whether it concerns such a request."""
        any_of_ec2 = self.action == ANY and request.action not in GROUP_ACTIONS
        return (
            (any_of_ec2 or self.action == request.action)
            and self.region in (None, request.region)
            and self.reservation_id in (None, request.reservation_id)
        )


@dataclass
class ActiveFault:
    """A fault that was set, and how often it has hit."""

    fault: Fault
    set_at: float
    """A reading of the cloud's clock."""
    fired: int = 0

    def is_over(self, now: float) -> bool:
        """Whether it can no longer hit anything."""
        spent = self.fault.times is not None and self.fired >= self.fault.times
        return spent or (self.fault.lasts is not None and now - self.set_at >= self.fault.lasts)

    def as_json(self, now: float) -> dict[str, Any]:
        """For the control API."""
        return {**dataclasses.asdict(self.fault), "fired": self.fired, "over": self.is_over(now)}


class Faults:
    """The faults that were set, in order; the first that hits a request counts. The caller holds the lock."""

    def __init__(self) -> None:
        self.set: list[ActiveFault] = []
        self.fired: Counter[FaultKind] = Counter()
        """Hits by kind since the reset, those of cleared faults included."""

    def add(self, fault: Fault, now: float) -> None:
        """Sets a fault."""
        self.set.append(ActiveFault(fault, now))

    def clear(self) -> None:
        """Ends all; the hits stay counted."""
        self.set.clear()

    def hit(self, request: Request, now: float, *kinds: FaultKind) -> ActiveFault | None:
        """The fault of one of these kinds that hits a request, if any; it is counted."""
        for active in self.set:
            fault = active.fault
            if fault.kind in kinds and fault.can_hit(request) and not active.is_over(now):
                active.fired += 1
                self.fired[fault.kind] += 1
                return active
        return None
