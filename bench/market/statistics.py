"""Ratios of sums over many seeds, with how far chance may have moved them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z95 = 1.96
"""Standard errors on each side of a 95 % interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure and half of its 95 % interval."""

    value: float
    margin: float


def ratio(parts: Sequence[float], wholes: Sequence[float]) -> Estimate:
    """The sum of the parts in the sum of the wholes, one of each per seed; 0 if there is nothing at all.

    The margin is the usual one of a ratio of sums (by linearisation); with one seed it is 0.
    """
    whole = sum(wholes)
    if not whole:
        return Estimate(0.0, 0.0)
    value = sum(parts) / whole
    return Estimate(value, _margin([part - value * one for part, one in zip(parts, wholes, strict=True)], whole))


def lead(parts: Sequence[float], others: Sequence[float], wholes: Sequence[float]) -> Estimate:
    """By how much the parts' ratio is above the others', seed by seed, so that their common chance cancels out."""
    return ratio([part - other for part, other in zip(parts, others, strict=True)], wholes)


def _margin(residuals: Sequence[float], whole: float) -> float:
    count = len(residuals)
    if count < 2:
        return 0.0
    mean = sum(residuals) / count
    variance = sum((one - mean) ** 2 for one in residuals) / (count - 1)
    return Z95 * math.sqrt(variance * count) / whole
