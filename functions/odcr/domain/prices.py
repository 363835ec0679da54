"""What an hour of an instance costs: by the price list, or as a person gives it; unknown where neither says.

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
from odcr.domain.price_pools import USUAL, PricePool, folded
from odcr.domain.wire import As, Event, InvalidEvent

_CURRENCY = re.compile(r"[A-Z]{3}")
_TOO_MUCH = Decimal(10) ** 8
"""What the table's column cannot hold."""


class Source(StrEnum):
    """Who says a price."""

    LIST = "list"
    GIVEN = "given"


def _amount(text: str, name: str) -> Decimal:
    """The Decimal that a field says.

    Raises:
        InvalidEvent: if it says none, or one that the table cannot hold.
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
    """What the price list says of a pool, now."""

    pool: Annotated[PricePool, As(flat=True)]
    hourly_price: Annotated[str | None, As(check=_amount)] = None
    """An amount for one instance and hour; None: the list has none."""
    currency: str = "USD"

    @property
    def amount(self) -> Decimal | None:
        """The price as a number."""
        return None if self.hourly_price is None else _amount(self.hourly_price, "HourlyPrice")


@dataclass(frozen=True, slots=True)
class Price:
    """What one instance costs for an hour."""

    amount: Decimal
    currency: str
    """Three letters; the price list of China is in CNY."""
    source: Source


@dataclass(frozen=True, slots=True)
class PriceList:
    """All prices that are recorded."""

    prices: Mapping[PricePool, Price | None] = field(default_factory=dict)
    """By the folded pool; None where the price list was asked and has none, or the row makes no sense."""
    is_readable: bool = True
    """Whether the table could be read. If not, all prices are unknown."""

    def hourly(
        self, instance_type: str, region: str, platform: str = USUAL.platform, tenancy: str = USUAL.tenancy
    ) -> Price | None:
        """What one instance costs for an hour; None if that is unknown."""
        return self.of(PricePool(instance_type, region, platform, tenancy))

    def of(self, pool: PricePool | None) -> Price | None:
        """What an instance of a pool costs for an hour; None if that is unknown."""
        return self.prices.get(pool.folded) if pool else None

    def known(self, first: Iterable[PricePool]) -> list[ListPrice]:
        """The prices that are known, as events; those of some pools first."""
        order = list(dict.fromkeys([*(pool.folded for pool in first), *self.prices]))
        found = ((pool, self.prices.get(pool)) for pool in order)
        return [ListPrice(pool, f"{price.amount:f}", price.currency) for pool, price in found if price]

    @classmethod
    def from_known(cls, prices: Iterable[ListPrice]) -> "PriceList":
        """The prices that `known` gave."""
        return cls(
            {
                price.pool.folded: Price(price.amount, price.currency, Source.LIST)
                for price in prices
                if price.amount is not None
            }
        )

    def has_looked_for(self, pool: PricePool) -> bool:
        """Whether there is a row: the price is known, the price list was asked and has none, or a person has to act."""
        return pool.folded in self.prices


NO_PRICES = PriceList()


def prices_of(rows: Iterable[Sequence[object]]) -> tuple[PriceList, list[str]]:
    """The rows of `odcr_price`, whatever types the columns have.

    Args:
        rows: InstanceType, Region, Platform, Tenancy, Hourly_Price, Currency, Source; NULL is a column's default.

    Returns:
        The prices, and a sentence for each row that makes no sense, whose price is unknown. Of several rows for one
        pool a given one wins, then the highest: a cap must not be exceeded.
    """
    found: dict[PricePool, Price | None] = {}
    complaints: list[str] = []
    for row in rows:
        pool, source = pool_of(row), source_of(row[6])
        try:
            price = _price(row[4], row[5], source)
        except ValueError as error:
            complaints.append(f"{pool}: {error}")
            found.setdefault(pool.folded, None)
            continue
        before = found.get(pool.folded)
        if before is None or (price is not None and _rank(price) > _rank(before)):
            found[pool.folded] = price
    return PriceList(found), complaints


def pool_of(row: Sequence[object]) -> PricePool:
    """The pool of a row of `odcr_price`, which begins with its key."""
    usual = ("", "", USUAL.platform, USUAL.tenancy)
    return PricePool(*(text_of(cell) or default for cell, default in zip(row, usual, strict=False)))


def source_of(cell: object) -> Source:
    """Whose a row is; what the system did not write is a person's."""
    return Source.LIST if folded(text_of(cell)) == Source.LIST else Source.GIVEN


def _price(cell: object, currency_cell: object, source: Source) -> Price | None:
    """The price that a row says; None if it says that the price list has none.

    Raises:
        ValueError: if that makes no sense.
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
