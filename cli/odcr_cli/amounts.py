"""Amounts of money by currency: nobody knows what a dollar and a yuan are together."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

Amounts = Mapping[str, Decimal]
"""An amount for each currency, such as USD; empty if nothing is known."""


def sum_of(amounts: Iterable[Amounts]) -> dict[str, Decimal]:
    """Several together, each currency by itself."""
    found: dict[str, Decimal] = {}
    for one in amounts:
        for currency, amount in one.items():
            found[currency] = found.get(currency, Decimal(0)) + amount
    return found


def difference_of(after: Amounts, before: Amounts) -> dict[str, Decimal]:
    """What there is more of each currency, below 0 if it is less; without those that stay as they are."""
    more = sum_of([after, {currency: -amount for currency, amount in before.items()}])
    return {currency: amount for currency, amount in more.items() if amount}


def format_money(value: Decimal | None, currency: str = "") -> str:
    """An amount with its currency, if that is said; `?` if it is unknown."""
    return "?" if value is None else f"{value:,.2f} {currency}".rstrip()


def format_amounts(amounts: Amounts) -> str:
    """`3.20 USD, 18.00 CNY`; `?` if nothing is known."""
    return ", ".join(format_money(amount, currency) for currency, amount in amounts.items()) or "?"
