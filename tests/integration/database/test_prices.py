"""`odcr_price` on the real servers: prices that people give stay, those of the price list are kept up to date."""

from decimal import Decimal
from typing import Any

import pytest

from localcloud.database.server import DatabaseServer
from odcr.domain.price_pools import PricePool
from odcr.domain.prices import ListPrice, Price, Source
from odcr.gateways import price_table
from odcr.gateways.price_table import pools_to_price, read_prices, write_prices

from .conftest import DATABASE, Transaction

LINUX, WINDOWS = PricePool("m5.large", "us-east-1"), PricePool("m5.large", "us-east-1", "Windows")
MAKE = "INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('m5.large', 'us-east-1', 0.07)"


def sql(transaction: Transaction, *statements: str) -> tuple[Any, ...]:
    """The rows of the last statement."""
    with transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchall())


def ask_for(transaction: Transaction, *rows: str, **options: str) -> None:
    """Inserts targets, each `type zone`, and platforms, by type with _ for its dot."""
    for row in rows:
        instance_type, zone = row.split()
        values = f"('{instance_type}', '{zone}'"
        sql(transaction, f"INSERT INTO odcr_capacity VALUES {values}, 1, 0)")
        if platform := options.get(instance_type.replace(".", "_")):
            sql(
                transaction,
                f"INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform) VALUES {values}, '{platform}')",
            )


def write(transaction: Transaction, *prices: ListPrice) -> int:
    with transaction() as cursor:
        return write_prices(cursor, prices)


def prices(transaction: Transaction) -> Any:
    with transaction() as cursor:
        return read_prices(cursor)


def needed(transaction: Transaction) -> list[PricePool]:
    with transaction() as cursor:
        return pools_to_price(cursor)


def test_price_needs_three_columns(transaction: Transaction) -> None:
    sql(transaction, MAKE)
    assert sql(transaction, "SELECT Platform, Tenancy, Hourly_Price, Currency, Source FROM odcr_price") == (
        ("Linux/UNIX", "default", Decimal("0.070000"), "USD", "given"),
    )
    assert sql(transaction, "SELECT ABS(TIMESTAMPDIFF(SECOND, Updated, UTC_TIMESTAMP())) < 60 FROM odcr_price") == (
        (1,),
    )
    assert prices(transaction).of(LINUX) == Price(Decimal("0.07"), "USD", Source.GIVEN)


def test_list_price_follows_the_price_list(transaction: Transaction) -> None:
    for hourly in ("0.096", "0.0960000000", "0.12", None, "0.1234567"):
        assert write(transaction, ListPrice(LINUX, hourly), ListPrice(WINDOWS, "0.188", "CNY")) == 2
        price_list = prices(transaction)
        assert price_list.has_looked_for(LINUX)
        expected = None if hourly is None else Price(round(Decimal(hourly), 6), "USD", Source.LIST)
        assert price_list.of(LINUX) == expected
        assert price_list.of(WINDOWS) == Price(Decimal("0.188"), "CNY", Source.LIST)
    assert sql(transaction, "SELECT COUNT(*) FROM odcr_price") == ((2,),)


@pytest.mark.parametrize("source", ["'given'", "'GIVEN'", "'mine'", "''"])
def test_a_given_price_is_never_overwritten(transaction: Transaction, source: str) -> None:
    sql(transaction, MAKE, f"UPDATE odcr_price SET Source = {source}, Updated = '2020-01-01'")
    before = sql(transaction, "SELECT * FROM odcr_price")
    assert write(transaction, ListPrice(LINUX, "0.096"), ListPrice(WINDOWS, None)) == 2
    assert sql(transaction, "SELECT * FROM odcr_price WHERE Platform = 'Linux/UNIX'") == before
    assert prices(transaction).of(LINUX).amount == Decimal("0.07")


def test_replace_puts_a_given_price_in_place_of_a_list_price(transaction: Transaction) -> None:
    write(transaction, ListPrice(LINUX, "0.096"))
    sql(transaction, MAKE.replace("INSERT", "REPLACE"))
    write(transaction, ListPrice(LINUX, "0.097"))
    assert prices(transaction).of(LINUX) == Price(Decimal("0.07"), "USD", Source.GIVEN)


def test_two_executions_side_by_side_do_no_harm(transaction: Transaction) -> None:
    with transaction() as first:
        write_prices(first, [ListPrice(LINUX, "0.096")])
        first.connection.commit()
        with transaction() as second:
            write_prices(second, [ListPrice(LINUX, "0.096"), ListPrice(WINDOWS, "0.188")])
        write_prices(first, [ListPrice(WINDOWS, "0.188")])
    assert sql(transaction, "SELECT COUNT(*) FROM odcr_price") == ((2,),)


def test_each_pool_that_targets_need_is_asked_for_once(transaction: Transaction) -> None:
    ask_for(
        transaction,
        "m5.large us-east-1a",
        "m5.large us-east-1b",
        "m5.large us-west-2-lax-1a",
        "c5.large use1-az1",
        "r5.large cn-north-1a",
        "nonsense somewhere",
        c5_large="Windows",
    )
    assert set(needed(transaction)) == {
        LINUX,
        PricePool("m5.large", "us-west-2-lax-1"),
        PricePool("c5.large", "us-east-1", "Windows"),
        PricePool("r5.large", "cn-north-1"),
    }


def test_price_of_capacity_held_for_a_deleted_row_is_asked_for(transaction: Transaction) -> None:
    sql(
        transaction,
        "INSERT INTO odcr_status (InstanceType, AvailabilityZone, Status, Since, Reserved, Reason, Reservation_Ids, "
        "Duplicate_Ids, Execution) VALUES ('m5.large', 'us-east-1a', 'EXCESS', '2026-01-01', 3, '', 'cr-1', '', 'r')",
    )
    assert needed(transaction) == [LINUX]


def test_unknown_prices_come_first_then_the_oldest(transaction: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for(transaction, *(f"{size} us-east-1a" for size in ("m5.large", "m5.xlarge", "c5.large", "r5.large")))
    for size, updated in (("m5.large", "2026-01-02"), ("m5.xlarge", "2026-01-01"), ("r5.large", "2026-01-03")):
        write(transaction, ListPrice(PricePool(size, "us-east-1"), None))
        sql(transaction, f"UPDATE odcr_price SET Updated = '{updated}' WHERE InstanceType = '{size}'")
    ages = [pool.instance_type for pool in needed(transaction)]
    assert ages == ["c5.large", "m5.xlarge", "m5.large", "r5.large"]
    monkeypatch.setattr(price_table, "MAX_POOLS", 2)
    assert [pool.instance_type for pool in needed(transaction)] == ages[:2]


def test_a_given_price_is_not_asked_for(transaction: Transaction) -> None:
    ask_for(transaction, "m5.large us-east-1a")
    sql(transaction, MAKE)
    assert needed(transaction) == []


STRANGE = {
    "other types": "CREATE TABLE odcr_price (InstanceType text, Region char(64), Platform blob, Tenancy text, "
    "Hourly_Price float, Currency text, Source text, Updated text)",
    "no more than needed": "CREATE TABLE odcr_price (InstanceType varchar(99), Region varchar(99), Hourly_Price int)",
    "an extra column": "CREATE TABLE odcr_price (Remark text, InstanceType varchar(99), Region varchar(99), "
    "Hourly_Price double, PRIMARY KEY (InstanceType, Region))",
}


@pytest.mark.parametrize("kind", STRANGE)
def test_hand_made_price_table_is_read_and_breaks_nothing(
    transaction: Transaction, server: DatabaseServer, kind: str
) -> None:
    ask_for(transaction, "m5.large us-east-1a", "c5.large us-east-1a")
    with server.admin_connection(database=DATABASE) as chief, chief.cursor() as person:
        for statement in ("DROP TABLE odcr_price", STRANGE[kind], MAKE.replace("0.07", "2")):
            person.execute(statement)
        chief.commit()
    assert prices(transaction).of(LINUX).amount == 2
    if kind == "other types":
        # This table has no default for Source; a price without a source counts as given.
        assert needed(transaction) == [PricePool("c5.large", "us-east-1")]
    for _ in range(4):
        write(transaction, ListPrice(PricePool("c5.large", "us-east-1"), "0.085"))
    # Without a key each write would add a row, so nothing more is written once a pool has two.
    ((rows,),) = sql(transaction, "SELECT COUNT(*) FROM odcr_price")
    assert rows <= 3
    assert prices(transaction).of(LINUX).amount == 2


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE odcr_price RENAME COLUMN Region TO Place",
        "DROP TABLE odcr_price",
        "CREATE VIEW odcr_price AS SELECT 1 AS Nothing",
    ],
)
def test_unreadable_price_table_makes_all_prices_unknown(
    transaction: Transaction, statement: str, server: DatabaseServer
) -> None:
    sql(transaction, MAKE)
    with transaction() as cursor, server.admin_connection(database=DATABASE) as chief, chief.cursor() as person:
        # The table changes after the function has checked it and before it reads.
        if "VIEW" in statement:
            person.execute("DROP TABLE odcr_price")
        person.execute(statement)
        assert read_prices(cursor).of(LINUX) is None
        assert write_prices(cursor, [ListPrice(LINUX, "0.1")]) == 0


def test_invalid_price_rows_are_left_out(transaction: Transaction) -> None:
    sql(transaction, MAKE, "INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('c5.large', 'x', -1)")
    price_list = prices(transaction)
    assert price_list.of(LINUX) is not None
    assert price_list.of(PricePool("c5.large", "x")) is None
