"""DescribeInstanceTypeOfferings: the types that each zone has, as reservations find them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
"""

from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses._base_response import EC2BaseResponse

from localcloud.ec2 import catalogue
from localcloud.ec2.errors import InvalidParameterValue
from localcloud.ec2.state import current

_FILTERS = {"instance-type": "InstanceType", "location": "Location"}
_MOST = 1_000
"""In one answer, also where fewer are not asked for."""


class OfferingsResponse(EC2BaseResponse):
    """Takes the place of moto's.

    moto has one list by the zones' names and one by their ids, of two accounts, and knows nothing of a type that the
    control API took out of a zone. Local zones are left out: none is opted into.
    """

    def describe_instance_type_offerings(self) -> ActionResult:
        self.error_on_dryrun()
        given = self._get_params()
        kind = given.get("LocationType") or "region"
        with current().lock:
            found = _offerings(self.region, kind)
        for one in given.get("Filters") or []:
            if one.get("Name") not in _FILTERS:
                raise InvalidParameterValue(f"The filter '{one.get('Name')}' is invalid")
            field, patterns = _FILTERS[one["Name"]], one.get("Values", [])
            found = [offer for offer in found if any(fnmatchcase(offer[field], pattern) for pattern in patterns)]
        first, most = int(given.get("NextToken") or 0), int(given.get("MaxResults") or _MOST)
        answer: dict[str, Any] = {"InstanceTypeOfferings": found[first : first + most]}
        if first + most < len(found):
            answer["NextToken"] = str(first + most)
        return ActionResult(answer)


def _offerings(region: str, kind: str) -> list[dict[str, str]]:
    places: dict[str, list[str]] = {}
    for zone in catalogue.zones_of(region):
        name = str(zone.name)
        place = {"region": region, "availability-zone": name, "availability-zone-id": str(zone.zone_id)}.get(kind)
        if place is not None:
            places.setdefault(place, []).append(name)
    not_offered = current().not_offered
    return [
        {"InstanceType": each, "LocationType": kind, "Location": place}
        for place, zones in sorted(places.items())
        for each in catalogue.all_types()
        if any(catalogue.is_offered(each, zone, region) and (each, zone) not in not_offered for zone in zones)
    ]
