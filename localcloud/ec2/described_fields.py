"""The fields of a `CapacityReservation` as describe answers them, set directly.

Names, types and values are checked against botocore's model of EC2:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, Shape, StringShape, StructureShape
from moto.core.utils import get_service_model

from localcloud.ec2.new_reservation import reading_at
from localcloud.ec2.reservation import Reservation

_ATTRIBUTES = {
    "OwnerId": "owner_id",
    "AvailabilityZone": "availability_zone",
    "AvailabilityZoneId": "availability_zone_id",
    "InstanceType": "instance_type",
    "InstancePlatform": "instance_platform",
    "Tenancy": "tenancy",
    "TotalInstanceCount": "instance_count",
    "EbsOptimized": "ebs_optimized",
    "EphemeralStorage": "ephemeral_storage",
    "State": "state",
    "StartDate": "start_date",
    "EndDate": "end_date",
    "EndDateType": "end_date_type",
    "InstanceMatchCriteria": "instance_match_criteria",
    "CreateDate": "create_date",
    "AdjustmentStatus": "adjustment_status",
}
"""The fields that the local cloud itself works with; all others it only shows."""
_ITS_OWN = frozenset({"CapacityReservationId", "CapacityReservationArn", "Tags"})


def with_fields(before: Reservation, fields: Mapping[str, Any], now: float) -> Reservation:
    """The reservation with these fields changed, whatever EC2 would say to that. None hides a field.

    What is set stays: a pending reservation becomes active only if its `State` is set again.

    Args:
        before: as it is.
        fields: by EC2's names; dates as ISO 8601.
        now: the clock's reading.

    Raises:
        ValueError: the model has no such field, or it cannot have that value.
    """
    model = get_service_model("ec2").shape_for("CapacityReservation")
    assert isinstance(model, StructureShape)  # noqa: S101 - tells the type checker
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in model.members or name in _ITS_OWN:
            settable = ", ".join(sorted(set(model.members) - _ITS_OWN))
            raise ValueError(f"{name!r} cannot be set; set one of {settable}")
        values[name] = None if value is None else _checked(value, model.members[name], name)
    available = values.pop("AvailableInstanceCount", None)
    attributes = {
        _ATTRIBUTES[name]: value for name, value in values.items() if name in _ATTRIBUTES and value is not None
    }
    shown = {name: value for name, value in before.described.items() if name not in values}
    shown |= {name: value for name, value in values.items() if name not in _ATTRIBUTES or value is None}
    # A modification that is being processed would undo what is set here.
    after = replace(before, **attributes, described=shown, at=now, adjusted_at=math.inf, after_adjustment=None)
    if "state" in attributes:
        after = replace(after, pending_until=math.inf)
    if values.get("EndDate") is not None:
        end_date_type = values.get("EndDateType") or "limited"
        after = replace(after, end_date_type=end_date_type, ends_at=reading_at(after.end_date, now))
    elif "EndDate" in values or values.get("EndDateType") == "unlimited":
        after = replace(after, end_date=None, end_date_type="unlimited", ends_at=math.inf)
    if available is None:
        return after
    if not 0 <= available <= after.instance_count:
        raise ValueError(f"AvailableInstanceCount must be from 0 to {after.instance_count}, not {available}")
    return replace(after, in_use=after.instance_count - available)


def _checked(value: Any, shape: Shape, name: str) -> Any:
    """The value as moto serializes it."""
    if isinstance(shape, StructureShape):
        _must_be(isinstance(value, dict), name, "an object", value)
        for key in value:
            _must_be(key in shape.members, name, f"an object of {', '.join(shape.members)}", value)
        return {key: _checked(each, shape.members[key], f"{name}.{key}") for key, each in value.items()}
    if isinstance(shape, ListShape):
        _must_be(isinstance(value, list), name, "a list", value)
        return [_checked(each, shape.member, name) for each in value]
    if shape.type_name == "timestamp":
        return _date(value, name)
    if shape.type_name in ("integer", "long"):
        _must_be(isinstance(value, int) and not isinstance(value, bool), name, "a whole number", value)
    elif shape.type_name == "boolean":
        _must_be(isinstance(value, bool), name, "true or false", value)
    else:
        _must_be(isinstance(value, str), name, "text", value)
        if isinstance(shape, StringShape) and shape.enum:
            _must_be(value in shape.enum, name, f"one of {', '.join(shape.enum)}", value)
    return value


def _date(value: Any, name: str) -> datetime:
    try:
        date = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a date such as 2026-11-11T00:00:00+00:00, not {value!r}") from None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _must_be(is_so: bool, name: str, wanted: str, value: Any) -> None:
    if not is_so:
        raise ValueError(f"{name} must be {wanted}, not {value!r}")
