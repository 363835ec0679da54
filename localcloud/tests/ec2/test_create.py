"""CreateCapacityReservation."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Refused = Callable[..., tuple[str, int]]


def test_the_answer_has_the_fields_of_the_model(cloud: Any) -> None:
    made = cloud.create(InstanceCount=3, EbsOptimized=True)
    assert re.fullmatch("cr-[0-9a-f]{17}", made["CapacityReservationId"])
    arn = f"arn:aws:ec2:ap-northeast-1:123456789012:capacity-reservation/{made['CapacityReservationId']}"
    age = datetime.now(UTC) - made["CreateDate"]
    assert timedelta(0) <= age < timedelta(minutes=1)
    assert made["StartDate"] - made["CreateDate"] < timedelta(seconds=2)
    expected = {
        "OwnerId": "123456789012",
        "CapacityReservationArn": arn,
        "AvailabilityZone": cloud.zone,
        "AvailabilityZoneId": "apne1-az1",
        "InstanceType": cloud.type,
        "InstancePlatform": "Linux/UNIX",
        "Tenancy": "default",
        "TotalInstanceCount": 3,
        "AvailableInstanceCount": 3,
        "EbsOptimized": True,
        "EphemeralStorage": False,
        "State": "active",
        "EndDateType": "unlimited",
        "InstanceMatchCriteria": "open",
        "Tags": [],
    }
    assert {name: made[name] for name in expected} == expected
    assert "EndDate" not in made
    assert cloud.again(made) == made


def test_what_is_asked_for_is_kept(cloud: Any) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
    made = cloud.create(
        InstancePlatform="Windows",
        Tenancy="dedicated",
        InstanceMatchCriteria="targeted",
        EndDateType="limited",
        EndDate=end,
        TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": [{"Key": "Project", "Value": "ODCR"}]}],
    )
    assert (made["InstancePlatform"], made["Tenancy"]) == ("Windows", "dedicated")
    assert (made["InstanceMatchCriteria"], made["EndDateType"], made["EndDate"]) == ("targeted", "limited", end)
    assert made["Tags"] == [{"Key": "Project", "Value": "ODCR"}]


def test_it_is_all_or_nothing(cloud: Any, capacity: Any, refused: Refused) -> None:
    assert refused(cloud.create, InstanceCount=21) == ("InsufficientInstanceCapacity", 500)
    assert cloud.describe() == []
    assert capacity.free(cloud.type, cloud.zone) == 20
    cloud.create(InstanceCount=20)
    assert capacity.free(cloud.type, cloud.zone) == 0
    assert refused(cloud.create, InstanceCount=1) == ("InsufficientInstanceCapacity", 500)


def test_a_pool_that_was_never_set_is_dry(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, InstanceType="m5.xlarge")[0] == "InsufficientInstanceCapacity"


def test_a_thousand_at_once(cloud: Any, capacity: Any) -> None:
    capacity.set_free(cloud.type, cloud.zone, 1500)
    assert cloud.create(InstanceCount=1000)["TotalInstanceCount"] == 1000


def test_a_zone_by_its_id(cloud: Any) -> None:
    assert cloud.create(AvailabilityZone=None, AvailabilityZoneId="apne1-az1")["AvailabilityZone"] == cloud.zone


def test_a_local_zone_in_which_a_pool_was_set(cloud: Any, capacity: Any, refused: Refused) -> None:
    cloud.use("us-west-2")
    local = {"InstanceType": "c5.large", "AvailabilityZone": "us-west-2-lax-1a"}
    assert refused(cloud.create, **local) == ("InvalidParameterValue", 400)
    capacity.set_free("c5.large", "us-west-2-lax-1a", 1)
    made = cloud.create(**local)
    assert (made["AvailabilityZone"], made["AvailabilityZoneId"]) == ("us-west-2-lax-1a", "usw2-lax1-az1")
    by_id = {"AvailabilityZone": None, "AvailabilityZoneId": "usw2-lax1-az1"}
    capacity.set_free("c5.large", "us-west-2-lax-1a", 1)
    assert cloud.create(**local | by_id)["AvailabilityZone"] == "us-west-2-lax-1a"


PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2999, 1, 1, tzinfo=UTC)
WRONG_TAGS = [
    [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
    [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "aws:a", "Value": "b"}]}],
    [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]}],
    [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b" * 257}]}],
]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"InstanceCount": 0}, "InvalidParameterValue"),
        ({"InstanceCount": -3}, "InvalidParameterValue"),
        ({"InstanceCount": 1001}, "InvalidParameterValue"),
        ({"InstanceType": "r5b.nonsense"}, "InvalidParameterValue"),
        ({"AvailabilityZone": "ap-northeast-1z"}, "InvalidParameterValue"),
        ({"AvailabilityZone": "us-east-1a"}, "InvalidParameterValue"),
        ({"AvailabilityZone": None}, "MissingParameter"),
        ({"AvailabilityZoneId": "apne1-az1"}, "InvalidParameterCombination"),
        ({"AvailabilityZone": None, "AvailabilityZoneId": "apne1-az9"}, "InvalidParameterValue"),
        ({"AvailabilityZone": None, "AvailabilityZoneId": "use1-az1"}, "InvalidParameterValue"),
        ({"InstancePlatform": "BeOS"}, "InvalidParameterValue"),
        ({"Tenancy": "host"}, "InvalidParameterValue"),
        ({"InstanceMatchCriteria": "closed"}, "InvalidParameterValue"),
        ({"EndDateType": "someday"}, "InvalidParameterValue"),
        ({"EndDateType": "limited"}, "InvalidParameterCombination"),
        ({"EndDateType": "unlimited", "EndDate": FUTURE}, "InvalidParameterCombination"),
        ({"EndDate": FUTURE}, "InvalidParameterCombination"),
        ({"EndDateType": "limited", "EndDate": PAST}, "InvalidParameterValue"),
        ({"InstanceType": "t2.micro", "EbsOptimized": True}, "InvalidParameterCombination"),
        ({"ClientToken": "x" * 65}, "InvalidParameterValue"),
        ({"ClientToken": "ä"}, "InvalidParameterValue"),
        ({"StartDate": FUTURE}, "Unsupported"),
        ({"OutpostArn": "arn:aws:outposts:x:123456789012:outpost/op-0"}, "Unsupported"),
        *[({"TagSpecifications": tags}, "InvalidParameterValue") for tags in WRONG_TAGS],
    ],
)
def test_what_is_wrong_is_refused_without_effect(
    cloud: Any, capacity: Any, refused: Refused, changes: dict[str, Any], code: str
) -> None:
    capacity.set_free("t2.micro", cloud.zone, 5)
    assert refused(cloud.create, **changes) == (code, 400)
    assert cloud.describe() == []
    assert capacity.free(cloud.type, cloud.zone) == 20


def test_more_than_fifty_tags(cloud: Any, refused: Refused) -> None:
    tags = [{"Key": f"key-{number}", "Value": "x"} for number in range(51)]
    given = [{"ResourceType": "capacity-reservation", "Tags": tags}]
    assert refused(cloud.create, TagSpecifications=given) == ("TagLimitExceeded", 400)


@pytest.mark.parametrize("missing", ["InstanceType", "InstancePlatform", "InstanceCount"])
def test_what_is_required(cloud: Any, refused: Refused, missing: str) -> None:
    cloud.use(validation=False)
    assert refused(cloud.create, **{missing: None}) == ("MissingParameter", 400)


def test_a_type_that_the_zone_lacks(cloud: Any, capacity: Any, refused: Refused) -> None:
    # By moto's data, which come from AWS, Tokyo has no h1 at all.
    assert refused(cloud.create, InstanceType="h1.2xlarge") == ("Unsupported", 400)
    capacity.set_offered(cloud.type, cloud.zone, offered=False)
    assert refused(cloud.create) == ("Unsupported", 400)
    capacity.set_offered(cloud.type, cloud.zone, offered=True)
    cloud.create()


def test_dry_run(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, DryRun=True) == ("DryRunOperation", 412)
    assert refused(cloud.create, DryRun=True, InstanceCount=0) == ("InvalidParameterValue", 400)
    assert cloud.describe() == []
