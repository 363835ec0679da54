"""CreateCapacityReservation."""

from collections.abc import Callable
from typing import Any

Refused = Callable[..., tuple[str, int]]


def test_it_is_all_or_nothing(cloud: Any, capacity: Any, refused: Refused) -> None:
    assert refused(cloud.create, InstanceCount=21) == ("InsufficientInstanceCapacity", 500)
    assert cloud.describe() == []
    assert capacity.free(cloud.type, cloud.zone) == 20
    cloud.create(InstanceCount=20)
    assert capacity.free(cloud.type, cloud.zone) == 0
    assert refused(cloud.create, InstanceCount=1) == ("InsufficientInstanceCapacity", 500)


def test_a_pool_that_was_never_set_is_dry(cloud: Any, refused: Refused) -> None:
    assert refused(cloud.create, InstanceType="m5.xlarge")[0] == "InsufficientInstanceCapacity"


def test_a_local_zone_in_which_a_pool_was_set(cloud: Any, capacity: Any, refused: Refused) -> None:
    cloud.use("us-west-2")
    local = {"InstanceType": "c5.large", "AvailabilityZone": "us-west-2-lax-1a"}
    assert refused(cloud.create, **local) == ("InvalidParameterValue", 400)
    capacity.set_free("c5.large", "us-west-2-lax-1a", 1)
    made = cloud.create(**local)
    assert (made["AvailabilityZone"], made["AvailabilityZoneId"]) == ("us-west-2-lax-1a", "usw2-lax1-az1")


def test_a_type_that_the_zone_lacks(cloud: Any, capacity: Any, refused: Refused) -> None:
    # By moto's data, which come from AWS, Tokyo has no h1 at all.
    assert refused(cloud.create, InstanceType="h1.2xlarge") == ("Unsupported", 400)
    capacity.set_offered(cloud.type, cloud.zone, offered=False)
    assert refused(cloud.create) == ("Unsupported", 400)
    capacity.set_offered(cloud.type, cloud.zone, offered=True)
    cloud.create()
