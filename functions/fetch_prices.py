"""FetchPrices: gets the price per hour of each pool's instances from AWS's price list."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.price_pools import PricePool
from odcr.domain.wire import required
from odcr.gateways.price_list import fetch_prices
from odcr.observability import logger
from odcr.settings import RegionSettings

RESERVED_SECONDS = 90
"""The most that the last pool may take: four attempts of fifteen seconds, with waits between them."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One invocation. Repeating it has no effect except more requests.

    Args:
        event: `{"Execution": str, "Pools": [...]}`, as RecordPrices returns them.
        context: Lambda's.

    Returns:
        `{"Prices": [...]}`: each pool that got an answer, with `HourlyPrice`, a decimal number as text, and `Currency`.
        `HourlyPrice` is missing if the list has no price.

    Raises:
        PriceListUnavailable: if no pool got an answer.
        InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    pools = [PricePool.from_event(pool) for pool in required(event, "Pools", list)]
    prices = fetch_prices(
        RegionSettings.load().region,
        pools,
        lambda: context.get_remaining_time_in_millis() > RESERVED_SECONDS * 1000,
        time.time,
        time.sleep,
    )
    logger.info(
        "Prices fetched",
        execution=execution,
        pools=len(pools),
        answered=len(prices),
        unknown=sum(price.hourly_price is None for price in prices),
    )
    return {"Prices": [price.to_event() for price in prices]}
