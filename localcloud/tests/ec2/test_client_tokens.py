"""Idempotency of CreateCapacityReservation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from localcloud.ec2.faults import CREATE, Fault, FaultKind

Refused = Callable[..., tuple[str, int]]


def test_the_same_request_has_no_further_effect(cloud: Any, capacity: Any) -> None:
    first = cloud.create(InstanceCount=4, ClientToken="a")
    assert cloud.create(InstanceCount=4, ClientToken="a") == first
    assert len(cloud.describe()) == 1
    assert capacity.free(cloud.type, cloud.zone) == 16


def test_it_is_answered_with_the_reservation_as_it_is_by_then(cloud: Any, capacity: Any) -> None:
    first = cloud.create(InstanceCount=4, ClientToken="a")
    cloud.modify(first, InstanceCount=6)
    assert cloud.create(InstanceCount=4, ClientToken="a")["TotalInstanceCount"] == 6
    cloud.cancel(first)
    assert cloud.create(InstanceCount=4, ClientToken="a")["State"] == "cancelled"
    assert capacity.free(cloud.type, cloud.zone) == 20


def test_other_parameters_are_refused(cloud: Any, capacity: Any, refused: Refused) -> None:
    cloud.create(InstanceCount=4, ClientToken="a")
    mismatch = ("IdempotentParameterMismatch", 400)
    assert refused(cloud.create, InstanceCount=5, ClientToken="a") == mismatch
    assert refused(cloud.create, InstanceCount=4, ClientToken="a", Tenancy="dedicated") == mismatch
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}]}]
    assert refused(cloud.create, InstanceCount=4, ClientToken="a", TagSpecifications=tags) == mismatch
    assert capacity.free(cloud.type, cloud.zone) == 16


def test_another_token_is_another_reservation(cloud: Any) -> None:
    first, second = cloud.create(ClientToken="a"), cloud.create(ClientToken="A")
    assert first["CapacityReservationId"] != second["CapacityReservationId"]


def test_another_zone_or_region_is_another_token_space(cloud: Any, capacity: Any) -> None:
    capacity.set_free(cloud.type, "ap-northeast-1a", 5)
    capacity.set_free(cloud.type, "us-west-2a", 5)
    first = cloud.create(ClientToken="a")
    second = cloud.create(ClientToken="a", AvailabilityZone="ap-northeast-1a", InstanceCount=2)
    cloud.use("us-west-2")
    third = cloud.create(ClientToken="a", AvailabilityZone="us-west-2a", InstanceCount=3)
    assert len({made["CapacityReservationId"] for made in (first, second, third)}) == 3


def test_a_refused_request_remembers_no_token(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, InstanceCount=21, ClientToken="a")[0] == "InsufficientInstanceCapacity"
    assert cloud.create(InstanceCount=20, ClientToken="a")["TotalInstanceCount"] == 20


def test_a_refused_request_remembers_its_token_when_told_to(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.remember_refused_tokens(True)
    assert refused(cloud.create, InstanceCount=21, ClientToken="a")[0] == "InsufficientInstanceCapacity"
    assert refused(cloud.create, InstanceCount=20, ClientToken="a")[0] == "IdempotentParameterMismatch"
    capacity.add_free(cloud.type, cloud.zone, 1)
    assert refused(cloud.create, InstanceCount=21, ClientToken="a")[0] == "InsufficientInstanceCapacity"
    assert cloud.describe() == []


@pytest.mark.parametrize("kind", [FaultKind.REFUSED, FaultKind.THROTTLED, FaultKind.INSUFFICIENT_CAPACITY])
def test_whatever_refused_it_a_remembered_token_stays_refused(
    cloud: Any, capacity: Any, refused: Refused, kind: FaultKind
) -> None:
    capacity.remember_refused_tokens(True)
    capacity.inject(Fault(CREATE, kind))
    first = refused(cloud.create, ClientToken="a")
    assert [refused(cloud.create, ClientToken="a") for _ in range(3)] == [first] * 3
    cloud.create(ClientToken="b")
    assert capacity.fired()[kind] == 1
    capacity.reset()
    capacity.set_free(cloud.type, cloud.zone, 1)
    cloud.create(ClientToken="a")


def test_parameters_that_cannot_be_are_remembered_as_well(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.remember_refused_tokens(True)
    wrong = {"InstanceType": "m5.nonsense", "ClientToken": "a"}
    assert refused(cloud.create, **wrong)[0] == "InvalidParameterValue"
    assert refused(cloud.create, ClientToken="a")[0] == "IdempotentParameterMismatch"
    assert refused(cloud.create, **wrong)[0] == "InvalidParameterValue"


@pytest.mark.parametrize("kind", [FaultKind.INTERNAL_ERROR, FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER])
def test_a_token_whose_outcome_is_unknown_is_not_refused(cloud: Any, capacity: Any, kind: FaultKind) -> None:
    capacity.remember_refused_tokens(True)
    capacity.inject(Fault(CREATE, kind))
    with pytest.raises((ClientError, ConnectionClosedError)):
        cloud.create(ClientToken="a")
    cloud.create(ClientToken="a")
    assert len(cloud.describe()) == 1


def test_a_dry_run_uses_no_token(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, ClientToken="a", DryRun=True)[0] == "DryRunOperation"
    assert cloud.create(ClientToken="a", InstanceCount=2)["TotalInstanceCount"] == 2


def test_at_once_from_many_threads_makes_one(cloud: Any, capacity: Any) -> None:
    with ThreadPoolExecutor(10) as threads:
        made = list(threads.map(lambda _: cloud.create(ClientToken="a", InstanceCount=3), range(10)))
    assert len({one["CapacityReservationId"] for one in made}) == 1
    assert capacity.free(cloud.type, cloud.zone) == 17
