"""ModifyCapacityReservation and CancelCapacityReservation."""

from collections.abc import Callable
from typing import Any

Refused = Callable[..., tuple[str, int]]
UNKNOWN = {"CapacityReservationId": "cr-00000000000000000"}


def test_an_increase_is_all_or_nothing(cloud: Any, capacity: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    assert refused(cloud.modify, made, InstanceCount=21) == ("InsufficientInstanceCapacity", 500)
    assert cloud.again(made) == made
    assert capacity.free(cloud.type, cloud.zone) == 15
    cloud.modify(made, InstanceCount=20)


def test_a_refused_increase_leaves_the_rest_of_the_request_undone(cloud: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    assert refused(cloud.modify, made, InstanceCount=21, InstanceMatchCriteria="targeted")
    assert cloud.again(made)["InstanceMatchCriteria"] == "open"
