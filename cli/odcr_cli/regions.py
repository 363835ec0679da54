"""Which Region a zone is in, from its name or id alone."""

import re
from functools import cache

import boto3

_OF_NAME = re.compile(r"(?P<region>[a-z]{2,4}(-[a-z]+)+-\d+)([a-z]|-.+)")
_DIRECTIONS = {
    "north": "n",
    "northeast": "ne",
    "northwest": "nw",
    "south": "s",
    "southeast": "se",
    "southwest": "sw",
    "east": "e",
    "west": "w",
    "central": "c",
    "gov": "g",
}


@cache
def known_regions() -> frozenset[str]:
    """All Regions of all partitions that botocore knows."""
    session = boto3.Session()
    return frozenset(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition, allow_non_regional=False)
    )


@cache
def _by_prefix() -> dict[str, str]:
    # https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
    return {
        "".join(_DIRECTIONS.get(part, part) for part in region.split("-")): region for region in sorted(known_regions())
    }


def region_of(zone: str) -> str | None:
    """The Region, e.g. `ap-northeast-1` of `ap-northeast-1c` and of `apne1-az1`; None if unknown."""
    if (match := _OF_NAME.fullmatch(zone)) and match["region"] in known_regions():
        return match["region"]
    return _by_prefix().get(zone.partition("-")[0])


def may_be_same_zone(zone: str, other: str) -> bool:
    """Whether one is a zone's name and the other a zone's id, in the same Region."""
    are_names = bool(_OF_NAME.fullmatch(zone)), bool(_OF_NAME.fullmatch(other))
    return are_names[0] != are_names[1] and region_of(zone) is not None and region_of(zone) == region_of(other)
