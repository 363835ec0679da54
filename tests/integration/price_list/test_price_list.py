"""The functions' price list gateway."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from localcloud.pricing.prices import Prices
from odcr.domain.price_pools import PricePool
from odcr.domain.prices import ListPrice
from odcr.gateways.price_list import MAX_FAILURES, REQUEST_INTERVAL, PriceListUnavailable, fetch_prices

HOME = "eu-west-1"


class Time:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def fetch(*pools: PricePool, home: str = HOME, has_time: Callable[[], bool] = lambda: True) -> list[ListPrice]:
    time = Time()
    return fetch_prices(home, pools, has_time, time.now, time.sleep)


def pools(count: int) -> list[PricePool]:
    regions = ("eu-west-1", "us-east-1", "ap-northeast-1", "eu-central-1", "us-west-2")
    return [PricePool("m5.large", region) for region in regions[:count]]


def test_each_pool_has_its_own_price(prices: Prices) -> None:
    wanted = [
        PricePool("m5.large", "eu-west-1"),
        PricePool("m5.xlarge", "eu-west-1"),
        PricePool("m5.large", "eu-west-1", "Windows"),
        PricePool("m5.large", "eu-west-1", tenancy="dedicated"),
        PricePool("m5.large", "us-west-2-lax-1"),
    ]
    prices.set("m5.large", "us-west-2-lax-1", "0.123456")
    list_prices = fetch(*wanted)
    assert [price.pool for price in list_prices] == wanted
    assert [price.amount for price in list_prices] == [
        Decimal(text) for text in ("0.1", "0.2", "0.2", "0.11", "0.123456")
    ]
    assert {price.currency for price in list_prices} == {"USD"}


def test_china_s_price_list_is_in_its_currency(prices: Prices) -> None:  # noqa: ARG001 - the price list has to be there
    (price,) = fetch(PricePool("m5.large", "cn-north-1"), home="cn-north-1")
    assert (price.amount, price.currency) == (Decimal("0.1"), "CNY")


def test_missing_price_is_an_answer(prices: Prices) -> None:
    prices.set("m5.large", "eu-west-1", None)
    free = PricePool("m5.large", "us-east-1")
    prices.set(free.instance_type, free.region, "0")
    assert fetch(*pools(1), free) == [ListPrice(*pools(1)), ListPrice(free)]


def test_ambiguous_pool_is_not_asked_for(prices: Prices) -> None:
    strange = [
        PricePool("m5.large", "eu-west-1", "Windows with SQL Server"),
        PricePool("m5.large", "eu-west-1", "BeOS"),
    ]
    assert fetch(*strange) == [ListPrice(pool) for pool in strange]
    assert prices.requests == 0


def test_a_partition_without_a_price_list_has_no_price(prices: Prices) -> None:
    pool = PricePool("m5.large", "us-gov-west-1")
    assert fetch(pool, home="us-gov-west-1") == [ListPrice(pool)]
    assert prices.requests == 0


def test_no_more_than_four_requests_a_second_are_sent(prices: Prices) -> None:  # noqa: ARG001 - the price list has to be there
    time = Time()
    fetch_prices(HOME, pools(5), lambda: True, time.now, time.sleep)
    assert time.seconds == 5 * REQUEST_INTERVAL == 1.25


def test_pools_without_time_are_left_out(prices: Prices) -> None:
    assert [price.pool for price in fetch(*pools(5), has_time=lambda: prices.requests < 2)] == pools(2)


def test_refusal_for_one_pool_harms_no_other(prices: Prices) -> None:
    prices.refuse("InvalidParameterException", 4)
    assert [price.pool for price in fetch(*pools(5))] == pools(5)[4:]


def test_throttling_is_waited_out(prices: Prices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    prices.refuse("ThrottlingException", 3)
    assert [price.pool for price in fetch(*pools(2))] == pools(2)
    assert prices.requests == 3 + 2


def test_unavailable_price_list_keeps_the_answers_so_far(prices: Prices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    prices.refuse("AccessDeniedException", 10)
    with pytest.raises(PriceListUnavailable, match="AccessDeniedException"):
        fetch(*pools(5))
    assert prices.requests == MAX_FAILURES
    prices.reset()

    def has_time() -> bool:
        if prices.requests == 1:
            prices.refuse("InternalErrorException", 4 * MAX_FAILURES)
        return True

    assert [price.pool for price in fetch(*pools(5), has_time=has_time)] == pools(1)
