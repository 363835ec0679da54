"""How a request for capacity can fail, whatever EC2 calls it, and what a person can do about it.

The EC2 gateway raises these; the acquisition decides what follows from them.
"""

import json
import re
from typing import ClassVar

from odcr.domain.outcome import Outcome, Status

_CREDENTIALS = "The function's credentials were not accepted. If this lasts, look at its role."
_ADVICE = {
    "PendingVerification": "AWS is still verifying the account, which takes some hours. If it lasts, ask AWS Support.",
    "Blocked": "AWS has blocked the account for this. Ask AWS Support.",
    "OptInRequired": "Enable the Region for the account, or subscribe to what the instances need in AWS Marketplace.",
    "AuthFailure": "Is the Region enabled for the account? If it is, look at the function's role.",
    "ExpiredToken": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
    "RequestExpired": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "IncompleteSignature": _CREDENTIALS,
    "MissingAuthenticationToken": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
    "UnauthorizedOperation": "The function's role lacks the IAM right.",
    "AccessDenied": "The function's role lacks the IAM right.",
    "AccessDeniedException": "The function's role lacks the IAM right.",
}
"""By code, for those that are about the account and not about the row:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""

_ORGANIZATION = "The organization denies it: ask those who manage its policies."
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_ACTION = re.compile(r"not authorized to perform: (?P<action>[\w:*-]+)")
_DENIAL = re.compile(r"with an explicit deny in an? [\w -]+?policy|because no [\w -]+?policy allows")
_HINT = re.compile(r"choosing (?P<zones>[a-z0-9-]+(?:(?:, | or |, or )[a-z0-9-]+)*)")


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """EC2 did not do what was asked.

    Args:
        code: EC2's error code.
        message: EC2's message.
    """

    usual_advice: ClassVar[str] = ""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")

    @property
    def advice(self) -> str:
        """What a person can do about it; empty where there is nothing to do."""
        if "service control policy" in self.message or "resource control policy" in self.message:
            return _ORGANIZATION
        return _ADVICE.get(self.code, self.usual_advice)

    @property
    def text(self) -> str:
        """What to do, then what EC2 said. What to do comes first, for a long message of EC2's is cut."""
        return " ".join(part for part in (self.advice, f"{self.code}: {self._gist()}") if part)

    def _gist(self) -> str:
        """The message; of a long denial, what was denied and by which policy."""
        action, denial = _ACTION.search(self.message), _DENIAL.search(self.message)
        if action is None:
            return self.message
        return f"{action['action']} is denied{f', {denial[0]}' if denial else ''}."


class NoCapacity(Refusal):
    """The pool has fewer instances than were asked for."""

    @property
    def other_zones(self) -> str:
        """The zones that EC2's message names instead. It proves nothing: two dry zones have named each other."""
        hint = _HINT.search(self.message)
        return hint["zones"] if hint else ""


class OutOfTime(Refusal):
    """EC2 was not asked any more: the attempt has to end."""

    def __init__(self) -> None:
        super().__init__("OutOfTime", "The attempt had to end.")


class Throttled(Refusal):
    """Too many requests."""


class QuotaReached(Refusal):
    """The account's quota is used up."""

    usual_advice = "Raise the On-Demand quota of this instance family in Service Quotas."


class NotOffered(Refusal):
    """The type, the zone or the options are wrong."""

    usual_advice = "Correct the row, or its odcr_option: the instance type has to exist and be offered in the zone."


class Unsupported(Refusal):
    """EC2 does not support the type in the zone, or not now: it has been seen to pass."""

    usual_advice = "Is the type offered in the zone? This can pass, so it is asked again every ten minutes."


class Changed(Refusal):
    """What was observed is no longer so; look again."""


class Unanswered(Refusal):
    """No answer, or one that leaves open whether the request had its effect."""


class Denied(Refusal):
    """Refused for a reason that is none of the above."""

    usual_advice = "EC2's whole message is in the function's log."


OF_THE_MOMENT = (NoCapacity, QuotaReached, Throttled, Unanswered)
"""What says nothing against the reservation that was to be changed: it may be asked again."""


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
