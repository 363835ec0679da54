"""The functions' price list gateway, with real boto3, against the local cloud's price list."""

from collections.abc import Iterator

import pytest

from localcloud import pricing
from localcloud.pricing.prices import Prices
from localcloud.server import Server
from odcr.gateways import price_list


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[str, Prices]]:
    """The endpoint and its prices."""
    prices = pricing.install()
    server = Server(0, [])
    server.start()
    yield server.endpoint, prices
    server.stop()


@pytest.fixture
def prices(service: tuple[str, Prices], monkeypatch: pytest.MonkeyPatch) -> Prices:
    endpoint, prices = service
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    price_list._client.cache_clear()
    prices.reset()
    return prices
