"""Zones and the instance types that they offer: moto's data, local zones, and what a test takes away.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import INSTANCE_TYPES, InstanceTypeOfferingBackend
from moto.ec2.responses import EC2Response
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

from localcloud.ec2.state import current
from localcloud.ec2.zones import is_local


def zones_of(region: str) -> list[Zone]:
    """The zones of a Region; local and wavelength zones are not among them."""
    return list(RegionsAndZonesBackend.zones.get(region, []))


def is_known(instance_type: str) -> bool:
    """Whether EC2 has the type."""
    return instance_type in INSTANCE_TYPES


def hook() -> None:
    """Adds the actions to moto. The second call does nothing."""
    if not issubclass(EC2Backend, OfferingsBackend):
        # By setattr: the bases of a class are replaced on purpose.
        setattr(EC2Backend, "__bases__", (OfferingsBackend, *EC2Backend.__bases__))  # noqa: B010
        setattr(EC2Response, "__bases__", (ZonesResponse, *EC2Response.__bases__))  # noqa: B010


class OfferingsBackend(InstanceTypeOfferingBackend):
    """moto's offers, less those that a test took away."""

    def describe_instance_type_offerings(self, *args: Any, **kwargs: Any) -> list[Any]:
        taken_away, offerings = current().not_offered, super().describe_instance_type_offerings(*args, **kwargs)
        return [one for one in offerings if (one["InstanceType"], one["Location"]) not in taken_away]


class ZonesResponse(AvailabilityZonesAndRegions):
    """Adds local zones to moto's, and refuses zones that do not exist."""

    def describe_availability_zones(self) -> ActionResult:
        answer: Any = super().describe_availability_zones()
        zones = answer.result["AvailabilityZones"]
        wanted = self._get_param("ZoneNames") or self._get_param("ZoneIds") or []
        if len(zones) < len(wanted):
            raise EC2ClientError("InvalidParameterValue", f"Invalid availability zone in: {', '.join(wanted)}")
        if self._get_param("AllAvailabilityZones") and not wanted:
            zones += [
                {
                    "ZoneName": zone,
                    "ZoneId": zone_id,
                    "RegionName": self.region,
                    "State": "available",
                    "ZoneType": "wavelength-zone" if "-wlz-" in zone else "local-zone",
                    "OptInStatus": "not-opted-in",
                }
                for zone, zone_id in current().zones(self.region).items()
                if is_local(zone)
            ]
        return ActionResult({"AvailabilityZones": zones})
