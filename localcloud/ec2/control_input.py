"""Reads the JSON that the control API gets; every function raises ValueError with what to do."""

from collections.abc import Mapping
from typing import Any

from localcloud.ec2 import catalogue
from localcloud.ec2.zones import is_local, region_of

_Given = Mapping[str, Any]


def zone_in(given: _Given) -> str:
    """The AvailabilityZone: one of EC2's, or any local zone, of which moto knows none."""
    zone = text_in(given, "AvailabilityZone")
    region = region_of(zone)
    known = [str(one.name) for one in catalogue.zones_of(region)]
    if not known:
        raise ValueError(f"{zone!r} is in no Region of EC2's; name a zone such as ap-northeast-1c")
    if zone not in known and not is_local(zone):
        raise ValueError(f"{region} has no zone {zone!r}; name one of {', '.join(known)}")
    return zone


def region_in(given: _Given) -> str:
    """The Region."""
    region = text_in(given, "Region")
    if not catalogue.zones_of(region):
        raise ValueError(f"{region!r} is no Region of EC2's; name one such as ap-northeast-1")
    return region


def instance_type_in(given: _Given) -> str:
    """The InstanceType."""
    name = text_in(given, "InstanceType")
    if not catalogue.is_known(name):
        raise ValueError(f"EC2 has no instance type {name!r}; name one such as r5b.2xlarge")
    return name


def text_in(given: _Given, name: str) -> str:
    """A string that is not empty."""
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"Give {name}, as text")
    return value


def number_in(given: _Given, name: str) -> int:
    """A whole number."""
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return value


def limit_in(given: _Given, name: str) -> int | None:
    """A whole number, or null for no limit."""
    return None if given.get(name) is None else number_in(given, name)


def flag_in(given: _Given, name: str) -> bool:
    """True or false."""
    value = given.get(name)
    if not isinstance(value, bool):
        raise ValueError(f"Give {name}, as true or false")
    return value
