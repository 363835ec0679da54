"""Idempotency of CreateCapacityReservation."""

from collections.abc import Callable
from typing import Any

Refused = Callable[..., str]


def test_the_same_request_has_no_further_effect(cloud: Any) -> None:
    first = cloud.create(InstanceCount=4, ClientToken="a")
    assert cloud.create(InstanceCount=4, ClientToken="a") == first
    assert len(cloud.describe()) == 1


def test_it_is_answered_with_the_reservation_as_it_is_by_then(cloud: Any) -> None:
    first = cloud.create(InstanceCount=4, ClientToken="a")
    cloud.modify(first, InstanceCount=6)
    assert cloud.create(InstanceCount=4, ClientToken="a")["TotalInstanceCount"] == 6
    cloud.cancel(first)
    assert cloud.create(InstanceCount=4, ClientToken="a")["State"] == "cancelled"


def test_other_parameters_are_refused(cloud: Any, refused: Refused) -> None:
    cloud.create(InstanceCount=4, ClientToken="a")
    mismatch = "IdempotentParameterMismatch"
    assert refused(cloud.create, InstanceCount=5, ClientToken="a") == mismatch
    assert refused(cloud.create, InstanceCount=4, ClientToken="a", Tenancy="dedicated") == mismatch
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}]}]
    assert refused(cloud.create, InstanceCount=4, ClientToken="a", TagSpecifications=tags) == mismatch


def test_another_token_is_another_reservation(cloud: Any) -> None:
    first, second = cloud.create(ClientToken="a"), cloud.create(ClientToken="A")
    assert first["CapacityReservationId"] != second["CapacityReservationId"]


def test_another_zone_or_region_is_another_token_space(cloud: Any) -> None:
    first = cloud.create(ClientToken="a")
    second = cloud.create(ClientToken="a", AvailabilityZone="ap-northeast-1a", InstanceCount=2)
    cloud.use("us-west-2")
    third = cloud.create(ClientToken="a", AvailabilityZone="us-west-2a", InstanceCount=3)
    assert len({made["CapacityReservationId"] for made in (first, second, third)}) == 3


def test_a_dry_run_uses_no_token(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, ClientToken="a", DryRun=True) == "DryRunOperation"
    assert cloud.create(ClientToken="a", InstanceCount=2)["TotalInstanceCount"] == 2
