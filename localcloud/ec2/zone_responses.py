"""DescribeAvailabilityZones, with the local zones in which a pool was set.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses._base_response import EC2BaseResponse

from localcloud.ec2 import catalogue
from localcloud.ec2.errors import InvalidParameterValue
from localcloud.ec2.state import current
from localcloud.ec2.zones import is_local, kind_of

_FILTERS = {
    "zone-name": "ZoneName",
    "zone-id": "ZoneId",
    "zone-type": "ZoneType",
    "region-name": "RegionName",
    "state": "State",
    "opt-in-status": "OptInStatus",
}


class ZonesResponse(EC2BaseResponse):
    """Takes the place of moto's, which knows no local zone, and finds nothing wrong with a zone that there is not."""

    def describe_availability_zones(self) -> ActionResult:
        self.error_on_dryrun()
        given = self._get_params()
        with current().lock:
            zones = catalogue.all_zones_of(self.region, current().pools)
        described = [_described(zone, zone_id, self.region) for zone, zone_id in zones.items()]
        if not given.get("AllAvailabilityZones"):
            described = [one for one in described if one["OptInStatus"] != "not-opted-in"]
        for parameter, field in (("ZoneNames", "ZoneName"), ("ZoneIds", "ZoneId")):
            if wanted := given.get(parameter):
                if unknown := set(wanted).difference(one[field] for one in described):
                    raise InvalidParameterValue(f"Invalid value for {parameter}: {', '.join(sorted(unknown))}")
                described = [one for one in described if one[field] in wanted]
        for one in given.get("Filters") or []:
            if one.get("Name") not in _FILTERS:
                raise InvalidParameterValue(f"The filter '{one.get('Name')}' is invalid")
            described = [zone for zone in described if zone[_FILTERS[one["Name"]]] in one.get("Values", [])]
        return ActionResult({"AvailabilityZones": described})


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
