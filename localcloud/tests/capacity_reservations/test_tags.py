"""The tags of reservations, at creation and later."""

from collections.abc import Callable
from typing import Any

import pytest

Refused = Callable[..., str]
INVALID = "InvalidParameterValue"


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(cloud: Any, reservation: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in cloud.again(reservation)["Tags"]}


@pytest.fixture
def tag(cloud: Any) -> Callable[..., Any]:
    """`tag(reservation, tags)` by either way: on the one that stands, or on a new one if it is None."""

    def put(reservation: Any, tags: dict[str, str]) -> Any:
        if reservation is None:
            return cloud.create(TagSpecifications=[{"ResourceType": "capacity-reservation", "Tags": listed(tags)}])
        cloud.api.create_tags(Resources=[reservation["CapacityReservationId"]], Tags=listed(tags))
        return reservation

    return put


@pytest.mark.parametrize("stands", [False, True], ids=["at creation", "later"])
def test_the_limits(cloud: Any, tag: Any, refused: Refused, stands: bool) -> None:
    def target() -> Any:
        return cloud.create() if stands else None

    longest = {"k" * 127: "v" * 256, "empty": "", "Üñï": "値"}
    assert tags_of(cloud, tag(target(), longest)) == longest
    fifty = {f"key-{number}": "x" for number in range(50)}
    assert tags_of(cloud, tag(target(), fifty)) == fifty
    one = target()
    before = len(cloud.describe())
    assert refused(tag, one, {**fifty, "more": "x"}) == "TagLimitExceeded"
    for wrong in ({"k" * 128: ""}, {"k": "v" * 257}, {"aws:k": "v"}, {"AWS:k": "v"}):
        assert refused(tag, one, wrong) == INVALID
        assert refused(tag, one, {"fine": "x", **wrong}) == INVALID
    assert len(cloud.describe()) == before
    assert one is None or tags_of(cloud, one) == {}


def test_tags_are_deleted_by_key_and_value(cloud: Any, tag: Any) -> None:
    made = tag(cloud.create(), {"a": "1", "b": "2", "c": "3"})
    gone = [{"Key": "a"}, {"Key": "b", "Value": "2"}, {"Key": "c", "Value": "2"}, {"Key": "d"}]
    cloud.api.delete_tags(Resources=[made["CapacityReservationId"]], Tags=gone)
    assert tags_of(cloud, made) == {"c": "3"}


def test_all_resources_are_tagged_or_none(cloud: Any, refused: Refused) -> None:
    first, second = cloud.create(), cloud.create()
    given, vpc = first["CapacityReservationId"], cloud.api.describe_vpcs()["Vpcs"][0]["VpcId"]
    for other, code in (
        ("cr-00000000000000000", "InvalidCapacityReservationId.NotFound"),
        ("vpc-00000000000000000", "InvalidVpcID.NotFound"),
    ):
        assert refused(cloud.api.create_tags, Resources=[given, other], Tags=listed({"a": "b"})) == code
    assert tags_of(cloud, first) == {}
    cloud.api.create_tags(Resources=[given, second["CapacityReservationId"], vpc], Tags=listed({"a": "b"}))
    assert tags_of(cloud, first) == tags_of(cloud, second) == {"a": "b"}
    assert {"Key": "a", "Value": "b"} in cloud.api.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]
    cloud.api.delete_tags(Resources=[given, vpc], Tags=[{"Key": "a"}])
    assert tags_of(cloud, first) == {}


def test_a_dry_run_tags_nothing(cloud: Any, refused: Refused) -> None:
    made = cloud.create()
    given = {"Resources": [made["CapacityReservationId"]], "Tags": listed({"a": "b"}), "DryRun": True}
    assert refused(cloud.api.create_tags, **given) == "DryRunOperation"
    assert tags_of(cloud, made) == {}
