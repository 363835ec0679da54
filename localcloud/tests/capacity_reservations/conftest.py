"""moto in this process, with the package and nothing else of the local cloud."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.ec2.models import ec2_backends

from localcloud import capacity_reservations
from localcloud.tests.capacity_reservations.calls import ReservationCalls

REGION = "ap-northeast-1"


@cache
def client(service: str, region: str, validation: bool) -> Any:
    """A boto3 client; to make one takes longer than many calls."""
    config = Config(parameter_validation=validation, retries={"total_max_attempts": 1})
    return boto3.client(service, region, config=config)  # type: ignore[call-overload]


class Ec2(ReservationCalls):
    """Calls of moto in this process."""

    def __init__(self) -> None:
        self.use()

    def use(self, region: str = REGION, *, validation: bool = True) -> None:
        """From now on calls go to this Region, by such a client."""
        self.api = client("ec2", region, validation)


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws():
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield


@pytest.fixture
def cloud(moto: None) -> Ec2:  # noqa: ARG001 - it must run
    capacity_reservations.install()
    for backend in ec2_backends["123456789012"].values():
        backend.forget_capacity_reservations()  # type: ignore[attr-defined]
        backend.placement_groups.clear()  # type: ignore[attr-defined]
    return Ec2()


@pytest.fixture
def groups(cloud: Ec2) -> Any:  # noqa: ARG001 - it must run
    """A client of Resource Groups."""
    return client("resource-groups", REGION, True)


@pytest.fixture
def refused() -> Callable[..., str]:
    """`refused(call, ...)`: the error code with which the call is refused."""

    def code_of(call: Callable[..., Any], *args: Any, **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(*args, **parameters)
        return caught.value.response["Error"]["Code"]

    return code_of
