"""Errors that are raised in several places. Others are an EC2ClientError with a code, where they are raised.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from moto.ec2.exceptions import EC2ClientError


class InvalidValueError(EC2ClientError):
    """An invalid value of a parameter."""

    code = "InvalidParameterValue"


class ReservationNotFoundError(EC2ClientError):
    """No such reservation."""

    code = "InvalidCapacityReservationId.NotFound"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"The capacity reservation '{reservation_id}' does not exist.")


class PlacementGroupUnknownError(EC2ClientError):
    """No such placement group."""

    code = "InvalidPlacementGroup.Unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"The Placement Group '{name}' is unknown.")


class InsufficientCapacityError(EC2ClientError):
    """The zone has fewer free instances than asked for."""

    code = "InsufficientInstanceCapacity"

    def __init__(self, instance_type: str, zone: str) -> None:
        super().__init__(
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested "
            f"({zone})."
        )
