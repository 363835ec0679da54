"""Service configurations of resource groups that hold reservations.

https://docs.aws.amazon.com/ARG/latest/userguide/about-slg-types.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-group.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.resourcegroups.exceptions import BadRequestException
from moto.resourcegroups.models import FakeResourceGroup

POOL, GENERIC = "AWS::EC2::CapacityReservationPool", "AWS::ResourceGroups::Generic"
RESERVATION = "AWS::EC2::CapacityReservation"
_Configuration = Sequence[Mapping[str, Any]]


def check(configuration: _Configuration, query: Any) -> None:
    """Refuses what CreateGroup refuses, as far as reservations are concerned.

    Raises:
        BadRequestException: a query as well, or a pool without "A Configuration with this parameter and value is
            required when the service configuration also contains ... AWS::EC2::CapacityReservationPool".
    """
    if query:
        raise BadRequestException("A resource group can contain either a Configuration or a ResourceQuery, not both")
    if holds_reservations(configuration) and _allowed_types(configuration) != [RESERVATION]:
        raise BadRequestException(f"{POOL} needs {GENERIC} with allowed-resource-types {RESERVATION}")


def must_hold_reservations(group: FakeResourceGroup) -> None:
    """Refuses a group that is of another kind.

    Raises:
        BadRequestException: it is.
    """
    if not holds_reservations(group.configuration or []):
        raise BadRequestException(f"The group {group.name} has no configuration of type {POOL}")


def holds_reservations(configuration: _Configuration) -> bool:
    """Whether the group can be targeted by launches."""
    return any(item.get("Type") == POOL for item in configuration)


def _allowed_types(configuration: _Configuration) -> list[str]:
    parameters = (one for item in configuration if item.get("Type") == GENERIC for one in item.get("Parameters") or [])
    return [value for one in parameters if one.get("Name") == "allowed-resource-types" for value in one["Values"]]
