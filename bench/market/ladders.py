"""How many instances to ask for next: other ways than the product's, each as its ladder is.

A ladder yields an ask, and is sent whether that was granted.
"""

from collections.abc import Callable, Generator

Ladder = Generator[int, bool, None]
MakeLadder = Callable[..., Ladder]
"""Of a gap, and of `from_one`: whether the pool is known to be dry."""

MAX_ASK = 1000
"""Instances that one request can add, by EC2's rules."""


def all_or_nothing(gap: int, *, from_one: bool) -> Ladder:
    """The whole gap; a refusal ends the attempt."""
    del from_one
    while gap > 0 and (yield min(gap, MAX_ASK)):
        gap -= MAX_ASK


def one_at_a_time(gap: int, *, from_one: bool) -> Ladder:
    """One instance, and the next, until one is refused."""
    del from_one
    while gap > 0 and (yield 1):
        gap -= 1


def halving(gap: int, *, from_one: bool) -> Ladder:
    """The whole gap; half of it after each refusal, until one instance is refused; again as much after a grant."""
    del from_one
    ask = min(gap, MAX_ASK)
    while gap > 0 and ask > 0:
        if (yield ask):
            gap -= ask
            ask = min(ask, gap)
        else:
            ask //= 2
