"""A belief: what odcr assumes about AWS, and what the account answers."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subject import Subject


class Verdict(StrEnum):
    """The result of asking about a belief."""

    AS_ASSUMED = "as assumed"
    DIFFERS = "differs"
    NOT_ASKED = "not asked"
    MEANS_NOTHING = "means nothing here"


@dataclass(frozen=True)
class Seen:
    """A verdict, and what was seen."""

    verdict: Verdict
    text: str


@dataclass(frozen=True)
class Belief:
    """An assumption about AWS, and how to ask about it."""

    name: str
    """Its heading in docs/how-to/verify.md."""
    assumes: str
    source: str
    """The URL of AWS's documentation."""
    if_differs: str
    """What to change if it differs."""
    ask: Callable[["Subject"], Seen]
    local: bool = True
    """Whether it can be asked on a local cloud."""


def as_assumed(text: str) -> Seen:
    """The belief holds."""
    return Seen(Verdict.AS_ASSUMED, text)


def differs(text: str) -> Seen:
    """The belief does not hold."""
    return Seen(Verdict.DIFFERS, text)


def not_asked(text: str) -> Seen:
    """The belief could not be checked; the text says why."""
    return Seen(Verdict.NOT_ASKED, text)


def compared(text: str, *, is_so: bool) -> Seen:
    """The belief holds or not; the text says what was seen."""
    return as_assumed(text) if is_so else differs(text)
