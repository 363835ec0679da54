"""DescribeInstanceTypeOfferings agrees with what reservations find."""

from typing import Any

from localcloud.ec2 import catalogue

TYPE, ZONE = "r5b.2xlarge", "ap-northeast-1c"


def places(cloud: Any, kind: str, instance_type: str = TYPE) -> list[str]:
    pages = cloud.api.get_paginator("describe_instance_type_offerings").paginate(
        LocationType=kind, Filters=[{"Name": "instance-type", "Values": [instance_type]}]
    )
    return [one["Location"] for page in pages for one in page["InstanceTypeOfferings"]]


def test_a_type_is_offered_where_it_can_be_reserved(cloud: Any, capacity: Any) -> None:
    zones = {"ap-northeast-1a": "apne1-az4", "ap-northeast-1c": "apne1-az1", "ap-northeast-1d": "apne1-az2"}
    offered = {zone for zone in zones if catalogue.is_offered(TYPE, zone, "ap-northeast-1")}
    assert ZONE in offered
    assert set(places(cloud, "availability-zone")) == offered
    assert set(places(cloud, "availability-zone-id")) == {zones[zone] for zone in offered}
    assert places(cloud, "region") == ["ap-northeast-1"]
    capacity.set_offered(TYPE, ZONE, offered=False)
    assert set(places(cloud, "availability-zone")) == offered - {ZONE}
    assert set(places(cloud, "availability-zone-id")) == {zones[zone] for zone in offered - {ZONE}}


def test_names_and_ids_of_a_region_agree(cloud: Any) -> None:
    # In moto's data they are of two accounts, whose zones have other ids.
    cloud.use("us-east-1")
    described = cloud.api.describe_availability_zones()["AvailabilityZones"]
    ids = {zone["ZoneName"]: zone["ZoneId"] for zone in described}
    by_name = places(cloud, "availability-zone", "m7i.*")
    assert by_name
    assert sorted(ids[name] for name in by_name) == sorted(places(cloud, "availability-zone-id", "m7i.*"))


def test_they_come_in_pages(cloud: Any) -> None:
    first = cloud.api.describe_instance_type_offerings(LocationType="availability-zone", MaxResults=5)
    assert len(first["InstanceTypeOfferings"]) == 5
    second = cloud.api.describe_instance_type_offerings(
        LocationType="availability-zone", MaxResults=5, NextToken=first["NextToken"]
    )
    assert second["InstanceTypeOfferings"][0] not in first["InstanceTypeOfferings"]


def test_another_filter_is_refused(cloud: Any, refused: Any) -> None:
    filters = [{"Name": "colour", "Values": ["red"]}]
    assert refused(cloud.api.describe_instance_type_offerings, Filters=filters) == ("InvalidParameterValue", 400)
