"""Who takes every instance the moment it becomes free: nobody can hold more, at any time."""

from collections.abc import Iterable

from bench.market.holding import Holding
from bench.market.supply import Burst


def oracle(bursts: Iterable[Burst], gap: int) -> Holding:
    """What is held if everything is taken until the gap is closed.

    Args:
        bursts: in their order.
        gap: instances wanted.
    """
    holding, missing = Holding(), gap
    for burst in bursts:
        taken = min(missing, len(burst.taken_at))
        if taken:
            holding.add(burst.at, taken)
            missing -= taken
    return holding
