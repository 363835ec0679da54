"""Placement groups, and reservations and instances in them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

Refused = Callable[..., str]
UNKNOWN = "InvalidPlacementGroup.Unknown"


@pytest.fixture
def near(cloud: Any) -> Any:
    """A cluster placement group."""
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "Team", "Value": "Sales"}]}]
    return cloud.api.create_placement_group(GroupName="near", Strategy="cluster", TagSpecifications=tags)[
        "PlacementGroup"
    ]


def test_they_are_created_once(cloud: Any, near: Any, refused: Refused) -> None:
    arn = "arn:aws:ec2:ap-northeast-1:123456789012:placement-group/near"
    assert (near["GroupArn"], near["Strategy"], near["State"]) == (arn, "cluster", "available")
    assert near["Tags"] == [{"Key": "Team", "Value": "Sales"}]
    assert refused(cloud.api.create_placement_group, GroupName="near") == "InvalidPlacementGroup.Duplicate"


def test_a_reservation_in_one_shows_it(cloud: Any, near: Any, refused: Refused) -> None:
    token = str(uuid.uuid4())
    made = cloud.create(PlacementGroupArn=near["GroupArn"], ClientToken=token)
    assert made["PlacementGroupArn"] == near["GroupArn"]
    assert cloud.create(PlacementGroupArn=near["GroupArn"], ClientToken=token) == made
    assert refused(cloud.create, ClientToken=token) == "IdempotentParameterMismatch"
    cloud.create()
    in_it = [{"Name": "placement-group-arn", "Values": [near["GroupArn"]]}]
    assert cloud.describe(Filters=in_it) == [made]


def test_only_a_cluster_placement_group_that_exists(cloud: Any, near: Any, refused: Refused) -> None:
    apart = cloud.api.create_placement_group(GroupName="apart", Strategy="spread")["PlacementGroup"]["GroupArn"]
    assert refused(cloud.create, PlacementGroupArn=apart) == "InvalidParameterValue"
    for part in (("/near", "/far"), ("ap-northeast-1", "us-west-2"), ("123456789012", "210987654321"), ("arn:", "")):
        assert refused(cloud.create, PlacementGroupArn=near["GroupArn"].replace(*part)) == UNKNOWN
    cloud.use("us-west-2")
    elsewhere = {"AvailabilityZone": "us-west-2a", "PlacementGroupArn": near["GroupArn"]}
    assert refused(cloud.create, **elsewhere) == UNKNOWN


def test_it_takes_the_instances_of_its_group(cloud: Any, near: Any, refused: Refused) -> None:
    grouped, other = cloud.create(PlacementGroupArn=near["GroupArn"]), cloud.create()

    def run(**placement: str) -> tuple[Any, Any]:
        (one,) = cloud.api.run_instances(
            ImageId="ami-12345678",
            InstanceType=cloud.type,
            MinCount=1,
            MaxCount=1,
            Placement={"AvailabilityZone": cloud.zone, **placement},
        )["Instances"]
        return one.get("CapacityReservationId"), one["InstanceId"]

    assert refused(run, GroupName="far") == UNKNOWN
    inside, instance = run(GroupName="near")
    assert inside == grouped["CapacityReservationId"]
    # It is full, and the other one is for instances in no group.
    assert run(GroupName="near")[0] is None
    assert refused(run, GroupId=near["GroupId"]) == "Unsupported"
    assert run()[0] == other["CapacityReservationId"]
    shown = cloud.api.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert shown["Placement"]["GroupName"] == "near"
