"""moto in this process, with the package and nothing else of the local cloud."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.ec2.models import ec2_backends

from localcloud import capacity_reservations

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

REGION = "ap-northeast-1"


@cache
def client(service: str, region: str, validation: bool) -> Any:
    """A boto3 client; to make one takes longer than many calls."""
    config = Config(parameter_validation=validation, retries={"total_max_attempts": 1})
    return boto3.client(service, region, config=config)  # type: ignore[call-overload]


class Ec2:
    """What most tests need, with defaults."""

    type, zone = "r5b.2xlarge", "ap-northeast-1c"

    def __init__(self) -> None:
        self.use()

    def use(self, region: str = REGION, *, validation: bool = True) -> None:
        """From now on calls go to this Region, by such a client."""
        self.api: EC2Client = client("ec2", region, validation)

    def create(self, **changes: Any) -> Any:
        """Creates one; the CapacityReservation."""
        parameters: dict[str, Any] = {
            "InstanceType": self.type,
            "InstancePlatform": "Linux/UNIX",
            "AvailabilityZone": self.zone,
            "InstanceCount": 1,
        }
        parameters = {name: value for name, value in (parameters | changes).items() if value is not None}
        return self.api.create_capacity_reservation(**parameters)["CapacityReservation"]

    def modify(self, reservation: Any, **changes: Any) -> Any:
        """Modifies one; the answer."""
        return self.api.modify_capacity_reservation(
            CapacityReservationId=reservation["CapacityReservationId"], **changes
        )

    def cancel(self, reservation: Any, **more: Any) -> Any:
        """Cancels one; the answer."""
        return self.api.cancel_capacity_reservation(CapacityReservationId=reservation["CapacityReservationId"], **more)

    def describe(self, **parameters: Any) -> list[Any]:
        """The reservations of one page."""
        return list(self.api.describe_capacity_reservations(**parameters)["CapacityReservations"])

    def again(self, reservation: Any) -> Any:
        """It, as it is now."""
        (now,) = self.describe(CapacityReservationIds=[reservation["CapacityReservationId"]])
        return now


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
