"""The algorithm that odcr started from, written anew from its description.

Every five minutes one function goes through the table, looks at what is held, and asks for what is missing: a gap of
ten or less whole, a larger one in tens and then the remainder. It goes on after a refusal.
"""

from collections.abc import Sequence
from contextlib import suppress

from bench.market.clock import REQUEST_SECONDS, STEP_SECONDS
from bench.market.ec2 import DESCRIBE, Request
from bench.market.scenario import END_SECONDS
from bench.market.target import MarketTarget
from odcr.domain.refusal import InsufficientInstanceCapacity
from odcr.domain.target import ReservationOptions

EVERY_SECONDS = 300.0
FUNCTION_SECONDS = 300.0
"""Both as in its description."""

STEP = 10


def asks(gap: int) -> list[int]:
    """The counts that one run asks for, whatever is granted."""
    tens, rest = divmod(gap, STEP)
    return [STEP] * tens + [rest] * (rest > 0)


def play(targets: Sequence[MarketTarget], every: float = EVERY_SECONDS) -> list[Request]:
    """Runs until the end; returns one describe for each run.

    Args:
        targets: in the table's order.
        every: seconds from one start to the next.
    """
    describes: list[Request] = []
    start = 0.0
    while start < END_SECONDS:
        now = start + STEP_SECONDS
        describes.append((now, DESCRIBE))
        now += REQUEST_SECONDS
        for target in targets:
            target.clock.set(now)
            for ask in asks(target.missing):
                if target.clock.now() + REQUEST_SECONDS > start + FUNCTION_SECONDS:
                    break
                with suppress(InsufficientInstanceCapacity):
                    target.ec2.create(target.key, ReservationOptions(), ask, (), "")
            now = target.clock.now()
        start += every
    return describes
