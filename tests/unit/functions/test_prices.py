"""Prices: the table's rows, the price list's answers, what is unknown."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import boto3
import pytest

from odcr.domain.price_pools import PricePool
from odcr.domain.prices import ListPrice, Price, Source, prices_of
from odcr.domain.wire import InvalidEvent
from odcr.gateways.price_list import _highest, _hourly_prices, endpoint_region

POOL = PricePool("m5.large", "us-east-1")
GIVEN = ("m5.large", "us-east-1", "Linux/UNIX", "default", Decimal("0.096000"), "USD", "given")


def row(**cells: object) -> tuple[object, ...]:
    columns = ("type", "region", "platform", "tenancy", "price", "currency", "source")
    return tuple({**dict(zip(columns, GIVEN, strict=True)), **cells}.values())


# ---- The table -----------------------------------------------------------------------------------------------------


def test_a_row_is_a_price_for_its_pool_only() -> None:
    prices, complaints = prices_of([row(), row(platform="Windows", price=Decimal("0.188"), source="list")])
    assert complaints == []
    assert prices.of(PricePool("m5.large", "us-east-1")) == Price(Decimal("0.096"), "USD", Source.GIVEN)
    assert prices.of(PricePool("m5.large", "us-east-1", "Windows")) == Price(Decimal("0.188"), "USD", Source.LIST)
    assert prices.of(PricePool("m5.large", "us-east-1", tenancy="dedicated")) is None
    assert prices.of(PricePool("m5.xlarge", "us-east-1")) is None
    assert prices.of(None) is None


def test_a_price_that_the_list_lacks_is_unknown_and_counts_as_looked_for() -> None:
    prices, complaints = prices_of([row(price=None, source="list")])
    assert complaints == []
    assert prices.of(POOL) is None
    assert prices.has_looked_for(POOL)
    assert not prices.has_looked_for(PricePool("m5.large", "us-east-2"))


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        (0, "0"),
        (1, "1"),
        (0.1, "0.1"),
        (" 0.25 ", "0.25"),
        (b"0.25\0\0", "0.25"),
        (Decimal("99999999.999999"), "99999999.999999"),
    ],
)
def test_an_amount_of_any_type_is_read_exactly(cell: object, amount: str) -> None:
    prices, complaints = prices_of([row(price=cell)])
    assert complaints == []
    assert prices.of(POOL) == Price(Decimal(amount), "USD", Source.GIVEN)


@pytest.mark.parametrize(
    "cell",
    [None, Decimal("-0.1"), float("nan"), float("inf"), Decimal("NaN"), "a dollar", "", "0,1", True, 10**8, date.min],
)
def test_an_invalid_price_is_unknown_and_reported(cell: object) -> None:
    prices, (complaint,) = prices_of([row(price=cell), row(region="us-east-2")])
    assert prices.of(POOL) is None
    # To look for it again helps nobody.
    assert prices.has_looked_for(POOL)
    assert prices.of(PricePool("m5.large", "us-east-2")) is not None
    assert complaint.startswith("m5.large in us-east-1, Linux/UNIX, default: Hourly_Price is ")


def test_columns_that_are_missing_have_their_defaults() -> None:
    prices, _ = prices_of([row(platform=None, tenancy=None, currency=None, source=None)])
    assert prices.of(POOL) == Price(Decimal("0.096"), "USD", Source.GIVEN)


def test_capitals_and_blanks_make_no_difference() -> None:
    prices, _ = prices_of([row(type=" M5.Large", region="US-EAST-1 ", platform="linux/unix", currency="cny ")])
    assert prices.of(POOL) == Price(Decimal("0.096"), "CNY", Source.GIVEN)


def test_an_invalid_currency_leaves_the_row_out() -> None:
    prices, (complaint,) = prices_of([row(currency="dollars")])
    assert prices.of(POOL) is None
    assert "three letters" in complaint


@pytest.mark.parametrize("order", [1, -1])
def test_a_given_price_wins_over_the_lists_and_then_the_highest_wins(order: int) -> None:
    rows = [
        row(price=9, source="list"),
        row(price=None, source="list"),
        row(price=1),
        row(price=2),
        row(price="none"),
    ]
    prices, _ = prices_of(rows[::order])
    assert prices.of(POOL) == Price(Decimal(2), "USD", Source.GIVEN)


# ---- The price list ------------------------------------------------------------------------------------------------


def product(*prices: Any, unit: str = "Hrs") -> str:
    dimensions = {str(number): {"unit": unit, "pricePerUnit": price} for number, price in enumerate(prices)}
    return json.dumps({"product": {}, "terms": {"OnDemand": {"A.B": {"priceDimensions": dimensions}}}})


def read(*texts: object) -> ListPrice:
    return _highest(POOL, [price for text in texts for price in _hourly_prices(text)])


def test_a_price_is_read_exactly() -> None:
    price = read(product({"USD": "0.0960000000"}))
    assert price == ListPrice(POOL, "0.0960000000", "USD")
    assert price.amount == Decimal("0.096")
    assert ListPrice.from_event(json.loads(json.dumps(price.to_event()))) == price


def test_of_several_prices_the_highest_exceeds_no_cap() -> None:
    assert read(product({"USD": "0.1"}, {"USD": "0.3"}), product({"USD": "0.2"})) == ListPrice(POOL, "0.3", "USD")


@pytest.mark.parametrize(("currencies", "chosen"), [(("CNY",), "CNY"), (("EUR",), "EUR"), (("CNY", "USD"), "USD")])
def test_a_price_has_the_list_s_own_currency(currencies: tuple[str, ...], chosen: str) -> None:
    assert read(product(dict.fromkeys(currencies, "0.7"))) == ListPrice(POOL, "0.7", chosen)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "{}",
        '{"terms": []}',
        '{"terms": {"Reserved": {}}}',
        '{"terms": {"OnDemand": {"A": {}}}}',
        None,
        {"terms": {}},
        product({"USD": "a dollar"}),
        product({"USD": None}),
        product({"USD": "NaN"}),
        product({"USD": "-1"}),
        product({"USD": "0.0000000000"}),
        product({"USD": "0.1"}, unit="Quantity"),
        product("0.1"),
        product({}),
        product(),
    ],
)
def test_an_odd_answer_is_no_price(text: object) -> None:
    assert read(text) == ListPrice(POOL)
    assert read(text, product({"USD": "0.1"})) == ListPrice(POOL, "0.1", "USD")


@pytest.mark.parametrize("price", ["", "-1", "NaN", "Infinity", "1e9", "0,1"])
def test_an_event_with_another_amount_is_refused(price: str) -> None:
    with pytest.raises(InvalidEvent, match="'HourlyPrice' must be an amount that is not below 0"):
        ListPrice.from_event({"InstanceType": "m5.large", "Region": "us-east-1", "HourlyPrice": price})


@pytest.mark.parametrize(
    ("home", "endpoint"),
    [
        ("us-east-1", "us-east-1"),
        ("sa-east-1", "us-east-1"),
        ("ap-northeast-1", "ap-south-1"),
        ("me-central-1", "ap-south-1"),
        ("eu-west-3", "eu-central-1"),
        ("il-central-1", "eu-central-1"),
        ("cn-north-1", "cn-northwest-1"),
        ("us-gov-west-1", None),
    ],
)
def test_the_endpoint_is_the_partition_s_own_and_near(home: str, endpoint: str | None) -> None:
    assert endpoint_region(home) == endpoint


def test_every_region_has_an_endpoint_of_its_own_partition_or_none() -> None:
    session = boto3.Session()
    for partition in session.get_available_partitions():
        endpoints = session.get_available_regions("pricing", partition)
        for region in session.get_available_regions("ec2", partition):
            assert endpoint_region(region) in (endpoints or [None]), region
