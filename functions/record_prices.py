"""RecordPrices: says which prices are needed, and writes those of the price list."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.prices import ListPrice
from odcr.domain.wire import optional, required
from odcr.gateways.database import transaction
from odcr.gateways.price_table import pools_to_price, write_prices
from odcr.observability import logger, metrics
from odcr.settings import DatabaseSettings


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation. Repeating it, or running another beside it, has no further effect.

    Args:
        event: `{"Execution": str, "Prices": [...]}`, the prices as FetchPrices returns them. Without `Prices` it only
            says which are needed.
        context: Lambda's.

    Returns:
        `{"Pools": [...]}`: without `Prices`, the pools to ask the price list for; else none.

    Raises:
        TableUnusable: if the tables cannot be read that say which prices are needed.
        TablesOutdated, TablesTooNew, DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    fetched = optional(event, "Prices", list, None)
    if fetched is None:
        with transaction(DatabaseSettings.load().secret_arn) as cursor:
            pools = pools_to_price(cursor)
        logger.info("Pools loaded", execution=execution, pools=len(pools))
        return {"Pools": [pool.to_event() for pool in pools]}
    prices = [ListPrice.from_event(price) for price in fetched]
    with transaction(DatabaseSettings.load().secret_arn) as cursor:
        recorded = write_prices(cursor, prices)
    logger.info("Prices recorded", execution=execution, prices=len(prices), recorded=recorded)
    return {"Pools": []}
