"""DescribeCapacityReservations, and the tags."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

Refused = Callable[..., str]


def ids(described: list[Any]) -> list[str]:
    return [one["CapacityReservationId"] for one in described]


def tagged(**tags: str) -> list[Any]:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": "capacity-reservation", "Tags": pairs}]


@pytest.fixture
def three(cloud: Any) -> list[Any]:
    """Three that differ in everything that a filter can tell."""
    end = datetime(2999, 12, 31, 1, 2, 3, tzinfo=UTC)
    first = cloud.create(InstanceCount=1, TagSpecifications=tagged(odcr="a", Project="ODCR"))
    second = cloud.create(InstanceCount=2, InstancePlatform="Windows", TagSpecifications=tagged(odcr="b"))
    third = cloud.create(
        InstanceType="m5.xlarge",
        AvailabilityZone="ap-northeast-1a",
        Tenancy="dedicated",
        InstanceMatchCriteria="targeted",
        EndDateType="limited",
        EndDate=end,
    )
    cloud.cancel(second)
    return ids([first, second, third])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"instance-type": ["m5.xlarge"]}, [2]),
        ({"instance-type": ["m5.xlarge", "r5b.2xlarge"]}, [0, 1, 2]),
        ({"instance-type": ["r5b.*"]}, [0, 1]),
        ({"instance-type": [r"r5b.\*"]}, []),
        ({"instance-type": ["M5.xlarge"]}, []),
        ({"instance-type": ["m5?xlarge"]}, [2]),
        ({"instance-type": ["m5"]}, []),
        ({"owner-id": ["123456789012"]}, [0, 1, 2]),
        ({"owner-id": ["999999999999"]}, []),
        ({"instance-platform": ["Windows"]}, [1]),
        ({"availability-zone": ["ap-northeast-1c"]}, [0, 1]),
        ({"tenancy": ["dedicated"]}, [2]),
        ({"state": ["active", "pending"]}, [0, 2]),
        ({"state": ["cancelled"]}, [1]),
        ({"state": ["active"], "instance-type": ["r5b.2xlarge"]}, [0]),
        ({"end-date-type": ["limited"]}, [2]),
        ({"end-date": ["2999-12-31T01:02:03.000Z"]}, [2]),
        ({"end-date": ["2999*"]}, [2]),
        ({"start-date": [f"{datetime.now(UTC).year // 100}*"]}, [0, 1, 2]),
        ({"start-date": ["1999*"]}, []),
        ({"instance-match-criteria": ["targeted"]}, [2]),
        ({"outpost-arn": ["*"]}, []),
        ({"placement-group-arn": ["*"]}, []),
        ({"tag:odcr": ["a"]}, [0]),
        ({"tag:odcr": ["a", "b"]}, [0, 1]),
        ({"tag:odcr": ["*"], "state": ["active"]}, [0]),
        ({"tag:ODCR": ["a"]}, []),
        ({"tag-key": ["Project"]}, [0]),
        ({"tag-key": ["nothing"]}, []),
    ],
)
def test_filters(cloud: Any, three: list[str], filters: dict[str, list[str]], expected: list[int]) -> None:
    given = [{"Name": name, "Values": values} for name, values in filters.items()]
    assert ids(cloud.describe(Filters=given)) == [three[number] for number in expected]


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ([{"Name": "colour", "Values": ["red"]}], "InvalidParameterValue"),
        ([{"Name": "tag:", "Values": ["red"]}], "InvalidParameterValue"),
        ([{"Name": "availability-zone-id", "Values": ["apne1-az4"]}], "InvalidParameterValue"),
        ([{"Name": "state"}], "InvalidParameterValue"),
        ([{"Name": "state", "Values": ["x"] * 201}], "FilterLimitExceeded"),
        ([{"Name": f"tag:{number}", "Values": ["x"]} for number in range(51)], "FilterLimitExceeded"),
    ],
)
def test_wrong_filters(cloud: Any, refused: Refused, filters: list[Any], code: str) -> None:
    assert refused(cloud.describe, Filters=filters) == code


def test_by_id(cloud: Any, three: list[str], refused: Refused) -> None:
    assert ids(cloud.describe(CapacityReservationIds=[three[2], three[0]])) == [three[0], three[2]]
    assert (
        refused(cloud.describe, CapacityReservationIds=[three[0], "cr-00000000000000000"])
        == "InvalidCapacityReservationId.NotFound"
    )
    assert refused(cloud.describe, CapacityReservationIds=["cr-1"]) == "InvalidCapacityReservationId.Malformed"


def test_pages_hold_everything_once(cloud: Any) -> None:
    made = [cloud.create() for _ in range(7)]
    pages = list(cloud.api.get_paginator("describe_capacity_reservations").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["CapacityReservations"]) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in ids(page["CapacityReservations"])] == ids(made)


def test_the_last_full_page_names_no_next(cloud: Any) -> None:
    for _ in range(3):
        cloud.create()
    assert "NextToken" not in cloud.api.describe_capacity_reservations(MaxResults=3)


def test_pages_do_not_overlap_when_something_happens_between(cloud: Any) -> None:
    made = ids([cloud.create() for _ in range(4)])
    filters = [{"Name": "state", "Values": ["active"]}]
    first = cloud.api.describe_capacity_reservations(MaxResults=2, Filters=filters)
    cloud.cancel(first["CapacityReservations"][0])
    made.append(cloud.create()["CapacityReservationId"])
    second = cloud.api.describe_capacity_reservations(MaxResults=3, Filters=filters, NextToken=first["NextToken"])
    assert ids(first["CapacityReservations"]) + ids(second["CapacityReservations"]) == made


def test_more_than_a_page_without_max_results(cloud: Any) -> None:
    backend: Any = ec2_backends["123456789012"]["ap-northeast-1"]
    request = {"InstanceType": cloud.type, "InstancePlatform": "Linux/UNIX", "AvailabilityZone": cloud.zone}
    for _ in range(1001):
        backend.create_capacity_reservation(request | {"InstanceCount": 1})
    page = cloud.api.describe_capacity_reservations()
    assert (len(page["CapacityReservations"]), "NextToken" in page) == (1000, True)


@pytest.mark.parametrize("size", [0, 1001, -1])
def test_wrong_page_sizes(cloud: Any, refused: Refused, size: int) -> None:
    cloud.use(validation=False)
    assert refused(cloud.describe, MaxResults=size) == "InvalidParameterValue"


@pytest.mark.parametrize("token", ["nonsense", "ä"])
def test_a_wrong_page_token(cloud: Any, refused: Refused, token: str) -> None:
    assert refused(cloud.describe, NextToken=token) == "InvalidNextToken"


@pytest.mark.usefixtures("three")
def test_a_region_shows_its_own(cloud: Any) -> None:
    cloud.use("us-west-2")
    assert cloud.describe() == []


def test_tags_of_moto_work_on_reservations(cloud: Any, refused: Refused) -> None:
    made = cloud.create(TagSpecifications=tagged(odcr="a"))
    resources = [made["CapacityReservationId"]]
    cloud.api.create_tags(Resources=resources, Tags=[{"Key": "Team", "Value": "Sales"}])
    cloud.api.delete_tags(Resources=resources, Tags=[{"Key": "odcr"}])
    assert cloud.again(made)["Tags"] == [{"Key": "Team", "Value": "Sales"}]
    found = cloud.api.describe_tags(Filters=[{"Name": "resource-type", "Values": ["capacity-reservation"]}])["Tags"]
    assert found == [
        {"ResourceId": resources[0], "ResourceType": "capacity-reservation", "Key": "Team", "Value": "Sales"}
    ]
    unknown = ["cr-00000000000000000"]
    tag = [{"Key": "a", "Value": "b"}]
    assert refused(cloud.api.create_tags, Resources=unknown, Tags=tag) == "InvalidCapacityReservationId.NotFound"


def test_other_resources_are_tagged_as_before(cloud: Any) -> None:
    vpc = cloud.api.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cloud.api.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])
    assert cloud.api.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
