"""Resource groups of reservations, and launches that target them."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from localcloud.ec2.faults import ANY, GROUP, LIST_GROUP, Fault, FaultKind
from localcloud.tests.capacity_reservations.calls import arn_of, empty_group, members

Refused = Callable[..., tuple[str, int]]


@pytest.fixture(scope="module")
def api(server: Any) -> Any:
    """A client of Resource Groups."""
    return boto3.client(
        "resource-groups",
        endpoint_url=server.endpoint,
        region_name="ap-northeast-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def group(api: Any) -> Any:
    """An empty group."""
    return empty_group(api)


def test_what_cannot_be_in_a_group_fails_and_the_rest_does_not(cloud: Any, capacity: Any, api: Any, group: Any) -> None:
    made = arn_of(cloud.create())
    shared = capacity.plant(cloud.type, cloud.zone, 2, OwnerId="210987654321")
    shared = arn_of(cloud.describe(CapacityReservationIds=[shared])[0])
    wrong = [made.replace("123456789012", "210987654321"), f"{made[:-17]}{'0' * 17}", "arn:aws:s3:::bucket"]
    cloud.use("us-west-2")
    for zone in ("us-west-2a", "us-west-2-lax-1a", "us-west-2-wl1-las-wlz-1"):
        capacity.set_free(cloud.type, zone, 1)
        wrong.append(arn_of(cloud.create(AvailabilityZone=zone)))
    answer = api.group_resources(Group=group["Name"], ResourceArns=[made, *wrong, shared])
    assert (answer["Succeeded"], [one["ResourceArn"] for one in answer["Failed"]]) == ([made, shared], wrong)
    assert members(api, group) == [made, shared]


@pytest.mark.parametrize("zone", ["ap-northeast-1-tpe-1a", "ap-northeast-1-wl1-nrt-wlz-1"])
def test_local_and_wavelength_zones_have_no_groups(cloud: Any, capacity: Any, api: Any, group: Any, zone: str) -> None:
    capacity.set_free(cloud.type, zone, 1)
    made = arn_of(cloud.create(AvailabilityZone=zone))
    (failed,) = api.group_resources(Group=group["Name"], ResourceArns=[made])["Failed"]
    assert zone in failed["ErrorMessage"]
    assert members(api, group) == []


def test_launches_that_target_a_group(cloud: Any, capacity: Any, api: Any, group: Any, refused: Refused) -> None:
    target = {"CapacityReservationTarget": {"CapacityReservationResourceGroupArn": group["GroupArn"]}}
    only = {"CapacityReservationPreference": "capacity-reservations-only"}

    def run(**more: Any) -> str | None:
        (one,) = cloud.api.run_instances(
            ImageId="ami-12345678",
            InstanceType=cloud.type,
            MinCount=1,
            MaxCount=1,
            Placement={"AvailabilityZone": cloud.zone},
            CapacityReservationSpecification={**target, **more},
        )["Instances"]
        return str(one["CapacityReservationId"]) if "CapacityReservationId" in one else None

    assert refused(run, **only) == ("ReservationCapacityExceeded", 400)
    assert run() is None
    ended, made = (cloud.create(InstanceCount=3, InstanceMatchCriteria="targeted") for _ in range(2))
    api.group_resources(Group=group["Name"], ResourceArns=[arn_of(ended)])
    # What runs already was "automatically matched with and moved into" it, and outlives it.
    assert (cloud.again(ended)["AvailableInstanceCount"], capacity.free(cloud.type, cloud.zone)) == (2, 14)
    cloud.cancel(ended)
    assert capacity.free(cloud.type, cloud.zone) == 16
    api.group_resources(Group=group["Name"], ResourceArns=[arn_of(made)])
    assert (run(), run(**only)) == (made["CapacityReservationId"],) * 2
    assert run() is None
    assert refused(run, **only) == ("ReservationCapacityExceeded", 400)
    cloud.modify(made, InstanceCount=5)
    assert cloud.again(made)["AvailableInstanceCount"] == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "throttled"}, ("TooManyRequestsException", 429)),
        ({"kind": "internal_error"}, ("InternalServerErrorException", 500)),
        ({"kind": "refused", "code": "ForbiddenException"}, ("ForbiddenException", 400)),
    ],
)
def test_requests_are_refused_on_purpose(
    cloud: Any, capacity: Any, api: Any, group: Any, refused: Refused, fault: dict[str, Any], error: tuple[str, int]
) -> None:
    arns = [arn_of(cloud.create())]
    capacity.inject(*(Fault(action, **fault) for action in (GROUP, LIST_GROUP)))
    assert refused(api.group_resources, Group=group["Name"], ResourceArns=arns) == error
    assert refused(api.list_group_resources, Group=group["Name"]) == error
    assert members(api, group) == []
    counts = {one.action: one for one in capacity.calls()}
    assert (counts[LIST_GROUP].calls, counts[GROUP].refused) == (2, {error[0]: 1})


def test_one_reservation_fails_on_purpose(cloud: Any, capacity: Any, api: Any, group: Any) -> None:
    first, second = cloud.create(), cloud.create()
    given = {"reservation_id": second["CapacityReservationId"], "code": "BUSY", "message": "Later."}
    capacity.inject(Fault(GROUP, FaultKind.REFUSED, **given), Fault(ANY, FaultKind.THROTTLED))
    arns = [arn_of(first), arn_of(second)]
    answer = api.group_resources(Group=group["Name"], ResourceArns=arns)
    assert answer["Succeeded"] == arns[:1]
    assert answer["Failed"] == [{"ResourceArn": arns[1], "ErrorCode": "BUSY", "ErrorMessage": "Later."}]
    assert api.group_resources(Group=group["Name"], ResourceArns=arns)["Failed"] == []


def test_answers_are_lost(cloud: Any, capacity: Any, api: Any, group: Any) -> None:
    arns = [arn_of(cloud.create())]
    for kind, expected in ((FaultKind.LOST_BEFORE, []), (FaultKind.LOST_AFTER, arns)):
        capacity.inject(Fault(GROUP, kind))
        with pytest.raises(ConnectionClosedError):
            api.group_resources(Group=group["Name"], ResourceArns=arns)
        assert members(api, group) == expected
