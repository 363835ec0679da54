"""AWS's price list, by the Price List Query API.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from odcr.domain.price_pools import PricePool
from odcr.domain.prices import ListPrice
from odcr.observability import logger

REQUEST_INTERVAL: Final = 0.25
"""Seconds between two requests: four fifths of the 5 a second that GetProducts allows an account.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html, "Quotas"
"""

MAX_FAILURES = 3
"""Pools in a row without an answer after which the rest is left for another time."""

_POOL_ERRORS = frozenset({"InvalidParameterException", "NotFoundException"})
"""Refusals that concern only one pool."""

# If there are several endpoints: the nearest one, by the beginning of the Region's name.
_NEAR = {"ap": "ap-south-1", "me": "ap-south-1", "af": "eu-central-1", "eu": "eu-central-1", "il": "eu-central-1"}
_USUAL_ENDPOINT = "us-east-1"


class PriceListUnavailable(Exception):  # noqa: N818 - the name is what the state machine shows
    """The price list did not answer. All prices stay as they were."""


def endpoint_region(home: str) -> str | None:
    """The Region whose endpoint has the price list; None if the partition has none, like GovCloud.

    botocore knows the endpoints: https://docs.aws.amazon.com/general/latest/gr/billing.html

    Args:
        home: the stack's Region.
    """
    session = boto3.Session()
    endpoints = session.get_available_regions("pricing", session.get_partition_for_region(home))
    wanted = (home, _NEAR.get(home.partition("-")[0]), _USUAL_ENDPOINT)
    return next((region for region in wanted if region in endpoints), next(iter(endpoints), None))


@cache
def _client(region: str) -> Any:
    return boto3.client(
        "pricing",
        region_name=region,
        config=Config(connect_timeout=4, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4}),
    )


def fetch_prices(
    home: str,
    pools: Iterable[PricePool],
    has_time: Callable[[], bool],
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> list[ListPrice]:
    """The prices of some pools, with one request for each.

    Args:
        home: the stack's Region.
        pools: the most important first.
        has_time: whether there is time for another pool.
        now: the time, in seconds.
        sleep: waits for some seconds.

    Returns:
        For each pool with an answer, its price, or that the list has none. The others keep their recorded price.

    Raises:
        PriceListUnavailable: if no pool got an answer.
    """
    endpoint = endpoint_region(home)
    prices: list[ListPrice] = []
    failures = 0
    error: Exception | None = None
    for pool in pools:
        filters = pool.product if endpoint else None
        if filters is None:
            prices.append(ListPrice(pool))
            continue
        if not has_time() or failures >= MAX_FAILURES:
            break
        started = now()
        try:
            amounts = [price for text in _products(str(endpoint), filters) for price in _hourly_prices(text)]
        except (BotoCoreError, ClientError) as refusal:
            error = refusal
            code = refusal.response["Error"]["Code"] if isinstance(refusal, ClientError) else type(refusal).__name__
            failures = failures if code in _POOL_ERRORS else failures + 1
            logger.error("The price list does not answer", pool=str(pool), error=str(refusal))
        else:
            failures = 0
            prices.append(_highest(pool, amounts))
        sleep(max(0.0, started + REQUEST_INTERVAL - now()))
    if error is not None and not prices:
        raise PriceListUnavailable(f"The price list did not answer for any pool: {error}")
    return prices


def _products(endpoint: str, filters: Any) -> Iterator[object]:
    """The products with these attributes, each as JSON text."""
    pages = (
        _client(endpoint)
        .get_paginator("get_products")
        .paginate(
            ServiceCode="AmazonEC2",
            Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
        )
    )
    for page in pages:
        yield from page.get("PriceList", [])


def _hourly_prices(text: object) -> Iterator[tuple[str, Decimal]]:
    """The currency and amount of each hourly price in a product's On-Demand terms.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html shows the format.
    """
    try:
        terms = json.loads(str(text))["terms"]["OnDemand"]
        dimensions = [dimension for term in terms.values() for dimension in term["priceDimensions"].values()]
        hourly = [dimension["pricePerUnit"] for dimension in dimensions if dimension["unit"] == "Hrs"]
        prices = [(str(currency), Decimal(amount)) for price in hourly for currency, amount in price.items()]
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        logger.warning("A product of the price list cannot be read", error=repr(error), product=str(text)[:1000])
        return
    # A price of 0 is an error: nothing that EC2 reserves is free.
    yield from ((currency, amount) for currency, amount in prices if amount.is_finite() and amount > 0)


def _highest(pool: PricePool, prices: list[tuple[str, Decimal]]) -> ListPrice:
    """The price of a pool. The attributes select one product. Among several prices, the highest is safe under a cap."""
    if len(set(prices)) > 1:
        logger.warning(
            "The price list has several prices", pool=str(pool), prices=[str(price) for price in set(prices)]
        )
    if not prices:
        return ListPrice(pool)
    # One currency is enough: a price in a second one is the same price.
    currencies = [currency for currency, _ in prices]
    chosen = "USD" if "USD" in currencies else currencies[0]
    return ListPrice(pool, f"{max(amount for currency, amount in prices if currency == chosen):f}", chosen)
