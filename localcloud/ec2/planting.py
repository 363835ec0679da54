"""Reservations that tests add or change directly: kinds, states and owners that no action here makes.

The fields are those of botocore's model of EC2, which also checks their types:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from botocore import xform_name
from botocore.model import StructureShape
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from localcloud.capacity_reservations.reservation import CapacityReservation, new_identity
from localcloud.ec2.state import State
from localcloud.ec2.zones import region_of
from localcloud.services import ACCOUNT_ID

_ATTRIBUTES = {"total_instance_count": "instance_count"} | {
    field.name: field.name for field in dataclasses.fields(CapacityReservation)
}
"""The fields that the local cloud works with, in snake case; it only shows the others."""
_ITS_OWN = frozenset({"CapacityReservationId", "CapacityReservationArn", "Tags"})


def plant(
    state: State, instance_type: str, zone: str, tags: Mapping[str, str] | None, fields: Mapping[str, Any]
) -> CapacityReservation:
    """Adds a reservation as `CapacityClient.plant` says; the caller holds the lock.

    Raises:
        ValueError: with what to do.
    """
    region, created = region_of(zone), state.date()
    bare = CapacityReservation(
        **new_identity(get_partition(region), region, str(fields.get("OwnerId") or ACCOUNT_ID)),
        instance_type=instance_type,
        availability_zone=zone,
        availability_zone_id=state.zones(region).get(zone, ""),
        instance_count=0,
        create_date=created,
        start_date=created,
        at=state.now(),
    )
    return _put(state, ec2_backends[ACCOUNT_ID][region], bare, tags, fields)


def alter(
    state: State, reservation_id: str, tags: Mapping[str, str] | None, fields: Mapping[str, Any]
) -> CapacityReservation:
    """Changes a reservation as `CapacityClient.alter` says; the caller holds the lock.

    What is set stays: a pending reservation becomes active only if its `State` is set again.

    Raises:
        ValueError: with what to do.
    """
    backend: Any
    for backend in ec2_backends[ACCOUNT_ID].values():
        if reservation_id in backend.capacity_reservations:
            return _put(state, backend, backend.capacity_reservations[reservation_id], tags, fields)
    raise ValueError(f"There is no reservation {reservation_id!r}; plant one, or create one as EC2's clients do")


def _put(
    state: State,
    backend: Any,
    before: CapacityReservation,
    tags: Mapping[str, str] | None,
    fields: Mapping[str, Any],
) -> CapacityReservation:
    values = _checked(fields)
    available = values.pop("AvailableInstanceCount", None)
    works_with = {name: _ATTRIBUTES[xform_name(name)] for name in values if xform_name(name) in _ATTRIBUTES}
    changes = {attribute: values[name] for name, attribute in works_with.items() if values[name] is not None}
    shown = {name: value for name, value in before.described.items() if name not in values}
    shown |= {name: value for name, value in values.items() if name not in works_with or value is None}
    if "State" in values:
        changes["pending_until"] = math.inf
    if values.get("EndDate") is not None:
        changes["end_date_type"] = values.get("EndDateType") or "limited"
        changes["ends_at"] = state.reading_at(values["EndDate"])
    elif "EndDate" in values or values.get("EndDateType") == "unlimited":
        changes |= {"end_date": None, "end_date_type": "unlimited", "ends_at": math.inf}
    # A modification in progress would undo what is set here.
    changes |= {"adjusted_at": math.inf, "after_adjustment": None}
    after = replace(before, **changes, described=shown, at=state.now())
    if available is not None:
        if not 0 <= available <= after.instance_count:
            raise ValueError(f"AvailableInstanceCount must be from 0 to {after.instance_count}, not {available}")
        after = replace(after, in_use=after.instance_count - available)
    backend.put_capacity_reservation(after)
    if tags is not None:
        backend.tags.pop(after.id, None)
        backend.create_tags([after.id], tags)
    return after


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as moto serializes them; each is one of EC2's."""
    model = get_service_model("ec2").shape_for("CapacityReservation")
    assert isinstance(model, StructureShape)  # noqa: S101 - tells the type checker
    for name, value in fields.items():
        if name not in model.members or name in _ITS_OWN:
            settable = ", ".join(sorted(set(model.members) - _ITS_OWN))
            raise ValueError(f"{name!r} cannot be set; set one of {settable}")
        if value is not None and (report := ParamValidator().validate({name: value}, model)).has_errors():
            raise ValueError(report.generate_report())
    # Dates within other fields stay text, which moto passes on.
    return {
        name: parse_to_aware_datetime(value) if value and model.members[name].type_name == "timestamp" else value
        for name, value in fields.items()
    }
