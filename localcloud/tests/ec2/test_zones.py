"""DescribeAvailabilityZones, and the ids of zones."""

from collections.abc import Callable
from typing import Any

import pytest

from localcloud.ec2.zones import id_of_local

Refused = Callable[..., tuple[str, int]]


def names_by_id(cloud: Any, **parameters: Any) -> dict[str, str]:
    described = cloud.api.describe_availability_zones(**parameters)["AvailabilityZones"]
    return {zone["ZoneId"]: zone["ZoneName"] for zone in described}


def test_a_region_has_its_zones(cloud: Any) -> None:
    assert names_by_id(cloud) == {
        "apne1-az4": "ap-northeast-1a",
        "apne1-az1": "ap-northeast-1c",
        "apne1-az2": "ap-northeast-1d",
    }


def test_a_local_zone_in_which_a_pool_was_set_is_one_of_all(cloud: Any, capacity: Any) -> None:
    cloud.use("us-west-2")
    for zone in ("us-west-2-lax-1a", "us-west-2-wl1-sea-wlz-1", "us-east-1-bos-1a"):
        capacity.set_free("c5.large", zone, 1)
    local = {"usw2-lax1-az1": "us-west-2-lax-1a", "usw2-wl1-sea-wlz1": "us-west-2-wl1-sea-wlz-1"}
    usual = names_by_id(cloud)
    assert not local.keys() & usual.keys()
    assert names_by_id(cloud, AllAvailabilityZones=True) == usual | local
    zones = cloud.api.describe_availability_zones(AllAvailabilityZones=True)["AvailabilityZones"]
    (described,) = (zone for zone in zones if zone["ZoneName"] == "us-west-2-lax-1a")
    assert (described["ZoneType"], described["OptInStatus"]) == ("local-zone", "not-opted-in")


def test_zones_are_chosen_by_name_by_id_and_by_filter(cloud: Any) -> None:
    one = {"apne1-az1": "ap-northeast-1c"}
    assert names_by_id(cloud, ZoneNames=["ap-northeast-1c"]) == one
    assert names_by_id(cloud, ZoneIds=["apne1-az1"]) == one
    assert names_by_id(cloud, Filters=[{"Name": "zone-id", "Values": ["apne1-az1"]}]) == one


@pytest.mark.parametrize("parameters", [{"ZoneNames": ["ap-northeast-1z"]}, {"ZoneIds": ["apne1-az9"]}])
def test_unknown_zones_are_refused(cloud: Any, refused: Refused, parameters: Any) -> None:
    assert refused(cloud.api.describe_availability_zones, **parameters) == ("InvalidParameterValue", 400)


@pytest.mark.parametrize(
    ("zone", "parent", "zone_id"),
    [
        # From AWS's lists of Local Zones and of Wavelength Zones.
        ("us-west-2-lax-1a", "usw2-az1", "usw2-lax1-az1"),
        ("us-west-2-lax-1b", "usw2-az1", "usw2-lax1-az2"),
        ("us-east-1-atl-2a", "use1-az1", "use1-atl2-az1"),
        ("us-east-1-qro-1a", "use1-az1", "use1-qro1-az1"),
        ("us-east-1-wl1-bos-wlz-1", "use1-az1", "use1-wl1-bos-wlz1"),
        ("ap-northeast-1-wl1-nrt-wlz-1", "apne1-az1", "apne1-wl1-nrt-wlz1"),
    ],
)
def test_the_id_of_a_local_zone(zone: str, parent: str, zone_id: str) -> None:
    assert id_of_local(zone, parent) == zone_id
