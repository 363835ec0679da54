"""Prices for what a benchmark asks for, so that no run has the price list asked beside what is measured."""

from collections.abc import Iterable

from localcloud.stack import Stack


def give_prices(stack: Stack, keys: Iterable[tuple[str, str]]) -> None:
    """Gives the pools of some types and zones a price.

    Args:
        stack: with its tables.
        keys: types, and zones by their names.
    """
    values = ", ".join(f"('{kind}', '{region}', 1)" for kind, region in sorted({(one, at[:-1]) for one, at in keys}))
    stack.sql(f"INSERT IGNORE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES {values}")  # noqa: S608 - of EC2's own names
