"""CreateCapacityReservationBySplitting."""

from collections.abc import Callable
from typing import Any

import pytest

from localcloud.tests.capacity_reservations.calls import TAGGED, TAGS, split

Refused = Callable[..., str]


def counts(cloud: Any) -> list[tuple[str, int]]:
    return [(one["State"], one["TotalInstanceCount"]) for one in cloud.describe()]


def test_what_is_split_off_is_the_same_but_for_its_tags(cloud: Any) -> None:
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
    cloud.cancel(made)


def test_a_token_that_comes_again_transfers_once(cloud: Any, refused: Refused) -> None:
    source = cloud.create(InstanceCount=9)
    first = split(cloud, source, 2, ClientToken="a")
    assert split(cloud, source, 2, ClientToken="a") == first
    assert refused(split, cloud, source, 3, ClientToken="a") == "IdempotentParameterMismatch"
    assert counts(cloud) == [("active", 7), ("active", 2)]


def test_new_tags_can_be_given(cloud: Any) -> None:
    answer = split(cloud, cloud.create(InstanceCount=5), 4, TagSpecifications=TAGGED)
    assert answer["DestinationCapacityReservation"]["Tags"] == TAGS
    assert len(cloud.describe(Filters=[{"Name": "tag:odcr", "Values": ["a"]}])) == 1


@pytest.mark.parametrize("count", [-1, 0, 5, 6])
def test_one_stays_at_least(cloud: Any, refused: Refused, count: int) -> None:
    source = cloud.create(InstanceCount=5)
    assert refused(split, cloud, source, count) == "InvalidParameterValue"
    assert counts(cloud) == [("active", 5)]
