"""How a request for capacity can fail, whatever EC2 calls it.

The EC2 gateway raises these; the acquisition decides what follows from them.
"""

from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """EC2 did not do what was asked.

    Args:
        code: EC2's error code.
        message: EC2's message.
    """

    advice: ClassVar[str] = ""
    """What a person can do about it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


class NoCapacity(Refusal):
    """The pool has fewer instances than were asked for."""


class OutOfTime(Refusal):
    """EC2 was not asked any more: the attempt has to end."""

    def __init__(self) -> None:
        super().__init__("OutOfTime", "The attempt had to end.")


class Throttled(Refusal):
    """Too many requests."""


class QuotaReached(Refusal):
    """The account's quota is used up."""

    advice = "Raise the On-Demand quota of this instance family in Service Quotas."


class NotOffered(Refusal):
    """The type, the zone or the options are wrong."""

    advice = "Correct the row, or its odcr_option: the instance type has to exist and be offered in the zone."


class Changed(Refusal):
    """What was observed is no longer so; look again."""


class Unanswered(Refusal):
    """No answer, or one that leaves open whether the request had its effect."""


class Denied(Refusal):
    """Refused for a reason that is none of the above."""

    advice = "EC2's whole message is in the function's log; perhaps its role lacks an IAM right."
