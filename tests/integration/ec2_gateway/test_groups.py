"""Reservations of groups, and what EC2 says of types, through the gateway with real boto3, on the local cloud's EC2."""

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
from odcr.gateways import ec2 as gateway
from odcr.gateways import instance_types
from odcr.gateways.ec2 import Ec2Gateway

ROW = TargetKey("r5b.2xlarge", "ap-northeast-1c")
WEB, SHOP = replace(ROW, group="web"), replace(ROW, group="店/Nov 27 + *")
"""Groups with the row's pool. EC2's tags take any character:
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
    """As a person tags it."""
    pairs: Any = [{"Key": f"odcr:{key}", "Value": value} for key, value in tags.items()]
    boto3.client("ec2", region_name=ROW.region).create_tags(Resources=[reservation.id], Tags=pairs)


def untag(reservation: Reservation, *keys: str) -> None:
    removed: Any = [{"Key": f"odcr:{key}"} for key in keys]
    boto3.client("ec2", region_name=ROW.region).delete_tags(Resources=[reservation.id], Tags=removed)


def test_a_groups_pools_are_found_in_one_request_a_region(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    near, far = replace(WEB, availability_zone="ap-northeast-1a"), replace(WEB, availability_zone="us-east-1a")
    other_type = replace(WEB, instance_type="m5.large")
    for key in (near, far, other_type):
        capacity.set_free(key.instance_type, key.zone, 10)
    made = [ec2_gateway.create(key, USUAL_OPTIONS, 1, []) for key in (WEB, near, far, other_type)]
    # Of one's type in another's zone, of a row, and of another group.
    crossed = replace(other_type, availability_zone=near.zone)
    capacity.set_free(crossed.instance_type, crossed.zone, 10)
    for key in (crossed, ROW, SHOP):
        ec2_gateway.create(key, USUAL_OPTIONS, 1, [])
    before = describes(capacity)
    assert sorted(ids(ec2_gateway.find(WEB, near, far, other_type))) == sorted(ids(made))
    assert describes(capacity) == before + 2
    assert ec2_gateway.find() == []


def test_a_row_and_groups_in_one_pool_have_reservations_of_their_own(ec2_gateway: Ec2Gateway) -> None:
    made = {key.group: ec2_gateway.create(key, USUAL_OPTIONS, 2, []) for key in (ROW, WEB, SHOP)}
    assert len({one.id for one in made.values()}) == 3
    assert all(len(one.made) == 64 and not one.is_adopted and one.is_managed for one in made.values())
    for key in (ROW, WEB, SHOP):
        one = made[key.group]
        assert (one.key, one.tags["odcr:made"]) == (key, f"{one.made}/{key.group}" if key.group else one.made)
        assert one.tags.get("odcr:group", "") == key.group
        assert ec2_gateway.find(key) == [one]
        # Nothing that is clearly another demand's.
        assert ec2_gateway.find_all(key) == [one]
    assert {one.key for one in ec2_gateway.find_in_region(ROW.region)} == {ROW, WEB, SHOP}


def test_the_same_intent_of_a_group_makes_one_reservation(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    capacity.inject(Fault(CREATE, FaultKind.LOST_AFTER))
    first = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [])
    assert ec2_gateway.create(WEB, USUAL_OPTIONS, 2, []) == first
    assert ids(ec2_gateway.find(WEB)) == [first.id]


def test_what_lost_its_groups_tag_is_found_as_not_managed(ec2_gateway: Ec2Gateway) -> None:
    made, rows = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, []), ec2_gateway.create(ROW, USUAL_OPTIONS, 3, [])
    untag(made, "group")
    assert ec2_gateway.find(WEB) == []
    (found,) = ec2_gateway.find_all(WEB)
    assert (found.id, found.is_managed, found.is_held, found.count) == (made.id, False, True, 2)
    # It counts for the row now, which did not buy it.
    assert {one.id: one.is_adopted for one in ec2_gateway.find(ROW)} == {made.id: True, rows.id: False}
    tag(made, group="web")
    assert ec2_gateway.find(WEB) == ec2_gateway.find_all(WEB) == [made]


def test_what_lost_all_its_tags_is_found_for_the_group_and_for_the_row(ec2_gateway: Ec2Gateway) -> None:
    made = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [])
    untag(made, "group", "stack", "made")
    for key in (WEB, ROW, SHOP):
        assert ec2_gateway.find(key) == []
        assert [(one.id, one.is_managed) for one in ec2_gateway.find_all(key)] == [(made.id, False)]


def test_what_lost_only_the_stacks_tag_is_found_for_its_group_alone(ec2_gateway: Ec2Gateway) -> None:
    made = ec2_gateway.create(WEB, USUAL_OPTIONS, 2, [])
    untag(made, "stack")
    assert [(one.id, one.is_managed) for one in ec2_gateway.find_all(WEB)] == [(made.id, False)]
    assert ec2_gateway.find_all(ROW) == ec2_gateway.find_all(SHOP) == []


@pytest.mark.parametrize(("before", "after"), [(WEB, SHOP), (ROW, WEB)])
def test_what_a_person_moves_to_a_group_counts_there_and_is_never_given_back(
    ec2_gateway: Ec2Gateway, before: TargetKey, after: TargetKey
) -> None:
    made = ec2_gateway.create(before, USUAL_OPTIONS, 2, [])
    tag(made, group=after.group)
    assert ec2_gateway.find(before) == ec2_gateway.find_all(before) == []
    (found,) = ec2_gateway.find(after)
    assert (found.id, found.key, found.is_managed, found.is_adopted, found.made) == (
        made.id,
        after,
        True,
        True,
        made.made,
    )
    assert not found.may_be_released
    assert [(one.key, one.is_adopted) for one in ec2_gateway.find_in_region(ROW.region)] == [(after, True)]


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
def test_tags_tell_which_demand_it_counts_for_and_whether_it_was_made_for_that(
    tags: dict[str, str], key: TargetKey, is_adopted: bool, made: str
) -> None:
    pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
    found = gateway._reservation({**DESCRIBED, "Tags": pairs}, "odcr/ap-northeast-1")
    assert (found.key, found.is_adopted, found.made) == (key, is_adopted, made)


@pytest.mark.parametrize(
    ("tags", "for_whom"),
    [([], {"row", "web", "shop"}), ([{"Key": "odcr:group", "Value": "web"}], {"web"})],
)
def test_what_is_described_in_part_only_may_be_for_those_whose_tag_it_has(tags: Any, for_whom: set[str]) -> None:
    described = {name: value for name, value in DESCRIBED.items() if name != "TotalInstanceCount"}
    found = gateway._described({**described, "Tags": tags}, "odcr/ap-northeast-1", ROW.region)
    assert found.state == UNREADABLE
    assert {name for name, key in (("row", ROW), ("web", WEB), ("shop", SHOP)) if may_be_for(found, key)} == for_whom
    assert not may_be_for(found, replace(WEB, instance_type="m5.large"))


# ---- vCPUs ---------------------------------------------------------------------------------------------------------

VCPUS = {"m5.large": 2, "m5.24xlarge": 96, "r5b.2xlarge": 8, "t2.micro": 1}
"""As https://aws.amazon.com/ec2/instance-types/ has them."""


@pytest.fixture
def asked(ec2_gateway: Ec2Gateway) -> Iterator[list[Any]]:  # noqa: ARG001 - which points boto3 to the local cloud
    """The requests for types, of a process that knows none; each with the types that are in it."""
    requests: list[Any] = []

    def note(params: Any, **_: Any) -> None:
        body = params["body"]
        assert "InstanceType.1" not in body
        requests.append([body[name] for name in sorted(body) if name.startswith("Filter.1.Value.")])

    instance_types._vcpus.clear()
    for region in (ROW.region, "us-east-1"):
        gateway._retrying_client(region).meta.events.register("before-call.ec2.DescribeInstanceTypes", note)
    yield requests
    instance_types._vcpus.clear()


def test_the_vcpus_of_types_are_ec2s_without_those_that_it_does_not_know(
    ec2_gateway: Ec2Gateway, asked: list[Any]
) -> None:
    assert ec2_gateway.vcpus(ROW.region, [*VCPUS, "m5.huge", "m5.large"]) == VCPUS
    assert asked == [sorted([*VCPUS, "m5.huge"])]
    # They never change. What was unknown may be known by now.
    assert ec2_gateway.vcpus(ROW.region, VCPUS) == VCPUS
    assert ec2_gateway.vcpus(ROW.region, ["m5.huge", "m5.large"]) == {"m5.large": 2}
    assert ec2_gateway.vcpus("us-east-1", ["m5.large"]) == {"m5.large": 2}
    assert ec2_gateway.vcpus(ROW.region, []) == {}
    assert asked[1:] == [["m5.huge"], ["m5.large"]]


def test_more_types_than_one_request_takes_are_asked_for_in_several(
    ec2_gateway: Ec2Gateway, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_types, "MAX_TYPES", 5)
    many = [f"m5.{number}huge" for number in range(9)]
    assert ec2_gateway.vcpus(ROW.region, [*VCPUS, *many]) == VCPUS
    assert [len(types) for types in asked] == [5, 5, 3]


@pytest.mark.usefixtures("asked")
def test_all_pages_of_types_are_read_as_large_as_ec2_gives_them(ec2_gateway: Ec2Gateway) -> None:
    client = gateway._retrying_client(ROW.region)
    shape: Any = client.meta.service_model.shape_for("DescribeInstanceTypesRequest").members["MaxResults"]
    assert shape.metadata["max"] == instance_types.MAX_TYPES
    request = {"Filters": [{"Name": "instance-type", "Values": ["m5.large", "t2.micro"]}], "MaxResults": 100}
    page = {"InstanceTypes": [{"InstanceType": "m5.large", "VCpuInfo": {"DefaultVCpus": 2}}], "NextToken": "more"}
    last = {"InstanceTypes": [{"InstanceType": "t2.micro", "VCpuInfo": {"DefaultVCpus": 1}}]}
    with Stubber(client) as stubber:
        stubber.add_response("describe_instance_types", page, request)
        stubber.add_response("describe_instance_types", last, {**request, "NextToken": "more"})
        assert ec2_gateway.vcpus(ROW.region, ["t2.micro", "m5.large"]) == {"t2.micro": 1, "m5.large": 2}
        stubber.assert_no_pending_responses()


@pytest.mark.usefixtures("asked")
def test_a_look_up_that_fails_is_a_refusal_and_is_made_again(ec2_gateway: Ec2Gateway, capacity: CapacityClient) -> None:
    for kind, expected in (
        (FaultKind.THROTTLED, RequestLimitExceeded),
        (FaultKind.LOST_BEFORE, OutcomeUnknown),
    ):
        capacity.inject(Fault(DESCRIBE_TYPES, kind, 3))
        with pytest.raises(expected):
            ec2_gateway.vcpus(ROW.region, ["m5.large"])
    assert ec2_gateway.vcpus(ROW.region, ["m5.large"]) == {"m5.large": 2}
