"""The request CreateCapacityReservation.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
"""

from dataclasses import dataclass, field
from datetime import datetime

from localcloud.ec2 import catalogue
from localcloud.ec2.errors import InvalidParameterCombination, InvalidParameterValue, MissingParameter
from localcloud.ec2.parameters import (
    MAX_INSTANCES,
    Parameters,
    end_of,
    one_of,
    refuse_missing_features,
    required,
)
from localcloud.ec2.pools import CapacityPools
from localcloud.ec2.tags import tags_of

_MISSING_FEATURES = ("OutpostArn", "StartDate", "CommitmentDuration", "DeliveryPreference")
_MAX_TOKEN_LENGTH = 64


@dataclass(frozen=True)
class CreateRequest:
    """What to make. Two requests are the same if they compare equal; the client token is no part of that."""

    instance_type: str
    instance_platform: str
    availability_zone: str
    availability_zone_id: str | None
    """None for a local zone whose name is of an unusual form."""
    instance_count: int
    tenancy: str
    ebs_optimized: bool
    ephemeral_storage: bool
    end_date_type: str
    end_date: datetime | None
    instance_match_criteria: str
    placement_group_arn: str | None
    tags: dict[str, str]
    client_token: str | None = field(compare=False)


def parse_create(parameters: Parameters, region: str, pools: CapacityPools) -> CreateRequest:
    """Checks the parameters, by themselves and against what the Region has.

    Raises:
        CapacityReservationError: of a kind that fits what is wrong. Whether a type is offered in the zone, and
            whether there is such a placement group, is not checked here.
    """
    for name in ("InstanceType", "InstancePlatform", "InstanceCount"):
        required(parameters, name)
    refuse_missing_features(parameters, _MISSING_FEATURES)
    instance_type = str(parameters["InstanceType"])
    if not catalogue.is_known(instance_type):
        raise InvalidParameterValue(f"Invalid value '{instance_type}' for InstanceType: no such instance type.")
    zone, zone_id = _zone(parameters, region, pools)
    count = int(parameters["InstanceCount"])
    if not 1 <= count <= MAX_INSTANCES:
        raise InvalidParameterValue(f"Value ({count}) for parameter InstanceCount is invalid. Give 1 to 1000.")
    ebs_optimized = bool(parameters.get("EbsOptimized", False))
    if ebs_optimized and not catalogue.can_be_ebs_optimized(instance_type):
        raise InvalidParameterCombination(
            f"EBS-optimized instances are not supported for instance type {instance_type}."
        )
    end_date_type = one_of(parameters, "EndDateType", "EndDateType", "unlimited")
    return CreateRequest(
        instance_type=instance_type,
        instance_platform=one_of(parameters, "InstancePlatform", "CapacityReservationInstancePlatform", ""),
        availability_zone=zone,
        availability_zone_id=zone_id,
        instance_count=count,
        tenancy=one_of(parameters, "Tenancy", "CapacityReservationTenancy", "default"),
        ebs_optimized=ebs_optimized,
        ephemeral_storage=bool(parameters.get("EphemeralStorage", False)),
        end_date_type=end_date_type,
        end_date=end_of(end_date_type, parameters.get("EndDate")),
        instance_match_criteria=one_of(parameters, "InstanceMatchCriteria", "InstanceMatchCriteria", "open"),
        placement_group_arn=parameters.get("PlacementGroupArn"),
        tags=tags_of(parameters),
        client_token=_client_token(parameters),
    )


def _zone(parameters: Parameters, region: str, pools: CapacityPools) -> tuple[str, str | None]:
    name, zone_id = parameters.get("AvailabilityZone"), parameters.get("AvailabilityZoneId")
    if name and zone_id:
        raise InvalidParameterCombination("Give AvailabilityZone or AvailabilityZoneId, not both")
    if not name and not zone_id:
        raise MissingParameter("AvailabilityZone")
    for known, known_id in catalogue.all_zones_of(region, pools).items():
        if name == known or (zone_id and zone_id == known_id):
            return known, known_id
    raise InvalidParameterValue(f"Invalid availability zone: [{name or zone_id}]")


def _client_token(parameters: Parameters) -> str | None:
    token = parameters.get("ClientToken")
    if not token:
        return None
    if len(token) > _MAX_TOKEN_LENGTH or not token.isascii():
        raise InvalidParameterValue(f"ClientToken must have at most {_MAX_TOKEN_LENGTH} ASCII characters")
    return str(token)
