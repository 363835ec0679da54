"""CreateCapacityReservationBySplitting and MoveCapacityReservationInstances."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

Refused = Callable[..., tuple[str, int]]
TAGS = [{"Key": "odcr", "Value": "a"}]
TAGGED = [{"ResourceType": "capacity-reservation", "Tags": TAGS}]


def split(cloud: Any, source: Any, count: int, **more: Any) -> Any:
    answer = cloud.api.create_capacity_reservation_by_splitting(
        SourceCapacityReservationId=source["CapacityReservationId"], InstanceCount=count, **more
    )
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def move(cloud: Any, source: Any, destination: Any, count: int, **more: Any) -> Any:
    answer = cloud.api.move_capacity_reservation_instances(
        SourceCapacityReservationId=source["CapacityReservationId"],
        DestinationCapacityReservationId=destination["CapacityReservationId"],
        InstanceCount=count,
        **more,
    )
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def counts(cloud: Any) -> list[tuple[str, int]]:
    return [(one["State"], one["TotalInstanceCount"]) for one in cloud.describe()]


def test_what_is_split_off_is_the_same_but_for_its_tags(cloud: Any, capacity: Any) -> None:
    source = cloud.create(InstanceCount=5, InstanceMatchCriteria="targeted", TagSpecifications=TAGGED)
    answer = split(cloud, source, 2)
    left, made = cloud.describe()
    assert (answer["SourceCapacityReservation"], answer["DestinationCapacityReservation"]) == (left, made)
    assert answer["InstanceCount"] == 2
    assert left == source | {"TotalInstanceCount": 3, "AvailableInstanceCount": 3}
    different = {"CapacityReservationId", "CapacityReservationArn", "CreateDate", "StartDate"}
    assert made["CapacityReservationId"] != source["CapacityReservationId"]
    assert {name: value for name, value in made.items() if name not in different} == {
        name: value for name, value in source.items() if name not in different
    } | {"TotalInstanceCount": 2, "AvailableInstanceCount": 2, "Tags": []}
    assert capacity.free(cloud.type, cloud.zone) == 15
    cloud.cancel(made)
    assert capacity.free(cloud.type, cloud.zone) == 17


def test_a_token_that_comes_again_transfers_once(cloud: Any, refused: Refused) -> None:
    source, destination = cloud.create(InstanceCount=9), cloud.create()
    first = split(cloud, source, 2, ClientToken="a")
    assert split(cloud, source, 2, ClientToken="a") == first
    moved = move(cloud, source, destination, 3, ClientToken="a")
    assert move(cloud, source, destination, 3, ClientToken="a") == moved
    assert refused(move, cloud, source, destination, 2, ClientToken="a") == ("IdempotentParameterMismatch", 400)
    assert counts(cloud) == [("active", 4), ("active", 4), ("active", 2)]


def test_new_tags_can_be_given(cloud: Any) -> None:
    answer = split(cloud, cloud.create(InstanceCount=5), 4, TagSpecifications=TAGGED)
    assert answer["DestinationCapacityReservation"]["Tags"] == TAGS
    assert len(cloud.describe(Filters=[{"Name": "tag:odcr", "Values": ["a"]}])) == 1


@pytest.mark.parametrize("count", [-1, 0, 5, 6])
def test_one_stays_at_least(cloud: Any, refused: Refused, count: int) -> None:
    source = cloud.create(InstanceCount=5)
    assert refused(split, cloud, source, count) == ("InvalidParameterValue", 400)
    assert counts(cloud) == [("active", 5)]


def test_only_what_is_available_goes(cloud: Any, capacity: Any, refused: Refused) -> None:
    source = cloud.create(InstanceCount=5)
    capacity.alter(source["CapacityReservationId"], AvailableInstanceCount=2)
    assert refused(split, cloud, source, 3) == ("InvalidParameterValue", 400)
    split(cloud, source, 2)
    left, made = cloud.describe()
    assert (left["AvailableInstanceCount"], made["AvailableInstanceCount"]) == (0, 2)


def test_only_an_active_one_is_split_and_none_that_is_committed(cloud: Any, capacity: Any, refused: Refused) -> None:
    source = cloud.create(InstanceCount=5)
    end = datetime(2999, 1, 1, tzinfo=UTC)
    commitment = {"CommittedInstanceCount": 2, "CommitmentEndDate": end}
    capacity.alter(source["CapacityReservationId"], CommitmentInfo=commitment)
    assert refused(split, cloud, source, 1) == ("OperationNotPermitted", 400)
    capacity.alter(source["CapacityReservationId"], CommitmentInfo=None)
    assert refused(split, cloud, source, 1, DryRun=True) == ("DryRunOperation", 412)
    cloud.cancel(source)
    assert refused(split, cloud, source, 1) == ("InvalidState", 400)
    unknown = {"CapacityReservationId": "cr-00000000000000000"}
    assert refused(split, cloud, unknown, 1) == ("InvalidCapacityReservationId.NotFound", 400)


def test_a_part_is_moved(cloud: Any, capacity: Any) -> None:
    source = cloud.create(InstanceCount=5, TagSpecifications=TAGGED)
    destination = cloud.create(InstanceCount=2, InstanceMatchCriteria="targeted")
    answer = move(cloud, source, destination, 3)
    assert counts(cloud) == [("active", 2), ("active", 5)]
    assert answer["InstanceCount"] == 3
    assert [answer["SourceCapacityReservation"], answer["DestinationCapacityReservation"]] == cloud.describe()
    assert capacity.free(cloud.type, cloud.zone) == 13


def test_a_source_from_which_everything_is_moved_is_cancelled(cloud: Any, capacity: Any) -> None:
    source, destination = cloud.create(InstanceCount=5), cloud.create(InstanceCount=2)
    move(cloud, source, destination, 5)
    assert (cloud.again(source)["State"], cloud.again(destination)["TotalInstanceCount"]) == ("cancelled", 7)
    assert capacity.free(cloud.type, cloud.zone) == 13


def test_nothing_is_moved_between_unlike_ones(cloud: Any, capacity: Any, refused: Refused) -> None:
    source = cloud.create(InstanceCount=5)
    unlike = {
        "InstancePlatform": "Windows",
        "Tenancy": "dedicated",
        "EndDate": datetime(2999, 1, 1, tzinfo=UTC),
        "PlacementGroupArn": "arn:aws:ec2:ap-northeast-1:123456789012:placement-group/near",
    }
    for name, value in unlike.items():
        other = {"CapacityReservationId": capacity.plant(cloud.type, cloud.zone, 2, **{name: value})}
        assert refused(move, cloud, source, other, 1) == ("InvalidParameterCombination", 400)
    assert refused(move, cloud, source, source, 1) == ("InvalidParameterCombination", 400)
    shared = {"CapacityReservationId": capacity.plant(cloud.type, cloud.zone, 2, OwnerId="210987654321")}
    assert refused(move, cloud, source, shared, 1) == ("OperationNotPermitted", 400)
    assert refused(move, cloud, source, cloud.create(), 6) == ("InvalidParameterValue", 400)
    assert cloud.again(source) == source
