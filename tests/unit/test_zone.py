import pytest

from odcr.domain.zone import region_of


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("ap-northeast-1c", "ap-northeast-1"),
        ("us-east-1a", "us-east-1"),
        ("us-gov-west-1b", "us-gov-west-1"),
        ("cn-north-1a", "cn-north-1"),
        ("us-west-2-lax-1a", "us-west-2"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1"),
    ],
)
def test_the_region_follows_from_the_zones_name(zone: str, region: str) -> None:
    assert region_of(zone) == region


@pytest.mark.parametrize(
    "name", ["", "ap-northeast-1", "ap-northeast-1C", "tokyo", " us-east-1a", "us-east-1a\n", "us-east-1a-"]
)
def test_what_is_no_zone_has_no_region(name: str) -> None:
    assert region_of(name) is None
