"""What creating and growing find: free instances, local zones, and types that a zone lacks."""

from collections.abc import Callable
from typing import Any

from localcloud.ec2.state import current
from localcloud.tests.ec2.conftest import TYPE, ZONE

Refused = Callable[..., tuple[str, int]]


def test_it_is_all_or_nothing(cloud: Any, capacity: Any, refused: Refused) -> None:
    assert refused(cloud.create, InstanceCount=21) == ("InsufficientInstanceCapacity", 500)
    assert cloud.describe() == []
    assert capacity.free(cloud.type, cloud.zone) == 20
    cloud.create(InstanceCount=20)
    assert capacity.free(cloud.type, cloud.zone) == 0
    assert refused(cloud.create, InstanceCount=1) == ("InsufficientInstanceCapacity", 500)


def test_an_increase_is_all_or_nothing(cloud: Any, capacity: Any, refused: Refused) -> None:
    made = cloud.create(InstanceCount=5)
    more = {"InstanceCount": 21, "InstanceMatchCriteria": "targeted"}
    assert refused(cloud.modify, made, **more) == ("InsufficientInstanceCapacity", 500)
    assert cloud.again(made) == made
    assert capacity.free(cloud.type, cloud.zone) == 15
    cloud.modify(made, InstanceCount=20)


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


def places(cloud: Any, kind: str, instance_type: str = TYPE) -> list[str]:
    pages = cloud.api.get_paginator("describe_instance_type_offerings").paginate(
        LocationType=kind, Filters=[{"Name": "instance-type", "Values": [instance_type]}]
    )
    return [one["Location"] for page in pages for one in page["InstanceTypeOfferings"]]


def test_a_type_is_offered_where_it_can_be_reserved(cloud: Any, capacity: Any) -> None:
    zones = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
    offered = {zone for zone in zones if current().is_offered(TYPE, zone, "ap-northeast-1")}
    assert ZONE in offered
    assert set(places(cloud, "availability-zone")) == offered
    assert places(cloud, "region") == ["ap-northeast-1"]
    capacity.set_offered(TYPE, ZONE, offered=False)
    assert set(places(cloud, "availability-zone")) == offered - {ZONE}
