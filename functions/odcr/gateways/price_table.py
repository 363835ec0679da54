"""`odcr_price`: prices that people give, and those of the price list, which never take their place."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from odcr.domain.price_pools import PricePool, pools_of
from odcr.domain.prices import ListPrice, PriceList, Source, pool_of, prices_of, source_of
from odcr.domain.wire import ROOM, fitting, size_of
from odcr.gateways.strange_tables import Insert, Row, TableUnusable, lacking, read, time_or_none, write
from odcr.gateways.target_tables import read_targets
from odcr.observability import logger

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

MOST_POOLS = 900
"""Pools that one execution asks for: at four a second, what FetchPrices has time for."""

_SHOWN = 5
"""Rows that make no sense and that the log names."""

_TABLE = "odcr_price"
_KEYS = ("InstanceType", "Region")
_OTHERS = ("Platform", "Tenancy", "Hourly_Price", "Currency", "Source", "Updated")

# A row that is not the price list's stays as it is. MySQL assigns from left to right, so Source comes last.
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
_WIDEST = {"InstanceType": 255, "Region": 64, "Platform": 64, "Tenancy": 16}


def read_prices(cursor: "Cursor") -> PriceList:
    """All prices that are recorded; none if the table cannot be read, so that all are unknown."""
    try:
        rows = _rows(cursor)
    except TableUnusable as error:
        logger.error("odcr_price cannot be read", error=str(error))
        return PriceList(is_readable=False)
    prices, complaints = prices_of(rows)
    if complaints:
        logger.warning("Prices make no sense", rows=len(complaints), some=complaints[:_SHOWN])
    return prices


def pools_to_price(cursor: "Cursor") -> list[PricePool]:
    """What the price list is to be asked for: all that the targets need and that nobody has given.

    Returns:
        As many as one execution can ask for: those never looked for, then those whose price is the oldest.

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
    first = sorted(wanted, key=lambda one: (one in updated, updated.get(one, never)))
    fit, _ = fitting((wanted[one] for one in first), ROOM, _largest)
    if len(fit) > MOST_POOLS or len(fit) < len(wanted):
        logger.warning("More prices than one execution can look for", pools=len(wanted))
    return fit[:MOST_POOLS]


def write_prices(cursor: "Cursor", prices: Iterable[ListPrice]) -> int:
    """Records prices of the price list, and for which pools it has none. Repeating it changes nothing more.

    Args:
        cursor: in a transaction.
        prices: what the list says now.

    Returns:
        How many were recorded, or are given by people.
    """
    if why := _why_not_writable(cursor):
        logger.error("Prices are not recorded", why=why)
        return 0
    cursor.execute("SELECT UTC_TIMESTAMP()")
    ((now,),) = cursor.fetchall()
    rows: list[Row] = [
        (
            one.pool.instance_type,
            one.pool.region,
            one.pool.platform,
            one.pool.tenancy,
            one.amount,
            one.currency,
            now,
            str(Source.LIST),
        )
        for one in prices
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
    """Whether the table can hold the pool. What is longer is no name of EC2's."""
    texts = (pool.instance_type, pool.region, pool.platform, pool.tenancy)
    return all(len(text) <= widest for text, widest in zip(texts, _WIDEST.values(), strict=True))


def _largest(pool: PricePool) -> int:
    """Bytes of a pool with the longest price that it can have."""
    return size_of(ListPrice(pool, "12345678.1234567890", "XXX").to_event())
