import pytest

from odcr.domain.target import ReservationOptions, Target, TargetKey, reason_to_reject
from odcr.domain.wire import InvalidEvent


@pytest.mark.parametrize("instance_type", ["r5b.2xlarge", "u-6tb1.112xlarge", "m7i-flex.large", "mac2-m2pro.metal"])
@pytest.mark.parametrize("capacity", [0, 1, 15, 100_000])
def test_sensible_rows_are_accepted(instance_type: str, capacity: int) -> None:
    assert reason_to_reject(TargetKey(instance_type, "ap-northeast-1c"), capacity) is None


@pytest.mark.parametrize(
    ("instance_type", "zone", "capacity", "message"),
    [
        ("", "ap-northeast-1c", 1, "Write it as EC2 does, e.g. 'r5b.2xlarge': '' is not an instance type."),
        ("r5b 2xlarge", "ap-northeast-1c", 1, "is not an instance type"),
        (
            "R5B.2xlarge",
            "ap-northeast-1c",
            1,
            "Write it as EC2 does, 'r5b.2xlarge': 'R5B.2xlarge' is not an instance type",
        ),
        (
            "r5b.2xlarge ",
            "ap-northeast-1c",
            1,
            "Write it as EC2 does, 'r5b.2xlarge': 'r5b.2xlarge ' is not an instance type",
        ),
        (
            "r5b.2xlarge",
            "ap-northeast-1",
            1,
            "Write a zone of the Region, e.g. 'ap-northeast-1a': 'ap-northeast-1' is a Region",
        ),
        ("r5b.2xlarge", "Tokyo", 1, "e.g. 'ap-northeast-1c'"),
        ("r5b.2xlarge", "ap-northeast-1c", None, "Target_Capacity is NULL; set it"),
        ("r5b.2xlarge", "ap-northeast-1c", -3, "Target_Capacity is -3; it must be 0 or more"),
        ("r5b.2xlarge", "ap-northeast-1c", 100_001, "above 100000, which is taken for a mistake"),
    ],
)
def test_invalid_rows_are_rejected_with_what_to_do(
    instance_type: str, zone: str, capacity: int | None, message: str
) -> None:
    assert message in str(reason_to_reject(TargetKey(instance_type, zone), capacity))


def test_a_target_survives_its_event() -> None:
    key, options = TargetKey("r5b.2xlarge", "ap-northeast-1c"), ReservationOptions(platform="Windows")
    for reserved, is_fresh in ((4, False), (7, True)):
        target = Target(key, 15, 4, "SHORT", options, reserved, is_fresh, ("cr-1",), withdrawn=True)
        assert Target.from_event(target.to_event()) == target


def test_the_event_of_a_plain_row_has_only_the_fields_of_the_contract() -> None:
    assert Target(TargetKey("r5b.2xlarge", "ap-northeast-1c"), 15).to_event() == {
        "InstanceType": "r5b.2xlarge",
        "AvailabilityZone": "ap-northeast-1c",
        "TargetCapacity": 15,
    }


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "'InstanceType' is missing"),
        ({"InstanceType": 5}, "'InstanceType' must be str, not int"),
        ({"InstanceType": "a.b", "AvailabilityZone": "us-east-1a", "TargetCapacity": "15"}, "must be int, not str"),
        ({"InstanceType": "a.b", "AvailabilityZone": "us-east-1a", "TargetCapacity": True}, "must be int, not bool"),
        ("nonsense", "must be an object"),
    ],
)
def test_a_broken_event_is_named(event: object, message: str) -> None:
    with pytest.raises(InvalidEvent, match=message):
        Target.from_event(event)  # type: ignore[arg-type]
