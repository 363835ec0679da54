"""The algorithm of the solution that the product starts from, written anew from its description.

One function, every five minutes, goes through the table: it looks what is held, and asks for what is missing. A gap of
ten or less is asked whole, a larger one in tens and then the remainder, going on after a refusal.
"""

from collections.abc import Sequence

from bench.market.ec2 import DESCRIBE, Request
from bench.market.scenario import END_SECONDS
from bench.market.target import MarketTarget
from bench.market.timing import REQUEST_SECONDS, STEP_SECONDS
from odcr.domain.refusal import InsufficientInstanceCapacity
from odcr.domain.reservation import held
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
    requests: list[Request] = []
    start = 0.0
    while start < END_SECONDS:
        now = start + STEP_SECONDS
        requests.append((now, targets[0].region, DESCRIBE))
        _run(targets, now + REQUEST_SECONDS, start + FUNCTION_SECONDS)
        start += every
    return requests


def _run(targets: Sequence[MarketTarget], now: float, ends: float) -> None:
    for target in targets:
        gap = target.gap - held(target.ec2.reservations)
        target.clock.set(now)
        if gap > 0:
            sent = 0
            for ask in asks(gap):
                if target.clock.now() + REQUEST_SECONDS > ends:
                    break
                sent += 1
                _ask(target, ask)
            if sent:
                target.attempts.append(sent)
        now = target.clock.now()


def _ask(target: MarketTarget, count: int) -> None:
    try:
        target.ec2.create(target.key, ReservationOptions(), count, (), "")
    except InsufficientInstanceCapacity:
        return
