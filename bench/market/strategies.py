"""Who asks in the market: the product, its rivals, and the original."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench.market import ideal, ladders, machine, original
from bench.market.ec2 import Request
from bench.market.target import MarketTarget


@dataclass(frozen=True)
class Strategy:
    """A way to ask."""

    name: str
    """Its name in the results."""
    play: Callable[[Sequence[MarketTarget]], list[Request]]
    """Plays six hours; returns the requests for no single target."""


ODCR = Strategy("odcr", machine.play)

RIVALS = (
    Strategy("all or nothing", partial(machine.play, ladder=ladders.all_or_nothing)),
    Strategy("one at a time", partial(machine.play, ladder=ladders.one_at_a_time)),
    Strategy("halving", partial(machine.play, ladder=ladders.halving)),
)
"""The product with another ladder: it asks at the same moments, but for other counts."""

IDEAL = Strategy("ideal asker", ideal.play)

ORIGINAL = Strategy("original", original.play)
ORIGINAL_EACH_MINUTE = Strategy("original, each minute", partial(original.play, every=60.0))

STRATEGIES = (ODCR, IDEAL, *RIVALS, ORIGINAL, ORIGINAL_EACH_MINUTE)
