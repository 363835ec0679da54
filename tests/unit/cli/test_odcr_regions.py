"""Derives the Region of a zone by EC2's conventions."""

import pytest
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from odcr_cli.regions import known_regions, region_of

ZONES = [(zone, region) for region, zones in RegionsAndZonesBackend.zones.items() for zone in zones]


def test_every_zone_that_moto_took_from_aws_is_in_its_region_by_name_and_by_id() -> None:
    assert len(ZONES) > 80
    for zone, region in ZONES:
        assert region_of(zone.name) == region
        if region in known_regions():
            assert region_of(zone.zone_id) == region, zone.zone_id


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("us-west-2-lax-1a", "us-west-2"),
        ("usw2-lax1-az1", "us-west-2"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1"),
        ("use1-wl1-bos-wlz1", "us-east-1"),
        ("us-gov-west-1a", "us-gov-west-1"),
        ("usgw1-az1", "us-gov-west-1"),
        ("cn-north-1a", "cn-north-1"),
        ("cnn1-az1", "cn-north-1"),
        ("mars-1a", None),
        ("", None),
        ("ap-northeast-1", None),
    ],
)
def test_zones_of_every_kind(zone: str, region: str | None) -> None:
    assert region_of(zone) == region
