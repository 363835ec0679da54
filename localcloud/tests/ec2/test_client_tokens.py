"""Idempotency of CreateCapacityReservation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from localcloud.ec2.faults import CREATE, Fault, FaultKind

Refused = Callable[..., tuple[str, int]]


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
def test_a_remembered_token_stays_refused_whatever_refused_it(
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


def test_invalid_parameters_are_remembered_as_well(cloud: Any, capacity: Any, refused: Refused) -> None:
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


def test_many_threads_with_one_token_make_one(cloud: Any, capacity: Any) -> None:
    with ThreadPoolExecutor(10) as threads:
        made = list(threads.map(lambda _: cloud.create(ClientToken="a", InstanceCount=3), range(10)))
    assert len({one["CapacityReservationId"] for one in made}) == 1
    assert capacity.free(cloud.type, cloud.zone) == 17
