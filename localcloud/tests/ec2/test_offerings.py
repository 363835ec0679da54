"""DescribeInstanceTypeOfferings agrees with what reservations find."""

from typing import Any

from localcloud.ec2.state import current

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"


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
