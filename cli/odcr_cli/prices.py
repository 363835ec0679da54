"""Hourly prices of instances, from `odcr_price`: docs/how-to/give-prices.md."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from odcr_cli.door import Row, folded, folded_key, number
from odcr_cli.regions import region_of

_LOCAL_NAME = re.compile(r"-[a-z]{3}-[0-9]+[a-z]")
_LOCAL_ID = re.compile(r"[a-z]+[0-9]+-(?P<city>[a-z]{3})(?P<number>[0-9]+)-az[0-9]+")
_PLATFORM, _TENANCY = "Linux/UNIX", "default"
_KEY = {"InstanceType": "", "Region": "", "Platform": _PLATFORM, "Tenancy": _TENANCY}
"""The key columns of a price, with their defaults."""


@dataclass(frozen=True)
class Price:
    """An instance's hourly price."""

    amount: Decimal
    currency: str


class PricedPool(Protocol):
    """What a pool's price depends on; see `odcr_cli.demands.Pool`."""

    @property
    def instance_type(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def tenancy(self) -> str: ...
    @property
    def held(self) -> Decimal: ...
    @property
    def hourly_cost(self) -> Decimal | None: ...


class Prices:
    """The known prices.

    Args:
        rows: the rows of `odcr_price`.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        ranked: dict[tuple[str, ...], tuple[bool, Decimal]] = {}
        self._known: dict[tuple[str, ...], Price] = {}
        for row in rows:
            if row.get("Hourly_Price") is None:
                continue
            key = folded_key(str(row.get(column) or usual) for column, usual in _KEY.items())
            price = Price(number(row["Hourly_Price"]), str(row.get("Currency") or "").strip().upper() or "USD")
            # As in a run: of two rows with the same key, one set by hand wins, then the higher price.
            rank = folded(str(row.get("Source") or "")) != "list", price.amount
            if key not in ranked or rank > ranked[key]:
                ranked[key], self._known[key] = rank, price

    def of_type(
        self, instance_type: str, zone: str, platform: str = _PLATFORM, tenancy: str = _TENANCY
    ) -> Price | None:
        """The price of a type in a zone; None if unknown."""
        return self._known.get(folded_key((instance_type, price_region(folded(zone)), platform, tenancy)))

    def of(self, pool: PricedPool, options: Row) -> Price | None:
        """The price of an instance held in a pool; None if unknown.

        Args:
            pool: the pool.
            options: the options of its demand.
        """
        if pool.hourly_cost is not None and pool.held:
            # The price that the last run used: the options may have changed since.
            return Price(pool.hourly_cost / pool.held, self.currency_of(pool, options))
        return self._of(pool, options)

    def currency_of(self, pool: PricedPool, options: Row) -> str:
        """The currency of a pool's costs, which the tables do not record: its price's, or else its partition's."""
        price = self._of(pool, options)
        # https://docs.amazonaws.cn/en_us/aws/latest/userguide/billing-and-payment.html
        return price.currency if price else "CNY" if price_region(folded(pool.zone)).startswith("cn-") else "USD"

    def _of(self, pool: PricedPool, options: Row) -> Price | None:
        platform = pool.platform or str(options.get("Platform") or _PLATFORM)
        tenancy = pool.tenancy or str(options.get("Tenancy") or _TENANCY)
        return self.of_type(pool.instance_type, pool.zone, platform, tenancy)


def price_region(zone: str) -> str:
    """A zone's place in `odcr_price`: its Region, a Local Zone's group, or the Wavelength Zone itself."""
    region = region_of(zone) or ""
    if "-wl" in zone:
        return zone
    if by_id := _LOCAL_ID.fullmatch(zone):
        return f"{region}-{by_id['city']}-{by_id['number']}"
    return zone[:-1] if _LOCAL_NAME.fullmatch(zone.removeprefix(region)) else region
