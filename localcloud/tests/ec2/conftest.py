"""A server with the actions, boto3 clients of it, and a clock that the tests move."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.control import blueprint
from localcloud.server import Server
from localcloud.tests.capacity_reservations.calls import ReservationCalls

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

REGION = "ap-northeast-1"
TYPE, ZONE = ReservationCalls.type, ReservationCalls.zone


class ManualClock(Clock):
    """Stands still until a test moves it; sleeping moves it."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "reading", 1000.0)

    def now(self) -> float:
        return float(self.reading)  # type: ignore[attr-defined]

    def sleep(self, cloud_seconds: float) -> None:
        self.advance(cloud_seconds)

    def advance(self, cloud_seconds: float) -> None:
        object.__setattr__(self, "reading", self.now() + cloud_seconds)


@cache
def client(endpoint: str, region: str, retries: int, read_timeout: float, validation: bool) -> "EC2Client":
    """A boto3 client; to make one takes as long as many calls."""
    config = Config(
        proxies={},
        retries={"total_max_attempts": retries, "mode": "standard"},
        read_timeout=read_timeout,
        parameter_validation=validation,
        max_pool_connections=50,
    )
    return boto3.Session().client(
        "ec2",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


class Ec2(ReservationCalls):
    """Calls of the server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.use()

    def use(
        self, region: str = REGION, *, attempts: int = 1, read_timeout: float = 20, validation: bool = True
    ) -> None:
        """From now on calls go to this Region, by such a client."""
        self.api = client(self.endpoint, region, attempts, read_timeout, validation)


def refusal(call: Callable[..., Any], *args: Any, **parameters: Any) -> tuple[str, int]:
    """The error code and HTTP status with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(*args, **parameters)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    ec2.install(Clock())
    running = Server(0, [blueprint])
    running.start()
    yield running
    running.stop()


@pytest.fixture
def clock(server: Server) -> ManualClock:  # noqa: ARG001 - it must run
    manual = ManualClock()
    ec2.install(manual)
    return manual


@pytest.fixture
def capacity(server: Server, clock: ManualClock) -> CapacityClient:  # noqa: ARG001 - every test begins with nothing
    """The control API's client, with 20 free of the type that the tests reserve."""
    client = CapacityClient(server.endpoint)
    client.set_free(TYPE, ZONE, 20)
    return client


@pytest.fixture
def cloud(server: Server, capacity: CapacityClient) -> Ec2:  # noqa: ARG001 - most tests need some
    return Ec2(server.endpoint)


@pytest.fixture
def refused() -> Callable[..., tuple[str, int]]:
    """`refused(call, ...)`: the error code and HTTP status with which the call is refused."""
    return refusal
