"""Why a target was not met, as the errors that ReserveCapacity raises.

The class names are the error names that the state machine retries and catches by. The message is the outcome as JSON,
so that what was achieved is not lost with the attempt.
"""

import json
from typing import ClassVar

from odcr.domain.outcome import Outcome
from odcr.domain.status import Status


class TargetNotMet(Exception):  # noqa: N818 - these names are the state machine's
    """An attempt ended short of its target."""

    status: ClassVar[Status] = Status.FAILED

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(json.dumps(outcome.to_event(), separators=(",", ":")))


class InsufficientInstanceCapacity(TargetNotMet):
    """EC2 has no more instances of the type in the zone at the moment."""

    status = Status.SHORT


class RequestLimitExceeded(TargetNotMet):
    """EC2 takes no more requests at the moment."""

    status = Status.THROTTLED


class OutcomeUnknown(TargetNotMet):
    """A request was not answered, not even when it was repeated."""

    status = Status.FAILED


class QuotaExceeded(TargetNotMet):
    """The account's quota allows no more."""

    status = Status.QUOTA_EXCEEDED


class InvalidTarget(TargetNotMet):
    """EC2 does not know the type or the zone, or not in this combination."""

    status = Status.INVALID


class RequestRefused(TargetNotMet):
    """EC2 refused for a reason that asking again does not change, such as a missing right."""

    status = Status.FAILED
