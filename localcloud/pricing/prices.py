"""The local cloud's prices, which tests can set."""

import itertools
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from threading import Lock
from typing import Any, Final
from zlib import crc32

from localcloud.ec2 import places
from localcloud.ec2.quotas import vcpus_of

DESCRIPTION: Final = "The local cloud's own price, not AWS's"

OPERATIONS: Final = {
    "RunInstances": ("Linux", "NA", Decimal(1)),
    "RunInstances:0010": ("RHEL", "NA", Decimal("1.3")),
    "RunInstances:000g": ("SUSE", "NA", Decimal("1.25")),
    "RunInstances:0g00": ("Ubuntu Pro", "NA", Decimal("1.05")),
    "RunInstances:0002": ("Windows", "NA", Decimal(2)),
    "RunInstances:0006": ("Windows", "SQL Std", Decimal(4)),
}
"""Operating system, software, and price as a multiple of Linux's, by operation.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html
"""

_TENANCIES: Final = {"Shared": Decimal(1), "Dedicated": Decimal("1.1")}
# A reservation in use costs nothing beside its instances:
# https://docs.aws.amazon.com/cur/latest/userguide/monitor-ondemand-reservations.html
_STATUSES: Final = {
    "Used": Decimal(1),
    "UnusedCapacityReservation": Decimal(1),
    "AllocatedCapacityReservation": Decimal(0),
}
_OF_A_VCPU = Decimal("0.05")


class Prices:
    """What an hour of Linux with shared tenancy costs, by type and Region; all other prices follow from it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Each type costs by its vCPUs, the same in all Regions; nothing is refused."""
        self._set: dict[tuple[str, str], Decimal | None] = {}
        self._refusals: list[str] = []
        self.requests = 0
        """How many there were."""

    def set(self, instance_type: str, region: str, hourly: str | None) -> None:
        """Sets a price; None makes the list have none. The Region may be the group of a Local Zone."""
        self._set[instance_type, region] = None if hourly is None else Decimal(hourly)

    def refuse(self, code: str, times: int) -> None:
        """Refuses the next requests with this error code."""
        self._refusals += [code] * times

    def refusal(self) -> str | None:
        """The code that refuses this request, if any; counts the request."""
        with self._lock:
            self.requests += 1
            return self._refusals.pop(0) if self._refusals else None

    def products(self, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The products with these attributes; none without a known type and Region, since the list is long."""
        instance_type, region = wanted.get("instanceType", ""), wanted.get("regionCode", "")
        hourly = self._hourly(instance_type, region)
        if hourly is None:
            return
        for operation, tenancy, status in itertools.product(OPERATIONS, _TENANCIES, _STATUSES):
            system, software, times = OPERATIONS[operation]
            attributes = {
                "servicecode": "AmazonEC2",
                "instanceType": instance_type,
                "regionCode": region,
                "operatingSystem": system,
                "preInstalledSw": software,
                "licenseModel": "No License required",
                "tenancy": tenancy,
                "operation": operation,
                "capacitystatus": status,
            }
            if wanted.items() <= attributes.items():
                yield _product(attributes, hourly * times * _TENANCIES[tenancy] * _STATUSES[status])

    def _hourly(self, instance_type: str, region: str) -> Decimal | None:
        if (instance_type, region) in self._set:
            return self._set[instance_type, region]
        if not places.is_known(instance_type) or not places.zones_of(region):
            return None
        return _OF_A_VCPU * vcpus_of(instance_type)


def _product(attributes: dict[str, str], hourly: Decimal) -> dict[str, Any]:
    """As https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html shows one."""
    sku = f"LOCAL{crc32(json.dumps(attributes).encode()):011}"
    code, currency = f"{sku}.JRTCKXETXF", "CNY" if attributes["regionCode"].startswith("cn-") else "USD"
    dimension = {
        "unit": "Hrs",
        "beginRange": "0",
        "endRange": "Inf",
        "appliesTo": [],
        "description": DESCRIPTION,
        "rateCode": f"{code}.6YS6EN2CT7",
        "pricePerUnit": {currency: f"{hourly:.10f}"},
    }
    term = {
        "sku": sku,
        "offerTermCode": "JRTCKXETXF",
        "effectiveDate": "2026-01-01T00:00:00Z",
        "termAttributes": {},
        "priceDimensions": {dimension["rateCode"]: dimension},
    }
    return {
        "product": {"productFamily": "Compute Instance", "attributes": attributes, "sku": sku},
        "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {code: term}},
        "version": "local",
        "publicationDate": "2026-01-01T00:00:00Z",
    }
