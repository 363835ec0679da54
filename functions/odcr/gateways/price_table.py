"""`odcr_price`: prices that people enter, and those of the price list, which never replace them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from odcr.domain.price_pools import PricePool, pools_of
from odcr.domain.prices import ListPrice, PriceList, Source, pool_of, prices_of, source_of
from odcr.domain.wire import ROOM, fitting, size_of
from odcr.gateways.target_tables import read_targets
from odcr.gateways.tolerant_reads import Row, TableUnusable, lacking, read, time_or_none
from odcr.gateways.tolerant_writes import Insert, write
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

MAX_POOLS = 900
"""Pools that one execution asks for: FetchPrices has time for these at four a second."""

_SHOWN = 5
"""Invalid rows that the log names."""

_TABLE = "odcr_price"
_KEYS = ("InstanceType", "Region")
_OTHERS = ("Platform", "Tenancy", "Hourly_Price", "Currency", "Source", "Updated")

# Only rows from the price list are updated. MySQL assigns from left to right, so Source comes last.
_INSERT = Insert(
    _TABLE,
    {
        **dict.fromkeys((*_KEYS, "Platform", "Tenancy"), None),
        **{
            name: f"IF(Source = '{Source.LIST}', VALUES({name}), {name})"
            for name in ("Hourly_Price", "Currency", "Updated", "Source")
        },
    },
)
_WIDTHS = {"InstanceType": 255, "Region": 64, "Platform": 64, "Tenancy": 16}


def read_prices(cursor: "Cursor") -> PriceList:
    """All recorded prices. If the table cannot be read, all are unknown."""
    try:
        rows = _rows(cursor)
    except TableUnusable as error:
        logger.error("odcr_price cannot be read", error=str(error))
        return PriceList(is_readable=False)
    prices, complaints = prices_of(rows)
    if complaints:
        logger.warning("Rows of odcr_price are invalid", rows=len(complaints), some=complaints[:_SHOWN])
    return prices


def pools_to_price(cursor: "Cursor") -> list[PricePool]:
    """The pools to ask the price list for: those that the targets need and whose price nobody has entered.

    Returns:
        As many as one execution can ask for: first those never asked for, then those with the oldest price.

    Raises:
        TableUnusable: if `odcr_price` or `odcr_capacity` cannot be read.
    """
    rows = _rows(cursor)
    given = {pool_of(row).folded for row in rows if source_of(row[6]) is Source.GIVEN}
    updated = {pool_of(row).folded: time_or_none(row[7]) or datetime.min for row in rows}  # noqa: DTZ901 - as in the table
    targets, _ = read_targets(cursor)
    wanted: dict[PricePool, PricePool] = {}
    for target in targets:
        for options in (target.options, *(row.options for row in target.elsewhere)):
            for pool in pools_of(target, options):
                if pool.folded not in given and _has_room(pool):
                    wanted.setdefault(pool.folded, pool)
    never = datetime.min  # noqa: DTZ901 - as in the table
    ordered = sorted(wanted, key=lambda pool: (pool in updated, updated.get(pool, never)))
    fit, _ = fitting((wanted[pool] for pool in ordered), ROOM, _largest)
    if len(fit) > MAX_POOLS or len(fit) < len(wanted):
        logger.warning("More pools than one execution can ask the price list for", pools=len(wanted))
    return fit[:MAX_POOLS]


def write_prices(cursor: "Cursor", prices: Iterable[ListPrice]) -> int:
    """Records the price list's prices, and for which pools it has none. Repeating it has no further effect.

    Args:
        cursor: in a transaction.
        prices: from the price list.

    Returns:
        The number of prices that were recorded, or that people have entered.
    """
    if why := _why_not_writable(cursor):
        logger.error("Prices are not recorded", why=why)
        return 0
    cursor.execute("SELECT UTC_TIMESTAMP()")
    ((now,),) = cursor.fetchall()
    rows: list[Row] = [
        (
            price.pool.instance_type,
            price.pool.region,
            price.pool.platform,
            price.pool.tenancy,
            price.amount,
            price.currency,
            now,
            str(Source.LIST),
        )
        for price in prices
    ]
    return len(rows) - len(write(cursor, _INSERT, rows))


def _why_not_writable(cursor: "Cursor") -> str:
    """Why prices must not be written into the table as it is; empty if they may."""
    if missing := lacking(cursor, _TABLE, _INSERT.columns):
        return f"odcr_price has no column {', '.join(missing)}. Add it."
    try:
        pools = [pool_of(row).folded for row in _rows(cursor)]
    except TableUnusable as error:
        return str(error)
    if len(set(pools)) < len(pools):
        # Each day would add as many rows again.
        return (
            "odcr_price has several rows for one pool. Delete all but one, and give it the primary key (InstanceType, "
            "Region, Platform, Tenancy)."
        )
    return ""


def _rows(cursor: "Cursor") -> Sequence[Row]:
    return read(cursor, _TABLE, _KEYS, _OTHERS)


def _has_room(pool: PricePool) -> bool:
    """Whether the pool's names fit into the table. EC2 has no longer ones."""
    texts = (pool.instance_type, pool.region, pool.platform, pool.tenancy)
    return all(len(text) <= width for text, width in zip(texts, _WIDTHS.values(), strict=True))


def _largest(pool: PricePool) -> int:
    """Bytes of a pool with the longest possible price."""
    return size_of(ListPrice(pool, "12345678.1234567890", "XXX").to_event())
