"""Resource groups of reservations, and launches that target them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.tests.capacity_reservations.calls import GENERIC, POOL, arn_of, empty_group, members

Refused = Callable[..., str]


@pytest.fixture
def group(groups: Any) -> Any:
    """An empty group."""
    return empty_group(groups)


def test_members_come_and_go(cloud: Any, groups: Any, group: Any) -> None:
    made = [cloud.create() for _ in range(5)]
    arns = [arn_of(one) for one in made]
    answer = groups.group_resources(Group=group["Name"], ResourceArns=arns)
    assert (answer["Succeeded"], answer["Failed"], answer["Pending"]) == (arns, [], [])
    groups.group_resources(Group=group["GroupArn"], ResourceArns=arns[:1])
    assert members(groups, group) == arns
    shown = groups.list_group_resources(Group=group["Name"])
    assert shown["Resources"][0]["Identifier"]["ResourceType"] == "AWS::EC2::CapacityReservation"
    assert shown["ResourceIdentifiers"] == [one["Identifier"] for one in shown["Resources"]]
    # That one leaves when it has ended is not documented.
    cloud.cancel(made[0])
    assert members(groups, group) == arns
    groups.delete_group(Group=group["Name"])
    groups.create_group(Name=group["Name"], Configuration=[POOL, GENERIC])
    assert members(groups, group) == []


def test_groups_of_another_kind(cloud: Any, groups: Any, refused: Refused) -> None:
    query = {
        "Type": "TAG_FILTERS_1_0",
        "Query": '{"ResourceTypeFilters": [], "TagFilters": [{"Key": "a", "Values": []}]}',
    }
    name, arns = f"group-{uuid.uuid4()}", [arn_of(cloud.create())]
    bad = "BadRequestException"
    groups.create_group(Name=name, ResourceQuery=query)
    assert refused(groups.group_resources, Group=name, ResourceArns=arns) == bad
    missing = "NotFoundException"
    assert refused(groups.group_resources, Group="none", ResourceArns=arns) == missing
    assert refused(groups.list_group_resources, Group="none") == missing


def test_at_most_ten_at_once(groups: Any, group: Any, refused: Refused) -> None:
    arns = [f"arn:aws:ec2:ap-northeast-1:123456789012:capacity-reservation/cr-{number:017x}" for number in range(11)]
    assert refused(groups.group_resources, Group=group["Name"], ResourceArns=arns) == "BadRequestException"
    assert len(groups.group_resources(Group=group["Name"], ResourceArns=arns[:10])["Failed"]) == 10
