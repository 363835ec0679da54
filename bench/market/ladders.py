"""Other ladders than the product's: how many instances to ask for next.

A ladder yields a count, and is sent whether it was granted.
"""

from collections.abc import Callable, Generator

Ladder = Generator[int, bool, None]
MakeLadder = Callable[..., Ladder]
"""Takes the gap, and `from_one`: whether the pool is known to be dry."""

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
