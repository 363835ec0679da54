"""The ways in which EC2 can refuse a request, and what a person can do about each.

The EC2 gateway raises refusals and the acquisition decides what to do about them. One that ends an attempt leaves
ReserveCapacity under its class name, by which the state machine retries and catches it.
"""

import difflib
import json
import re
from typing import ClassVar

from odcr.domain.outcome import Outcome, Status, to_round
from odcr.domain.wording import brief, listed, quoted

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
"""Advice by error code, for errors that are about the account and not about the row:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""

_ORGANIZATION = "The organization denies it: ask those who manage its policies."
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_ACTION = re.compile(r"not authorized to perform: (?P<action>[\w:*-]+)")
_DENIAL = re.compile(r"with an explicit deny in an? [\w -]+?policy|because no [\w -]+?policy allows")
_INVALID = re.compile(
    r"Value \((?P<value>.*?)\) for parameter (?P<name>[\w.]+) is invalid\. Valid values: (?P<valid>.+)", re.DOTALL
)
_HINT = re.compile(r"choosing (?P<zones>[a-z0-9-]+(?:(?:, | or |, or )[a-z0-9-]+)*)")


class Refusal(Exception):  # noqa: N818 - an answer, not a fault; and the state machine uses the names
    """EC2 did not do what it was asked.

    Args:
        code: EC2's error code.
        message: EC2's message.
    """

    status: ClassVar[Status] = Status.FAILED
    """The status of a target whose attempt ends with it."""
    is_error: ClassVar[bool] = True
    """Whether an attempt that ends with it raises it instead of returning its outcome."""
    is_definite: ClassVar[bool] = True
    """Whether the request certainly had no effect."""
    is_of_the_pool: ClassVar[bool] = False
    """Whether it is about the type and the zone alone, and stays if asked again soon."""
    usual_advice: ClassVar[str] = ""
    """What a person can do if the error code has no advice of its own."""
    outcome: Outcome
    """The outcome of the attempt that ended with it; not set before."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code, message)

    def __str__(self) -> str:
        """EC2's error; after `ending`, the outcome as JSON, which the state machine merges into the item."""
        if not hasattr(self, "outcome"):
            return f"{self.code}: {self.message}"
        return json.dumps({"Outcome": to_round(self.outcome)}, separators=(",", ":"))

    def ending(self, outcome: Outcome) -> "Refusal":
        """The error to raise from an attempt with this outcome."""
        self.outcome = outcome
        return self

    @property
    def advice(self) -> str:
        """What a person can do about it; empty if nothing."""
        if "service control policy" in self.message or "resource control policy" in self.message:
            return _ORGANIZATION
        return _ADVICE.get(self.code, self.usual_advice)

    @property
    def text(self) -> str:
        """What to do, then what EC2 said: the end of a long message is cut."""
        if invalid := _INVALID.search(self.message):
            # EC2 lists all valid values; the nearest ones are enough.
            valid = [value.strip(" .'\"") for value in invalid["valid"].split(",")]
            near = difflib.get_close_matches(invalid["value"], valid, n=3, cutoff=0.3) or valid
            return (
                f"Correct the row, or its odcr_option: {brief(invalid['name'])} may be {listed(near, 60, 'or')}, not "
                f"{quoted(invalid['value'], 30)}."
            )
        return " ".join(part for part in (self.advice, f"{self.code}: {self._gist()}") if part)

    def _gist(self) -> str:
        """The message; for a denial, only the action and the policy that denies it."""
        action, denial = _ACTION.search(self.message), _DENIAL.search(self.message)
        if action is None:
            return self.message
        return f"{action['action']} is denied{f', {denial[0]}' if denial else ''}."


class InsufficientInstanceCapacity(Refusal):
    """The pool has fewer instances than were asked for."""

    status = Status.SHORT
    is_error = False

    @property
    def other_zones(self) -> str:
        """The zones that EC2 suggests instead. They may be dry too: two dry zones have suggested each other."""
        hint = _HINT.search(self.message)
        return hint["zones"] if hint else ""


class OverCap(Refusal):
    """The stack's other purchases have used up its cap."""

    status = Status.CAPPED
    is_error = False

    def __init__(self) -> None:
        super().__init__("OverCap", "MaxHourlySpend leaves no room for it at the moment; the next run tries again.")


class OutOfTime(Refusal):
    """The attempt has to end, so EC2 is not asked."""

    status = Status.SHORT
    is_error = False

    def __init__(self) -> None:
        super().__init__("OutOfTime", "The attempt had to end.")


class RequestLimitExceeded(Refusal):
    """EC2 is throttling requests."""

    status = Status.THROTTLED


class OutcomeUnknown(Refusal):
    """EC2 did not answer even a repeated request, or left open whether it had an effect."""

    is_definite = False


class QuotaExceeded(Refusal):
    """The account's quota allows no more."""

    status = Status.QUOTA_EXCEEDED
    usual_advice = "Raise the On-Demand quota of this instance family in Service Quotas."


class InvalidTarget(Refusal):
    """EC2 does not know the type, the zone or an option, or does not offer this combination."""

    status = Status.INVALID
    is_of_the_pool = True
    usual_advice = "Correct the row, or its odcr_option: the instance type has to exist and be offered in the zone."


class Unsupported(InvalidTarget):
    """EC2 does not support the type in the zone. This has been seen to pass."""

    status = Status.UNSUPPORTED
    usual_advice = "Is the type offered in the zone? This can pass, so it is asked again every ten minutes."

    def ending(self, outcome: Outcome) -> Refusal:
        """An InvalidTarget, which the state machine knows. The outcome's status tells the two apart."""
        return InvalidTarget(self.code, self.message).ending(outcome)


class RequestRefused(Refusal):
    """EC2 refused for a reason that stays if asked again, such as a missing right."""

    is_of_the_pool = True
    usual_advice = "EC2's whole message is in the function's log."


class Changed(Refusal):
    """EC2 no longer has what it showed; look again."""

    def ending(self, outcome: Outcome) -> Refusal:
        """A RequestRefused: the reservations keep changing."""
        return RequestRefused(self.code, self.message).ending(outcome)


OF_THE_MOMENT = (InsufficientInstanceCapacity, QuotaExceeded, RequestLimitExceeded, OutcomeUnknown)
"""Refusals that say nothing about the reservation to be changed, so that it may be tried again."""
