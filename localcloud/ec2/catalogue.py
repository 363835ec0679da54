"""What EC2 has on offer: instance types, zones, and which type is where. All of it is moto's data."""

from functools import cache
from typing import Any

from botocore.model import StringShape
from moto.core.utils import get_service_model
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from localcloud.ec2.pools import CapacityPools
from localcloud.ec2.zones import id_of_local


def zones_of(region: str) -> list[Zone]:
    """The zones of a Region; local and wavelength zones are not among them."""
    return list(RegionsAndZonesBackend.zones.get(region, []))


def all_zones_of(region: str, pools: CapacityPools) -> dict[str, str | None]:
    """The ids of a Region's zones by their names. moto has no local zone; one in which a pool was set is one."""
    zones: dict[str, str | None] = {str(zone.name): str(zone.zone_id) for zone in zones_of(region)}
    any_id = next(iter(zones.values()), None)
    if any_id is None:
        return {}
    return zones | {zone: id_of_local(zone, any_id) for zone in pools.local_zones_in(region)}


def is_known(instance_type: str) -> bool:
    """Whether EC2 has the type."""
    return instance_type in INSTANCE_TYPES


def all_types() -> list[str]:
    """All types that EC2 has."""
    return sorted(INSTANCE_TYPES)


def vcpus_of(instance_type: str) -> int:
    """How many vCPUs one instance has."""
    return int(_type(instance_type)["VCpuInfo"]["DefaultVCpus"])


def can_be_ebs_optimized(instance_type: str) -> bool:
    """Whether the type can be EBS optimised (`EbsInfo.EbsOptimizedSupport` of DescribeInstanceTypes)."""
    return _type(instance_type).get("EbsInfo", {}).get("EbsOptimizedSupport") in ("default", "supported")


def is_offered(instance_type: str, zone: str, region: str) -> bool:
    """Whether the zone has the type at all. Where moto has no data on the zone, it is taken to have everything."""
    offered = _offerings(region).get(zone)
    return offered is None or instance_type in offered


def enum_of(shape: str) -> frozenset[str]:
    """The values of an enumeration in botocore's model of EC2, e.g. `CapacityReservationInstancePlatform`."""
    enumeration = get_service_model("ec2").shape_for(shape)
    assert isinstance(enumeration, StringShape)  # noqa: S101 - tells the type checker
    return frozenset(enumeration.enum)


@cache
def _offerings(region: str) -> dict[str, set[str]]:
    by_zone: dict[str, set[str]] = {}
    for offering in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, []):
        by_zone.setdefault(offering["Location"], set()).add(offering["InstanceType"])
    return by_zone


def _type(instance_type: str) -> dict[str, Any]:
    described: dict[str, Any] = INSTANCE_TYPES[instance_type]
    return described
