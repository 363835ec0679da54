# ruff: noqa: N818 - the names are EC2's own
"""The errors with which EC2 refuses a request about Capacity Reservations.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from moto.ec2.exceptions import EC2ClientError


class CapacityReservationError(EC2ClientError):
    """A refusal. Unlike moto's other errors of EC2 it has an HTTP status of its own.

    Args:
        message: says what is wrong.
    """

    status = 400
    code: str

    def __init__(self, message: str) -> None:
        super().__init__(self.code, message)


class AuthFailure(CapacityReservationError):
    """The credentials are of another partition."""

    code, status = "AuthFailure", 401

    def __init__(self) -> None:
        super().__init__("AWS was not able to validate the provided access credentials")


class DryRunOperation(CapacityReservationError):
    """The request would have been permitted; nothing else is checked but its parameters."""

    code, status = "DryRunOperation", 412

    def __init__(self) -> None:
        super().__init__("Request would have succeeded, but DryRun flag is set.")


class FilterLimitExceeded(CapacityReservationError):
    """More than 50 filters, or more than 200 values in one."""

    code = "FilterLimitExceeded"


class IdempotentParameterMismatch(CapacityReservationError):
    """A client token came again with other parameters."""

    code = "IdempotentParameterMismatch"


class InstanceLimitExceeded(CapacityReservationError):
    """The quota of instances of a type."""

    code = "InstanceLimitExceeded"


class InsufficientInstanceCapacity(CapacityReservationError):
    """The pool has fewer than asked for. EC2 has answered this with 500 (FACTS)."""

    code, status = "InsufficientInstanceCapacity", 500


def no_capacity(instance_type: str, zone: str) -> InsufficientInstanceCapacity:
    """The refusal of a pool."""
    return InsufficientInstanceCapacity(
        f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone})."
    )


class InternalError(CapacityReservationError):
    """EC2 failed."""

    code, status = "InternalError", 500

    def __init__(self) -> None:
        super().__init__("An internal error has occurred")


class InvalidCapacityReservationIdMalformed(CapacityReservationError):
    """Not an id of a reservation."""

    code = "InvalidCapacityReservationId.Malformed"


class InvalidCapacityReservationIdNotFound(CapacityReservationError):
    """No such reservation."""

    code = "InvalidCapacityReservationId.NotFound"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"The capacity reservation '{reservation_id}' does not exist.")


class InvalidNextToken(CapacityReservationError):
    """A token that no describe gave out."""

    code = "InvalidNextToken"


class InvalidParameterCombination(CapacityReservationError):
    """Parameters that exclude or need each other."""

    code = "InvalidParameterCombination"


class InvalidParameterValue(CapacityReservationError):
    """A parameter that cannot be."""

    code = "InvalidParameterValue"


class InvalidPlacementGroupDuplicate(CapacityReservationError):
    """There is a placement group of this name."""

    code = "InvalidPlacementGroup.Duplicate"


class InvalidPlacementGroupInUse(CapacityReservationError):
    """Instances run in the placement group."""

    code = "InvalidPlacementGroup.InUse"


class InvalidPlacementGroupUnknown(CapacityReservationError):
    """No such placement group."""

    code = "InvalidPlacementGroup.Unknown"


class InvalidState(CapacityReservationError):
    """The reservation's state forbids it."""

    code = "InvalidState"


class MissingParameter(CapacityReservationError):
    """A parameter that must be given."""

    code = "MissingParameter"

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The request must contain the parameter {parameter}")


class OperationNotPermitted(CapacityReservationError):
    """What this reservation is forbids it."""

    code = "OperationNotPermitted"


class Refused(CapacityReservationError):
    """An injected refusal.

    Args:
        code: the error code.
        status: the HTTP status.
        message: what it says.
    """

    def __init__(self, code: str, status: int, message: str) -> None:
        self.code, self.status = code, status
        super().__init__(message)


class RequestLimitExceeded(CapacityReservationError):
    """Too many requests of this action."""

    code, status = "RequestLimitExceeded", 503

    def __init__(self) -> None:
        super().__init__("Request limit exceeded.")


class ReservationCapacityExceeded(CapacityReservationError):
    """A launch that may run in reservations only finds no room in them. The words are EC2's, as people report them:
    https://github.com/scylladb/scylla-cluster-tests/issues/8839"""

    code = "ReservationCapacityExceeded"

    def __init__(self) -> None:
        super().__init__(
            "The requested reservation does not have sufficient compatible and available capacity for this request."
        )


class TagLimitExceeded(CapacityReservationError):
    """More than 50 tags."""

    code = "TagLimitExceeded"


class Unsupported(CapacityReservationError):
    """The type is not offered in the zone, or the local cloud lacks what was asked for."""

    code = "Unsupported"


class VcpuLimitExceeded(CapacityReservationError):
    """The quota of vCPUs."""

    code = "VcpuLimitExceeded"
