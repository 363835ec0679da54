"""Pools, quotas and request rates."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from localcloud.ec2.faults import CANCEL, CREATE, CREATE_TAGS, DELETE_TAGS, DESCRIBE, DESCRIBE_INSTANCES, MODIFY
from localcloud.ec2.request_rate import ALL_INSTANCES, RequestRate
from localcloud.ec2.state import current

Refused = Callable[..., tuple[str, int]]


@pytest.fixture
def often_interrupted() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "granted"


def test_threads_that_race_never_oversell_a_pool(cloud: Any, capacity: Any) -> None:
    cloud.cancel(cloud.create())  # what moto looks up for its first request, it need not look up in each thread
    with ThreadPoolExecutor(24) as threads:
        outcomes = list(threads.map(lambda _: outcome(lambda: cloud.create(InstanceCount=3)), range(24)))
    assert outcomes.count("granted") == 6
    assert outcomes.count("InsufficientInstanceCapacity") == 18
    assert sum(one["TotalInstanceCount"] for one in cloud.describe() if one["State"] == "active") == 18
    assert capacity.free(cloud.type, cloud.zone) == 2


@pytest.mark.usefixtures("often_interrupted")
def test_threads_that_race_within_the_process_never_oversell_a_pool(cloud: Any, capacity: Any) -> None:
    """Without HTTP between them the threads meet far more often: without the lock this fails."""
    capacity.set_free(cloud.type, cloud.zone, 500)
    backend: Any = ec2_backends["123456789012"]["ap-northeast-1"]
    request = {"InstanceType": cloud.type, "InstancePlatform": "Linux/UNIX", "AvailabilityZone": cloud.zone}

    def reserve_and_resize(_number: int) -> int:
        held = 0
        for _ in range(40):
            with contextlib.suppress(EC2ClientError):
                made = backend.create_capacity_reservation(request | {"InstanceCount": 3})["CapacityReservation"]
                held += 3
                backend.modify_capacity_reservation(
                    {"CapacityReservationId": made["CapacityReservationId"], "InstanceCount": 4}
                )
                held += 1
        return held

    with ThreadPoolExecutor(8) as threads:
        held = sum(threads.map(reserve_and_resize, range(8)))
    assert held + capacity.free(cloud.type, cloud.zone) == 500
    assert sum(one["TotalInstanceCount"] for one in cloud.describe()) == held


def test_threads_that_grow_shrink_and_cancel_lose_nothing(cloud: Any, capacity: Any) -> None:
    made = [cloud.create(InstanceCount=2) for _ in range(5)]

    def change(number: int) -> None:
        one = made[number % 5]
        outcome(lambda: cloud.modify(one, InstanceCount=1 + number * 7 % 9))
        if number >= 30:
            outcome(lambda: cloud.cancel(one))

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(change, range(35)))
    assert {one["State"] for one in cloud.describe()} == {"cancelled"}
    assert capacity.free(cloud.type, cloud.zone) == 20


def test_pools_are_by_type_and_zone(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, AvailabilityZone="ap-northeast-1a")[0] == "InsufficientInstanceCapacity"
    assert refused(cloud.create, InstanceType="m5.xlarge")[0] == "InsufficientInstanceCapacity"


def test_a_vcpu_quota(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.set_vcpu_quota("ap-northeast-1", 80)  # ten of 8 vCPUs
    made = cloud.create(InstanceCount=9)
    assert refused(cloud.create, InstanceCount=2) == ("VcpuLimitExceeded", 400)
    assert refused(cloud.modify, made, InstanceCount=11) == ("VcpuLimitExceeded", 400)
    cloud.modify(made, InstanceCount=10)
    cloud.cancel(made)
    cloud.create(InstanceCount=10)
    capacity.set_vcpu_quota("ap-northeast-1", None)
    cloud.create(InstanceCount=10)


def test_a_quota_is_of_one_region(cloud: Any, capacity: Any) -> None:
    capacity.set_vcpu_quota("us-west-2", 0)
    cloud.create(InstanceCount=20)


def test_a_quota_is_looked_at_before_the_pool(cloud: Any, capacity: Any, refused: Refused) -> None:
    capacity.set_vcpu_quota("ap-northeast-1", 24)
    assert refused(cloud.create, InstanceCount=1000)[0] == "VcpuLimitExceeded"


def calls_of(capacity: Any, action: str, region: str = "ap-northeast-1") -> Any:
    (counts,) = [one for one in capacity.calls() if (one.region, one.action) == (region, action)]
    return counts


@pytest.mark.parametrize(
    ("bucket", "depth", "per_second"),
    [
        (CREATE, 50, 5),
        (MODIFY, 50, 5),
        (DESCRIBE, 100, 20),
        (CREATE_TAGS, 100, 10),
        (DELETE_TAGS, 100, 10),
        (DESCRIBE_INSTANCES, 100, 20),
        (ALL_INSTANCES, 50, 10),
    ],
)
def test_the_rates(clock: Any, bucket: str, depth: int, per_second: int) -> None:
    rate = RequestRate(clock)

    def admitted() -> int:
        return sum(rate.admit("123456789012", "ap-northeast-1", bucket) for _ in range(2 * depth))

    assert admitted() == depth
    clock.advance(2)
    assert admitted() == 2 * per_second
    clock.advance(1000)
    assert admitted() == depth
    assert rate.count("ap-northeast-1", bucket).overdrawn == 4 * depth - 2 * per_second


def drain(bucket: str) -> None:
    """Takes all requests that a bucket has."""
    with current().lock:
        while current().rate.admit("123456789012", "ap-northeast-1", bucket):
            pass


def test_a_request_takes_from_its_bucket_and_is_refused_with_503_if_that_is_empty(
    cloud: Any, capacity: Any, clock: Any, refused: Refused
) -> None:
    made = cloud.create()
    tags = {"Resources": [made["CapacityReservationId"]], "Tags": [{"Key": "a", "Value": "b"}]}
    calls: dict[str, Callable[[], Any]] = {
        CREATE: cloud.create,
        DESCRIBE: cloud.describe,
        MODIFY: lambda: cloud.modify(made, InstanceCount=1),
        CREATE_TAGS: lambda: cloud.api.create_tags(**tags),
        DELETE_TAGS: lambda: cloud.api.delete_tags(**tags),
        DESCRIBE_INSTANCES: lambda: cloud.api.describe_instances(MaxResults=1000),
        ALL_INSTANCES: cloud.api.describe_instances,
    }
    for bucket, call in calls.items():
        drain(bucket)
        assert refused(call) == ("RequestLimitExceeded", 503)
        clock.advance(0.25)
        call()
    drain(MODIFY)
    cloud.cancel(made)
    assert calls_of(capacity, CANCEL).overdrawn == 0
    cloud.use("us-west-2")
    assert refused(cloud.modify, made, InstanceCount=1)[0] == "InvalidCapacityReservationId.NotFound"
    counts = calls_of(capacity, CREATE)
    assert (counts.calls, counts.refused) == (3, {"RequestLimitExceeded": 1})


def test_the_counts_of_calls(cloud: Any, capacity: Any, refused: Refused) -> None:
    cloud.create()
    refused(cloud.create, InstanceCount=0)
    refused(cloud.create, InstanceCount=500)
    counts = calls_of(capacity, CREATE)
    assert (counts.calls, counts.overdrawn, counts.unanswered) == (3, 0, 0)
    assert counts.refused == {"InvalidParameterValue": 1, "InsufficientInstanceCapacity": 1}
    capacity.reset()
    assert capacity.calls() == []


@pytest.mark.parametrize("attempts", [1, 2])
def test_boto3_repeats_what_comes_with_500_if_it_may(
    cloud: Any, capacity: Any, refused: Refused, attempts: int
) -> None:
    cloud.use(attempts=attempts)
    assert refused(cloud.create, InstanceCount=21)[0] == "InsufficientInstanceCapacity"
    assert calls_of(capacity, CREATE).calls == attempts
