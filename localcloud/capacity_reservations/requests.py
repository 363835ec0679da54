"""Checks the parameters of requests about reservations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import StringShape
from moto.core.utils import get_service_model
from moto.ec2.exceptions import DryRunClientError, EC2ClientError, InvalidParameterCombination, MissingParameterError
from moto.ec2.models.instance_types import INSTANCE_TYPES

from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.exceptions import InvalidValueError
from localcloud.capacity_reservations.reservation import CapacityReservation

Parameters = Mapping[str, Any]
"""A request as moto parses it after botocore's model."""

_MAX_INSTANCES = 1000
"""For one create, and for the change of one modify (botocore's model)."""
_MAX_TOKEN_LENGTH = 64
_ID = re.compile(r"cr-[0-9a-f]{17}")
_FUTURE_DATED = ("StartDate", "CommitmentDuration", "DeliveryPreference")
_CHANGES = ("InstanceCount", "EndDate", "EndDateType", "InstanceMatchCriteria")


def to_create(given: Parameters, region: str) -> dict[str, Any]:
    """The fields of the CapacityReservation that is asked for.

    Raises:
        EC2ClientError: of a kind that fits what is wrong. Whether the zone offers the type, and whether there is such
            a placement group, is not checked here.
    """
    refuse_missing_features(given, "AvailabilityZoneId", "OutpostArn", *_FUTURE_DATED)
    for name in ("InstanceType", "InstancePlatform", "AvailabilityZone", "InstanceCount"):
        required(given, name)
    instance_type, count, token = str(given["InstanceType"]), int(given["InstanceCount"]), given.get("ClientToken", "")
    if instance_type not in INSTANCE_TYPES:
        raise InvalidValueError(f"Invalid value '{instance_type}' for InstanceType: no such instance type.")
    zone, zones = str(given["AvailabilityZone"]), market.current().zones(region)
    if zone not in zones:
        raise InvalidValueError(f"Invalid availability zone: [{zone}]")
    if not 1 <= count <= _MAX_INSTANCES:
        raise InvalidValueError(f"Value ({count}) for parameter InstanceCount is invalid. Give 1 to 1000.")
    if len(token) > _MAX_TOKEN_LENGTH or not token.isascii():
        raise InvalidValueError(f"ClientToken must have at most {_MAX_TOKEN_LENGTH} ASCII characters")
    support = INSTANCE_TYPES[instance_type].get("EbsInfo", {}).get("EbsOptimizedSupport")
    if given.get("EbsOptimized") and support not in ("default", "supported"):
        raise InvalidParameterCombination(
            f"EBS-optimized instances are not supported for instance type {instance_type}."
        )
    end_date_type = one_of(given, "EndDateType", "EndDateType", "unlimited")
    group = given.get("PlacementGroupArn")
    return {
        "instance_type": instance_type,
        "instance_platform": one_of(given, "InstancePlatform", "CapacityReservationInstancePlatform", ""),
        "availability_zone": zone,
        "availability_zone_id": zones[zone],
        "instance_count": count,
        "tenancy": one_of(given, "Tenancy", "CapacityReservationTenancy", "default"),
        "ebs_optimized": bool(given.get("EbsOptimized")),
        "ephemeral_storage": bool(given.get("EphemeralStorage")),
        "end_date_type": end_date_type,
        "end_date": _end(end_date_type, given.get("EndDate")),
        "instance_match_criteria": one_of(given, "InstanceMatchCriteria", "InstanceMatchCriteria", "open"),
        "described": {"PlacementGroupArn": group} if group else {},
    }


def to_modify(given: Parameters, before: CapacityReservation) -> dict[str, Any]:
    """The fields that a request changes. Type, zone, platform and tenancy cannot be changed.

    `Accept` and `AdditionalInfo` are ignored, as by EC2, for which they are reserved.

    Raises:
        EC2ClientError: of a kind that fits what is wrong.
    """
    refuse_missing_features(given, "StartDate", "QuoteId", "AcceptModificationTerms")
    if all(given.get(name) is None for name in _CHANGES):
        raise MissingParameterError(f"{', '.join(_CHANGES[:-1])} or {_CHANGES[-1]}")
    count = int(given.get("InstanceCount", before.instance_count))
    if count < 1 or abs(count - before.instance_count) > _MAX_INSTANCES:
        raise InvalidValueError(
            f"Value ({count}) for parameter InstanceCount is invalid. Give at least 1, and change the count, "
            f"{before.instance_count}, by at most {_MAX_INSTANCES} in a single request."
        )
    match = one_of(given, "InstanceMatchCriteria", "InstanceMatchCriteria", before.instance_match_criteria)
    changes: dict[str, Any] = {"instance_count": count, "instance_match_criteria": match}
    if given.get("EndDate") is not None or given.get("EndDateType") is not None:
        changes["end_date_type"] = one_of(given, "EndDateType", "EndDateType", before.end_date_type)
        changes["end_date"] = _end(changes["end_date_type"], given.get("EndDate"))
        changes["ends_at"] = market.current().reading_at(changes["end_date"])
    return changes


def required(given: Parameters, name: str) -> Any:
    """The value of a parameter, which must be there."""
    value = given.get(name)
    if value is None or value == "":
        raise MissingParameterError(name)
    return value


def checked_id(given: Any) -> str:
    """The id itself, if it looks like that of a reservation, which need not exist."""
    if not _ID.fullmatch(str(given)):
        message = f"Invalid id: '{given}' (expecting 'cr-...')"
        raise EC2ClientError("InvalidCapacityReservationId.Malformed", message)
    return str(given)


def one_of(given: Parameters, name: str, shape: str, default: str) -> str:
    """The value of a parameter that is an enumeration in botocore's model."""
    value, model = str(given.get(name, default)), get_service_model("ec2").shape_for(shape)
    if isinstance(model, StringShape) and value not in model.enum:
        raise InvalidValueError(
            f"Value ({value}) for parameter {name} is invalid. Valid values: {', '.join(sorted(model.enum))}"
        )
    return value


def refuse_missing_features(given: Parameters, *names: str) -> None:
    """Refuses parameters that are not simulated, so that nobody expects an effect."""
    for name in names:
        if given.get(name) is not None:
            raise EC2ClientError("Unsupported", f"{name} is not simulated: leave it out")


def end_dry_run(given: Parameters) -> None:
    """Ends a dry run that would have succeeded."""
    if given.get("DryRun"):
        raise DryRunClientError()


def _end(end_date_type: str, end_date: datetime | None) -> datetime | None:
    """The end in UTC: needed by a limited reservation, refused for an unlimited one, never in the past."""
    if (end_date_type == "unlimited") != (end_date is None):
        raise InvalidParameterCombination("Give EndDate if EndDateType is limited, and leave it out if it is unlimited")
    if end_date is None:
        return None
    end = end_date.replace(tzinfo=UTC) if end_date.tzinfo is None else end_date.astimezone(UTC)
    if end <= datetime.now(UTC):
        raise InvalidValueError(f"EndDate ({end.isoformat()}) must be in the future")
    return end
