"""Hourly prices of instances, from AWS's price list or given by a person.

An hour of a reservation costs as much as an hour of the instance, used or not:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-pricing-billing.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated

from odcr.domain.cells import StrangeCell, amount_of, shown, text_of
from odcr.domain.event_codec import As, Event
from odcr.domain.price_pools import PricePool, folded
from odcr.domain.target import USUAL_OPTIONS
from odcr.domain.wire import InvalidEvent

_CURRENCY = re.compile(r"[A-Z]{3}")
_TOO_MUCH = Decimal(10) ** 8
"""The first price that is too large for the table's column."""


class Source(StrEnum):
    """Where a price comes from."""

    LIST = "list"
    GIVEN = "given"


def _amount(text: str, name: str) -> Decimal:
    """A field's text as an amount.

    Raises:
        InvalidEvent: if it is not one, or is too large for the table.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH:
        raise InvalidEvent(f"{name!r} must be an amount that is not below 0, not {text[:40]!r}. Fix the event.")
    return amount


@dataclass(frozen=True, slots=True)
class ListPrice(Event):
    """The current price of a pool in the price list."""

    pool: Annotated[PricePool, As(flat=True)]
    hourly_price: Annotated[str | None, As(check=_amount)] = None
    """The price of an instance for an hour; None: the list has none."""
    currency: str = "USD"

    @property
    def amount(self) -> Decimal | None:
        """The price as a number."""
        return None if self.hourly_price is None else _amount(self.hourly_price, "HourlyPrice")


@dataclass(frozen=True, slots=True)
class Price:
    """The hourly price of an instance."""

    amount: Decimal
    currency: str
    """Three letters. The price list of China is in CNY."""
    source: Source


@dataclass(frozen=True, slots=True)
class PriceList:
    """All recorded prices."""

    prices: Mapping[PricePool, Price | None] = field(default_factory=dict)
    """The price by folded pool; None if the price list has none, or the row is invalid."""
    is_readable: bool = True
    """Whether the table could be read. If not, all prices are unknown."""

    def of(self, pool: PricePool | None) -> Price | None:
        """The hourly price of an instance of a pool; None if it is unknown."""
        return self.prices.get(pool.folded) if pool else None

    def known(self, first: Iterable[PricePool]) -> list[ListPrice]:
        """The known prices as events, those of the given pools first."""
        order = dict.fromkeys([*(pool.folded for pool in first), *self.prices])
        return [
            ListPrice(pool, f"{price.amount:f}", price.currency) for pool in order if (price := self.prices.get(pool))
        ]

    @classmethod
    def from_known(cls, prices: Iterable[ListPrice]) -> "PriceList":
        """Reads what `known` wrote."""
        return cls(
            {
                price.pool.folded: Price(price.amount, price.currency, Source.LIST)
                for price in prices
                if price.amount is not None
            }
        )

    def has_looked_for(self, pool: PricePool) -> bool:
        """Whether there is a row, so that the price list need not be asked."""
        return pool.folded in self.prices


NO_PRICES = PriceList()


def prices_of(rows: Iterable[Sequence[object]]) -> tuple[PriceList, list[str]]:
    """The rows of `odcr_price`, whatever types the columns have.

    Args:
        rows: InstanceType, Region, Platform, Tenancy, Hourly_Price, Currency, Source; NULL means a column's default.

    Returns:
        The prices, and a sentence for each invalid row, whose price is unknown. Among several rows for one pool a
        given price wins, then the highest, so that no cap is exceeded.
    """
    prices: dict[PricePool, Price | None] = {}
    complaints: list[str] = []
    for row in rows:
        pool, source = pool_of(row), source_of(row[6])
        try:
            price = _price(row[4], row[5], source)
        except ValueError as error:
            complaints.append(f"{pool}: {error}")
            prices.setdefault(pool.folded, None)
            continue
        before = prices.get(pool.folded)
        if before is None or (price is not None and _rank(price) > _rank(before)):
            prices[pool.folded] = price
    return PriceList(prices), complaints


def pool_of(row: Sequence[object]) -> PricePool:
    """The pool of a row of `odcr_price`."""
    usual = ("", "", USUAL_OPTIONS.platform, USUAL_OPTIONS.tenancy)
    return PricePool(*(text_of(cell) or default for cell, default in zip(row, usual, strict=False)))


def source_of(cell: object) -> Source:
    """The source of a row. Anything that the system did not write was given by a person."""
    return Source.LIST if folded(text_of(cell)) == Source.LIST else Source.GIVEN


def _price(cell: object, currency_cell: object, source: Source) -> Price | None:
    """The price in a row; None if the row says that the price list has none.

    Raises:
        ValueError: if the row is invalid. The message says what to do.
    """
    if cell is None:
        if source is Source.LIST:
            return None
        raise ValueError("Hourly_Price is NULL. Set it, or delete the row.")
    try:
        amount = amount_of(cell, "Hourly_Price")
    except StrangeCell:
        amount = None
    if amount is None or amount >= _TOO_MUCH:
        raise ValueError(f"Hourly_Price is {shown(cell)}; it must be an amount that is not below 0. Correct the row.")
    currency = text_of(currency_cell).strip().upper() or "USD"
    if not _CURRENCY.fullmatch(currency):
        raise ValueError(f"Currency is {shown(currency_cell)}; write three letters, such as USD.")
    return Price(amount, currency, source)


def _rank(price: Price) -> tuple[bool, Decimal]:
    return price.source is Source.GIVEN, price.amount


def usual_currency(partition: str | None) -> str:
    """The currency of a partition's price list.

    https://docs.amazonaws.cn/en_us/aws/latest/userguide/billing-and-payment.html
    """
    return "CNY" if partition == "aws-cn" else "USD"
