"""What EC2's error codes mean for a request for capacity.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from odcr.domain.refusal import (
    Changed,
    InsufficientInstanceCapacity,
    InvalidTarget,
    OutcomeUnknown,
    QuotaExceeded,
    Refusal,
    RequestLimitExceeded,
    RequestRefused,
    Unsupported,
)

NO_CAPACITY = frozenset(
    {"InsufficientInstanceCapacity", "InsufficientCapacity", "InsufficientReservedInstanceCapacity"}
)
THROTTLED = frozenset(
    {"RequestLimitExceeded", "Throttling", "ThrottlingException", "RequestThrottled", "TooManyRequestsException"}
)
QUOTA_REACHED = frozenset(
    {
        "InstanceLimitExceeded",
        "VcpuLimitExceeded",
        "ResourceCountExceeded",
        "CapacityReservationLimitExceeded",
        "ResourceLimitExceeded",
        "MaxIOPSLimitExceeded",
    }
)
UNSUPPORTED = frozenset({"Unsupported", "InstanceTypeNotSupported"})
NOT_OFFERED = frozenset(
    {
        "UnsupportedOperation",
        "InvalidInstanceType",
        "InvalidParameterValue",
        "MissingParameter",
        "InvalidParameterCombination",
        "InvalidAvailabilityZone",
        "InvalidZone.NotFound",
        "InvalidParameter",
        "InvalidPlacementGroup.Unknown",
        # From Resource Groups: https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html
        "NotFoundException",
        "BadRequestException",
    }
)
CHANGED = frozenset(
    {
        "IdempotentParameterMismatch",
        "InvalidCapacityReservationId.NotFound",
        "InvalidState",
        "InvalidCapacityReservationState",
        "IncorrectState",
    }
)


Ec2Error = (ClientError, BotoCoreError, ResponseParserError, KeyError, ValueError)
"""The errors of a failed request: boto3 raises them, or the answer lacks something."""


def refusal_of(error: Exception, service: str = "EC2") -> Refusal:
    """What an `Ec2Error` means.

    A known code counts whatever its HTTP status: EC2 has answered InsufficientInstanceCapacity with 500. An unknown
    code with 5xx, or no answer at all, leaves open whether the request had an effect.
    """
    if not isinstance(error, ClientError):
        if isinstance(error, (HTTPClientError, NoConnection)) or not isinstance(error, BotoCoreError):
            return OutcomeUnknown(type(error).__name__, f"{service} gave no readable answer.")
        return RequestRefused(type(error).__name__, str(error))
    detail = error.response.get("Error", {})
    code, message = detail.get("Code", "Unknown"), detail.get("Message", "")
    for codes, refusal in (
        (NO_CAPACITY, InsufficientInstanceCapacity),
        (THROTTLED, RequestLimitExceeded),
        (QUOTA_REACHED, QuotaExceeded),
        (UNSUPPORTED, Unsupported),
        (NOT_OFFERED, InvalidTarget),
        (CHANGED, Changed),
    ):
        if code in codes:
            return refusal(code, message)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
        return OutcomeUnknown(code, message)
    return RequestRefused(code, message)
