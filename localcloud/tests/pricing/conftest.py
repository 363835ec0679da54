"""boto3 against the local cloud's price list."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from localcloud import pricing
from localcloud.pricing.prices import Prices
from localcloud.server import Server


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Any, Prices]]:
    """A client, and the service's prices."""
    prices = pricing.install()
    server = Server(0, [])
    server.start()
    yield (
        boto3.client(
            "pricing",
            region_name="us-east-1",
            endpoint_url=server.endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        ),
        prices,
    )
    server.stop()


@pytest.fixture
def prices(service: tuple[Any, Prices]) -> Prices:
    service[1].reset()
    return service[1]


@pytest.fixture
def client(service: tuple[Any, Prices], prices: Prices) -> Any:  # noqa: ARG001 - which begin anew
    return service[0]
