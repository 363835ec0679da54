"""The functions' own EC2 gateway, with real boto3, against the local cloud's EC2."""

from collections.abc import Iterator

import pytest

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import blueprint
from localcloud.server import Server
from odcr.gateways import ec2_clients
from odcr.gateways.ec2 import Ec2Gateway


class ClockWithJumps(Clock):
    """A clock that runs like the wall clock, and jumps ahead when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "jumped", 0.0)

    def now(self) -> float:
        return super().now() + float(self.jumped)  # type: ignore[attr-defined]

    def jump(self, cloud_seconds: float) -> None:
        object.__setattr__(self, "jumped", float(self.jumped) + cloud_seconds)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def clock() -> ClockWithJumps:
    return ClockWithJumps()


@pytest.fixture(scope="module")
def endpoint(clock: ClockWithJumps) -> Iterator[str]:
    ec2.install(clock)
    server = Server(0, [blueprint])
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture
def capacity(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> CapacityClient:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    ec2_clients._client.cache_clear()
    client = CapacityClient(endpoint)
    client.reset()
    return client


@pytest.fixture
def ec2_gateway(capacity: CapacityClient) -> Ec2Gateway:  # noqa: ARG001 - points boto3 to the local cloud
    return Ec2Gateway("odcr/ap-northeast-1", "123456789012")
