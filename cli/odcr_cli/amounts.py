"""Amounts of money by currency, which cannot be added up across currencies."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

Amounts = Mapping[str, Decimal]
"""An amount for each currency, such as USD; empty if nothing is known."""


def sum_of(amounts: Iterable[Amounts]) -> dict[str, Decimal]:
    """The sum of several, for each currency."""
    total: dict[str, Decimal] = {}
    for part in amounts:
        for currency, amount in part.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def difference_of(after: Amounts, before: Amounts) -> dict[str, Decimal]:
    """The change in each currency, negative if it is less; unchanged currencies are left out."""
    more = sum_of([after, {currency: -amount for currency, amount in before.items()}])
    return {currency: amount for currency, amount in more.items() if amount}


def format_money(value: Decimal | None, currency: str = "") -> str:
    """An amount with its currency, if given; `?` if unknown."""
    return "?" if value is None else f"{value:,.2f} {currency}".rstrip()


def format_amounts(amounts: Amounts) -> str:
    """`3.20 USD, 18.00 CNY`; `?` if nothing is known."""
    return ", ".join(format_money(amount, currency) for currency, amount in amounts.items()) or "?"
