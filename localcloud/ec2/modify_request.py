"""The request ModifyCapacityReservation.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyCapacityReservation.html
"""

from dataclasses import dataclass
from datetime import datetime

from localcloud.ec2.errors import InvalidParameterValue, MissingParameter
from localcloud.ec2.parameters import (
    MAX_INSTANCES,
    Parameters,
    end_of,
    one_of,
    refuse_missing_features,
)
from localcloud.ec2.reservation import Reservation

_MISSING_FEATURES = ("StartDate", "QuoteId", "AcceptModificationTerms")
_CHANGES = ("InstanceCount", "EndDate", "EndDateType", "InstanceMatchCriteria")


@dataclass(frozen=True)
class ModifyRequest:
    """How the reservation is to be; what the request leaves out stays as it is."""

    instance_count: int
    end_date_type: str
    end_date: datetime | None
    instance_match_criteria: str


def parse_modify(parameters: Parameters, before: Reservation) -> ModifyRequest:
    """Checks the parameters against the reservation. Type, zone, platform and tenancy are no parameters at all.

    `Accept` and `AdditionalInfo` are ignored, as by EC2, for which they are reserved.

    Raises:
        CapacityReservationError: of a kind that fits what is wrong.
    """
    refuse_missing_features(parameters, _MISSING_FEATURES)
    if all(parameters.get(name) is None for name in _CHANGES):
        raise MissingParameter(f"{', '.join(_CHANGES[:-1])} or {_CHANGES[-1]}")
    count = int(parameters.get("InstanceCount", before.instance_count))
    if count < 1:
        raise InvalidParameterValue(
            f"Value ({count}) for parameter InstanceCount is invalid. Give at least 1, or cancel the reservation."
        )
    if abs(count - before.instance_count) > MAX_INSTANCES:
        raise InvalidParameterValue(
            f"Value ({count}) for parameter InstanceCount is invalid. The count, {before.instance_count}, can be "
            f"changed by at most {MAX_INSTANCES} in a single request."
        )
    end_date_type, end_date = _end(parameters, before)
    return ModifyRequest(
        instance_count=count,
        end_date_type=end_date_type,
        end_date=end_date,
        instance_match_criteria=one_of(
            parameters, "InstanceMatchCriteria", "InstanceMatchCriteria", before.instance_match_criteria
        ),
    )


def _end(parameters: Parameters, before: Reservation) -> tuple[str, datetime | None]:
    if parameters.get("EndDate") is None and parameters.get("EndDateType") is None:
        return before.end_date_type, before.end_date
    end_date_type = one_of(parameters, "EndDateType", "EndDateType", before.end_date_type)
    return end_date_type, end_of(end_date_type, parameters.get("EndDate"))
