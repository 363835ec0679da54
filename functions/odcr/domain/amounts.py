"""Amounts of capacity: instances, or the units of a group, which have up to three digits after the point."""

from decimal import Decimal

Amount = int | Decimal
"""An int where it is whole, so that it reads as people write it."""

DIGITS = 3
"""After the point, of a weight and of a total."""


def amount(value: int | float | Decimal | str) -> Amount:
    """The amount that a number says."""
    if isinstance(value, int):
        return value
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    whole = int(exact)
    return whole if whole == exact else exact.normalize()


def as_json(value: Amount) -> int | float:
    """An amount as JSON has it, and the tables' columns."""
    value = amount(value)
    return value if isinstance(value, int) else float(value)
