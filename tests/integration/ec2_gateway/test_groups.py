"""Groups' reservations and instance types through the EC2 gateway, with real boto3, against the local cloud's EC2."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from localcloud.ec2.client import CapacityClient
from localcloud.ec2.faults import CREATE, DESCRIBE_TYPES, Fault, FaultKind
from odcr.domain.refusal import OutcomeUnknown, RequestLimitExceeded
from odcr.domain.reservation import UNREADABLE, Reservation, may_be_for
from odcr.domain.target import USUAL_OPTIONS, TargetKey
from odcr.gateways import instance_types
from odcr.gateways.ec2 import Ec2Gateway
from odcr.gateways.ec2_clients import retrying_client
from odcr.gateways.ec2_descriptions import reservation_of, reservation_or_unreadable

ROW = TargetKey("r5b.2xlarge", "ap-northeast-1c")
WEB, SHOP = replace(ROW, group="web"), replace(ROW, group="店/Nov 27 + *")
"""Groups with the row's pool. EC2's tags allow any character:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"""
TOKEN = "a" * 64
DESCRIBED: Any = {
    "CapacityReservationId": "cr-1",
    "InstanceType": ROW.instance_type,
    "AvailabilityZone": ROW.zone,
    "TotalInstanceCount": 2,
    "State": "active",
}


@pytest.fixture(autouse=True)
def room(capacity: CapacityClient) -> None:
    capacity.set_free(ROW.instance_type, ROW.zone, 100)


def ids(reservations: list[Reservation]) -> list[str]:
    return [one.id for one in reservations]


def describes(capacity: CapacityClient) -> int:
    return sum(one.calls for one in capacity.calls() if one.action == "DescribeCapacityReservations")


def tag(reservation: Reservation, **tags: str) -> None:
    """Tags it as a person does."""
    pairs: Any = [{"Key": f"odcr:{key}", "Value": value} for key, value in tags.items()]
    boto3.client("ec2", region_name=ROW.region).create_tags(Resources=[reservation.id], Tags=pairs)


def untag(reservation: Reservation, *keys: str) -> None:
    removed: Any = [{"Key": f"odcr:{key}"} for key in keys]
    boto3.client("ec2", region_name=ROW.region).delete_tags(Resources=[reservation.id], Tags=removed)


def test_find_reads_a_group_s_pools_with_one_request_for_each_region(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient
) -> None:
    near, far = replace(WEB, availability_zone="ap-northeast-1a"), replace(WEB, availability_zone="us-east-1a")
    other_type = replace(WEB, instance_type="m5.large")
    for key in (near, far, other_type):
        capacity.set_free(key.instance_type, key.zone, 10)
    made = [ec2_gateway.create(key, USUAL_OPTIONS, 1, [], "") for key in (WEB, near, far, other_type)]
    # To be left out: one's type in another's zone, a row's, and another group's.
    crossed = replace(other_type, availability_zone=near.zone)
    capacity.set_free(crossed.instance_type, crossed.zone, 10)
    for key in (crossed, ROW, SHOP):
        ec2_gateway.create(key, USUAL_OPTIONS, 1, [], "")
    before = describes(capacity)
    assert sorted(ids(ec2_gateway.find(WEB, near, far, other_type))) == sorted(ids(made))
    assert describes(capacity) == before + 2
    assert ec2_gateway.find() == []


def test_row_and_groups_with_the_same_pool_have_separate_reservations(ec2_gateway: Ec2Gateway) -> None:
    made = {key.group: ec2_gateway.create(key, USUAL_OPTIONS, 2, [], "") for key in (ROW, WEB, SHOP)}
    assert len({one.id for one in made.values()}) == 3
    assert all(len(one.made) == 64 and not one.is_adopted and one.is_managed for one in made.values())
    for key in (ROW, WEB, SHOP):
        one = made[key.group]
        assert (one.key, one.tags["odcr:made"]) == (key, f"{one.made}/{key.group}" if key.group else one.made)
        assert one.tags.get("odcr:group", "") == key.group
        assert ec2_gateway.find(key) == [one]
        # Leaves out what clearly belongs to another demand.
        assert ec2_gateway.find_all(key) == [one]
    assert {one.key for one in ec2_gateway.find_in_region(ROW.region, is_known=True)} == {ROW, WEB, SHOP}


def test_same_request_of_a_group_makes_one_reservation(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.inject(Fault(CREATE, FaultKind.LOST_AFTER))
    first = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [], "")
    assert ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [], "") == first
    assert ids(ec2_gateway.find(WEB)) == [first.id]


def test_reservation_without_its_group_s_tag_is_not_managed(ec2_gateway: Ec2Gateway) -> None:
    made = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [], "")
    rows = ec2_gateway.create(ROW, USUAL_OPTIONS, 3, [], "")
    untag(made, "group")
    assert ec2_gateway.find(WEB) == []
    (untagged,) = ec2_gateway.find_all(WEB)
    assert (untagged.id, untagged.is_managed, untagged.is_held, untagged.count) == (made.id, False, True, 2)
    # It now counts for the row, which did not buy it.
    assert {one.id: one.is_adopted for one in ec2_gateway.find(ROW)} == {made.id: True, rows.id: False}
    tag(made, group="web")
    assert ec2_gateway.find(WEB) == ec2_gateway.find_all(WEB) == [made]


def test_reservation_without_tags_may_belong_to_any_demand(ec2_gateway: Ec2Gateway) -> None:
    made = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [], "")
    untag(made, "group", "stack", "made")
    for key in (WEB, ROW, SHOP):
        assert ec2_gateway.find(key) == []
        assert [(one.id, one.is_managed) for one in ec2_gateway.find_all(key)] == [(made.id, False)]


def test_reservation_without_the_stack_s_tag_belongs_only_to_its_group(ec2_gateway: Ec2Gateway) -> None:
    made = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [], "")
    untag(made, "stack")
    assert [(one.id, one.is_managed) for one in ec2_gateway.find_all(WEB)] == [(made.id, False)]
    assert ec2_gateway.find_all(ROW) == ec2_gateway.find_all(SHOP) == []


@pytest.mark.parametrize(("before", "after"), [(WEB, SHOP), (ROW, WEB)])
def test_reservation_moved_to_a_group_by_a_person_counts_there_and_is_never_released(
    ec2_gateway: Ec2Gateway, before: TargetKey, after: TargetKey
) -> None:
    made = ec2_gateway.create(before, USUAL_OPTIONS, 2, [], "")
    tag(made, group=after.group)
    assert ec2_gateway.find(before) == ec2_gateway.find_all(before) == []
    (moved,) = ec2_gateway.find(after)
    assert (moved.id, moved.key, moved.is_managed, moved.is_adopted, moved.made) == (
        made.id,
        after,
        True,
        True,
        made.made,
    )
    assert not moved.may_be_released
    assert [(one.key, one.is_adopted) for one in ec2_gateway.find_in_region(ROW.region, is_known=True)] == [
        (after, True)
    ]


@pytest.mark.parametrize(
    ("tags", "key", "is_adopted", "made"),
    [
        ({"odcr:made": TOKEN}, ROW, False, TOKEN),
        ({"odcr:made": TOKEN, "odcr:group": ""}, ROW, False, TOKEN),
        ({"odcr:made": f"{TOKEN}/web", "odcr:group": "web"}, WEB, False, TOKEN),
        ({"odcr:made": f"{TOKEN}/{SHOP.group}", "odcr:group": SHOP.group}, SHOP, False, TOKEN),
        ({"odcr:made": f"{TOKEN}/web", "odcr:group": SHOP.group}, SHOP, True, TOKEN),
        ({"odcr:made": f"{TOKEN}/web"}, ROW, True, TOKEN),
        ({"odcr:made": TOKEN, "odcr:group": "web"}, WEB, True, TOKEN),
        ({"odcr:made": "yes/web", "odcr:group": "web"}, WEB, True, ""),
        ({"odcr:group": "web"}, WEB, True, ""),
    ],
)
def test_tags_show_the_demand_and_whether_it_was_made_for_it(
    tags: dict[str, str], key: TargetKey, is_adopted: bool, made: str
) -> None:
    pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
    reservation = reservation_of({**DESCRIBED, "Tags": pairs}, "odcr/ap-northeast-1")
    assert (reservation.key, reservation.is_adopted, reservation.made) == (key, is_adopted, made)


@pytest.mark.parametrize(
    ("tags", "demands"),
    [([], {"row", "web", "shop"}), ([{"Key": "odcr:group", "Value": "web"}], {"web"})],
)
def test_incomplete_description_may_belong_to_any_demand_that_its_tags_allow(tags: Any, demands: set[str]) -> None:
    described = {name: value for name, value in DESCRIBED.items() if name != "TotalInstanceCount"}
    reservation = reservation_or_unreadable({**described, "Tags": tags}, "odcr/ap-northeast-1", ROW.region)
    assert reservation.state == UNREADABLE
    keys = {"row": ROW, "web": WEB, "shop": SHOP}
    assert {name for name, key in keys.items() if may_be_for(reservation, key)} == demands
    assert not may_be_for(reservation, replace(WEB, instance_type="m5.large"))


# ---- vCPUs ---------------------------------------------------------------------------------------------------------

VCPUS = {"m5.large": 2, "m5.24xlarge": 96, "r5b.2xlarge": 8, "t2.micro": 1}
"""From https://aws.amazon.com/ec2/instance-types/"""


@pytest.fixture
def requests(ec2_gateway: Ec2Gateway) -> Iterator[list[Any]]:  # noqa: ARG001 - points boto3 to the local cloud
    """DescribeInstanceTypes requests of a process that knows no types yet; each is its list of types."""
    sent: list[Any] = []

    def note(params: Any, **_: Any) -> None:
        body = params["body"]
        assert "InstanceType.1" not in body
        sent.append([body[name] for name in sorted(body) if name.startswith("Filter.1.Value.")])

    instance_types._vcpus.clear()
    for region in (ROW.region, "us-east-1"):
        retrying_client(region).meta.events.register("before-call.ec2.DescribeInstanceTypes", note)
    yield sent
    instance_types._vcpus.clear()


def test_vcpus_leave_out_unknown_types_and_are_asked_for_once(ec2_gateway: Ec2Gateway, requests: list[Any]) -> None:
    assert ec2_gateway.vcpus(ROW.region, [*VCPUS, "m5.huge", "m5.large"], is_known=True) == VCPUS
    assert requests == [sorted([*VCPUS, "m5.huge"])]
    # Known types are not asked for again; EC2 may know an unknown one by now.
    assert ec2_gateway.vcpus(ROW.region, VCPUS, is_known=True) == VCPUS
    assert ec2_gateway.vcpus(ROW.region, ["m5.huge", "m5.large"], is_known=True) == {"m5.large": 2}
    assert ec2_gateway.vcpus("us-east-1", ["m5.large"], is_known=True) == {"m5.large": 2}
    assert ec2_gateway.vcpus(ROW.region, [], is_known=True) == {}
    assert requests[1:] == [["m5.huge"], ["m5.large"]]


def test_many_types_are_asked_for_in_several_requests(
    ec2_gateway: Ec2Gateway, requests: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_types, "MAX_TYPES", 5)
    many = [f"m5.{number}huge" for number in range(9)]
    assert ec2_gateway.vcpus(ROW.region, [*VCPUS, *many], is_known=True) == VCPUS
    assert [len(types) for types in requests] == [5, 5, 3]


@pytest.mark.usefixtures("requests")
def test_vcpus_reads_all_pages_in_ec2_s_largest_size(ec2_gateway: Ec2Gateway) -> None:
    client = retrying_client(ROW.region)
    shape: Any = client.meta.service_model.shape_for("DescribeInstanceTypesRequest").members["MaxResults"]
    assert shape.metadata["max"] == instance_types.MAX_TYPES
    request = {"Filters": [{"Name": "instance-type", "Values": ["m5.large", "t2.micro"]}], "MaxResults": 100}
    page = {"InstanceTypes": [{"InstanceType": "m5.large", "VCpuInfo": {"DefaultVCpus": 2}}], "NextToken": "more"}
    last = {"InstanceTypes": [{"InstanceType": "t2.micro", "VCpuInfo": {"DefaultVCpus": 1}}]}
    with Stubber(client) as stubber:
        stubber.add_response("describe_instance_types", page, request)
        stubber.add_response("describe_instance_types", last, {**request, "NextToken": "more"})
        assert ec2_gateway.vcpus(ROW.region, ["t2.micro", "m5.large"], is_known=True) == {"t2.micro": 1, "m5.large": 2}
        stubber.assert_no_pending_responses()


@pytest.mark.usefixtures("requests")
def test_failed_lookup_is_a_refusal_and_is_repeated_next_time(
    ec2_gateway: Ec2Gateway, capacity: CapacityClient
) -> None:
    for kind, expected in (
        (FaultKind.THROTTLED, RequestLimitExceeded),
        (FaultKind.LOST_BEFORE, OutcomeUnknown),
    ):
        capacity.inject(Fault(DESCRIBE_TYPES, kind, 3))
        with pytest.raises(expected):
            ec2_gateway.vcpus(ROW.region, ["m5.large"], is_known=True)
    assert ec2_gateway.vcpus(ROW.region, ["m5.large"], is_known=True) == {"m5.large": 2}
