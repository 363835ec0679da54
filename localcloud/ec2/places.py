"""Zones, and which instance types they have. All of it is moto's data but the local zones, and what a test takes away.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import INSTANCE_TYPES, InstanceTypeOfferingBackend
from moto.ec2.responses import EC2Response
from moto.ec2.responses._base_response import EC2BaseResponse

from localcloud.ec2.state import current
from localcloud.ec2.zones import is_local, kind_of

_FILTERS = {"zone-name": "ZoneName", "zone-id": "ZoneId", "zone-type": "ZoneType", "region-name": "RegionName"}


def zones_of(region: str) -> list[Zone]:
    """The zones of a Region; local and wavelength zones are not among them."""
    return list(RegionsAndZonesBackend.zones.get(region, []))


def is_known(instance_type: str) -> bool:
    """Whether EC2 has the type."""
    return instance_type in INSTANCE_TYPES


def hook() -> None:
    """Puts the actions into moto. The second call does nothing."""
    if not issubclass(EC2Backend, OfferingsBackend):
        # By setattr: the bases of a class are replaced on purpose.
        setattr(EC2Backend, "__bases__", (OfferingsBackend, *EC2Backend.__bases__))  # noqa: B010
        setattr(EC2Response, "__bases__", (ZonesResponse, *EC2Response.__bases__))  # noqa: B010


class OfferingsBackend(InstanceTypeOfferingBackend):
    """moto's, without the types that a test took out of a zone."""

    def describe_instance_type_offerings(self, *args: Any, **kwargs: Any) -> list[Any]:
        taken_away, offerings = current().not_offered, super().describe_instance_type_offerings(*args, **kwargs)
        return [one for one in offerings if (one["InstanceType"], one["Location"]) not in taken_away]


class ZonesResponse(EC2BaseResponse):
    """Takes the place of moto's, which knows no local zone, and finds nothing wrong with a zone that does not exist."""

    def describe_availability_zones(self) -> ActionResult:
        self.error_on_dryrun()
        zones = [_described(zone, zone_id, self.region) for zone, zone_id in current().zones(self.region).items()]
        if not self._get_param("AllAvailabilityZones"):
            zones = [one for one in zones if one["OptInStatus"] != "not-opted-in"]
        for parameter, field in (("ZoneNames", "ZoneName"), ("ZoneIds", "ZoneId")):
            if wanted := self._get_param(parameter):
                if unknown := set(wanted).difference(one[field] for one in zones):
                    raise _invalid(f"Invalid value for {parameter}: {', '.join(sorted(unknown))}")
                zones = [one for one in zones if one[field] in wanted]
        for name, values in self._filters_from_querystring().items():
            if name not in _FILTERS:
                raise _invalid(f"The filter '{name}' is invalid")
            zones = [one for one in zones if one[_FILTERS[name]] in values]
        return ActionResult({"AvailabilityZones": zones})


def _invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)


def _described(zone: str, zone_id: str | None, region: str) -> dict[str, Any]:
    return {
        "ZoneName": zone,
        "ZoneId": zone_id,
        "RegionName": region,
        "State": "available",
        "ZoneType": kind_of(zone),
        "OptInStatus": "not-opted-in" if is_local(zone) else "opt-in-not-required",
        "Messages": [],
    }
