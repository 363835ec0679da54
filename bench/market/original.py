"""The algorithm that the product starts from, written anew from its description.

Every five minutes one function goes through the table, looks what is held, and asks for what is missing. A gap of ten
or less is asked whole, a larger one in tens and then the remainder; it goes on after a refusal.
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
"""Both as its description sets them."""

STEP = 10


def asks(gap: int) -> list[int]:
    """What one run asks for, whatever is granted."""
    tens, rest = divmod(gap, STEP)
    return [STEP] * tens + [rest] * (rest > 0)


def play(targets: Sequence[MarketTarget], every: float = EVERY_SECONDS) -> list[Request]:
    """Runs until the end; returns the runs' own requests, one describe each.

    Args:
        targets: in the table's order.
        every: seconds from one start to the next.
    """
    describes: list[Request] = []
    start = 0.0
    while start < END_SECONDS:
        now = start + STEP_SECONDS
        describes.append((now, targets[0].region, DESCRIBE))
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
