"""Supplies for tests, written by hand."""

from bench.market.scenario import Burst


def free_at(at: float, count: int) -> Burst:
    """Instances that nobody else takes."""
    return Burst(at, (1e9,) * count)
