"""Checks that requests about Capacity Reservations have in common."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.ec2 import catalogue
from localcloud.ec2.errors import (
    InvalidCapacityReservationIdMalformed,
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
    Unsupported,
)

MAX_INSTANCES = 1000
"""For one create, and for the change of one modify (botocore's model)."""
Parameters = Mapping[str, Any]
"""A request as moto parsed it after botocore's model."""
_ID = re.compile(r"cr-[0-9a-f]{17}")


def required(parameters: Parameters, name: str) -> Any:
    """The value of a parameter.

    Raises:
        MissingParameter: it is not there.
    """
    value = parameters.get(name)
    if value is None or value == "":
        raise MissingParameter(name)
    return value


def reservation_id(parameters: Parameters, name: str = "CapacityReservationId") -> str:
    """The id of a reservation that exists or not."""
    return checked_id(str(required(parameters, name)))


def count_in(parameters: Parameters) -> int:
    """The InstanceCount, whatever it is."""
    return int(required(parameters, "InstanceCount"))


def checked_id(given: str) -> str:
    """The id itself, if it is one: `cr-` and 17 hexadecimal digits."""
    if not _ID.fullmatch(given):
        raise InvalidCapacityReservationIdMalformed(f"Invalid id: '{given}' (expecting 'cr-...')")
    return given


def one_of(parameters: Parameters, name: str, shape: str, default: str) -> str:
    """The value of a parameter that is an enumeration in botocore's model."""
    value = str(parameters.get(name, default))
    allowed = catalogue.enum_of(shape)
    if value not in allowed:
        raise InvalidParameterValue(
            f"Value ({value}) for parameter {name} is invalid. Valid values: {', '.join(sorted(allowed))}"
        )
    return value


def end_of(end_date_type: str, end_date: datetime | None) -> datetime | None:
    """The end date, in UTC: needed for a limited reservation, refused for an unlimited one, never in the past."""
    if end_date_type == "unlimited":
        if end_date is not None:
            raise InvalidParameterCombination("EndDate cannot be given when EndDateType is unlimited")
        return None
    if end_date is None:
        raise InvalidParameterCombination("EndDate must be given when EndDateType is limited")
    end = end_date.replace(tzinfo=UTC) if end_date.tzinfo is None else end_date.astimezone(UTC)
    if end <= datetime.now(UTC):
        raise InvalidParameterValue(f"EndDate ({end.isoformat()}) must be in the future")
    return end


def refuse_missing_features(parameters: Parameters, names: tuple[str, ...]) -> None:
    """Refuses what EC2 has and the local cloud has not, so that nobody takes it for done."""
    for name in names:
        if parameters.get(name) is not None:
            raise Unsupported(
                f"The local cloud has no {name} for Capacity Reservations: leave it out, or try this on AWS"
            )
