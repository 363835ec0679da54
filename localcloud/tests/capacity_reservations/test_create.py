"""CreateCapacityReservation."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Refused = Callable[..., str]


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


def test_a_thousand_at_once(cloud: Any) -> None:
    assert cloud.create(InstanceCount=1000)["TotalInstanceCount"] == 1000


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
        ({"AvailabilityZone": None, "AvailabilityZoneId": "apne1-az1"}, "Unsupported"),
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
    cloud: Any, refused: Refused, changes: dict[str, Any], code: str
) -> None:
    assert refused(cloud.create, **changes) == code
    assert cloud.describe() == []


@pytest.mark.parametrize("missing", ["InstanceType", "InstancePlatform", "InstanceCount"])
def test_what_is_required(cloud: Any, refused: Refused, missing: str) -> None:
    cloud.use(validation=False)
    assert refused(cloud.create, **{missing: None}) == "MissingParameter"


def test_dry_run(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, DryRun=True) == "DryRunOperation"
    assert refused(cloud.create, DryRun=True, InstanceCount=0) == "InvalidParameterValue"
    assert cloud.describe() == []
