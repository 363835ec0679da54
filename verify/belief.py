"""A belief: what odcr assumes about AWS, and what the account says to it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subject import Subject


class Verdict(StrEnum):
    """What came of asking."""

    AS_ASSUMED = "as assumed"
    DIFFERS = "differs"
    NOT_ASKED = "not asked"
    MEANS_NOTHING = "means nothing here"


@dataclass(frozen=True)
class Seen:
    """What the account said."""

    verdict: Verdict
    text: str


@dataclass(frozen=True)
class Belief:
    """One assumption, and how to ask about it."""

    name: str
    """As docs/how-to/verify.md has it in a heading."""
    assumes: str
    source: str
    """Where AWS says so; a URL."""
    if_differs: str
    """What to change then."""
    ask: Callable[["Subject"], Seen]
    local: bool = True
    """Whether the answer of a local cloud means anything. If not, it is not asked there."""


def as_assumed(text: str) -> Seen:
    """It is so."""
    return Seen(Verdict.AS_ASSUMED, text)


def differs(text: str) -> Seen:
    """It is otherwise."""
    return Seen(Verdict.DIFFERS, text)


def not_asked(text: str) -> Seen:
    """Nobody knows, and why."""
    return Seen(Verdict.NOT_ASKED, text)


def compared(text: str, *, is_so: bool) -> Seen:
    """It is so, or not; the text says what was seen."""
    return as_assumed(text) if is_so else differs(text)
