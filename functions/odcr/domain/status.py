"""How a target stands."""

from enum import StrEnum


class Status(StrEnum):
    """The one word that says how a target stands after a run."""

    FULFILLED = "FULFILLED"
    """As much is held as was asked for."""
    PENDING = "PENDING"
    """As much is held as was asked for, but EC2 is still providing some of it, and that may fail."""
    ASTRAY = "ASTRAY"
    """As much is held as was asked for, but some of it has left this stack's hands; a person has to say what it is."""
    SHORT = "SHORT"
    """EC2 has no more at the moment; every run asks again."""
    EXCESS = "EXCESS"
    """More is held than is asked for; nothing is given back unasked."""
    THROTTLED = "THROTTLED"
    """EC2 took no more requests; the next run asks again."""
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    """The account may hold no more; a person has to raise the quota."""
    UNSUPPORTED = "UNSUPPORTED"
    """EC2 does not offer it, which has been seen to pass: it is asked again, but seldom."""
    INVALID = "INVALID"
    """The row makes no sense or EC2 does not know it; a person has to correct it."""
    FAILED = "FAILED"
    """Something else went wrong, and the reason says what; the next run tries again."""

    @property
    def is_met(self) -> bool:
        """Whether all that is wanted is held."""
        return self in (Status.FULFILLED, Status.EXCESS, Status.ASTRAY)
