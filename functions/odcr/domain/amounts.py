"""Amounts of capacity: whole instances, or a group's units with up to three digits after the point."""

from decimal import Decimal

Amount = int | Decimal
"""An int if it is whole, so that it is shown without a point."""

DIGITS = 3
"""Digits after the point of a weight and of a total."""


def amount(value: int | float | Decimal | str) -> Amount:
    """A number as an amount."""
    if isinstance(value, int):
        return value
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    whole = int(exact)
    return whole if whole == exact else exact.normalize()


def as_json(value: Amount) -> int | float:
    """An amount as JSON and the tables have it."""
    value = amount(value)
    return value if isinstance(value, int) else float(value)
