"""The functions' own EC2 gateway, with real boto3, against the local cloud's EC2."""

from collections.abc import Iterator

import pytest

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import blueprint
from localcloud.server import Server
from odcr.gateways import ec2 as gateway
from odcr.gateways.ec2 import Ec2Gateway


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    ec2.install(Clock())
    server = Server(0, [blueprint])
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture
def capacity(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> CapacityClient:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    gateway._client.cache_clear()
    client = CapacityClient(endpoint)
    client.reset()
    return client


@pytest.fixture
def ec2_gateway(capacity: CapacityClient) -> Ec2Gateway:  # noqa: ARG001 - which points boto3 to the local cloud
    return Ec2Gateway("odcr/ap-northeast-1", "123456789012")
