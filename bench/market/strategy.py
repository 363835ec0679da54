"""Who asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.market import ideal, ladders, machine, original
from bench.market.ec2 import Request
from bench.market.ladders import MakeLadder
from bench.market.target import MarketTarget

Play = Callable[[Sequence[MarketTarget]], list[Request]]
"""Plays all runs of six hours; returns the requests that belong to no single target."""


@dataclass(frozen=True)
class Strategy:
    """A way to ask.

    Args:
        name: as in the results.
        play: plays it.
        has_our_pace: whether it asks whenever the product does, and only its asks are others.
    """

    name: str
    play: Play
    has_our_pace: bool = False


def at_our_pace(name: str, ladder: MakeLadder) -> Strategy:
    """The product with another ladder: its moments, its waits and its looks, but other asks."""

    def play(targets: Sequence[MarketTarget]) -> list[Request]:
        return machine.play(targets, ladder)

    return Strategy(name, play, has_our_pace=True)


ODCR = Strategy("odcr", machine.play)

RIVALS = (
    at_our_pace("all or nothing", ladders.all_or_nothing),
    at_our_pace("one at a time", ladders.one_at_a_time),
    at_our_pace("halving", ladders.halving),
)

IDEAL = Strategy("ideal asker", ideal.play)

ORIGINAL = Strategy("original", original.play)
ORIGINAL_EACH_MINUTE = Strategy("original, each minute", lambda targets: original.play(targets, 60.0))

STRATEGIES = (ODCR, IDEAL, *RIVALS, ORIGINAL, ORIGINAL_EACH_MINUTE)
BY_NAME = {one.name: one for one in STRATEGIES}
