"""Which reservations EC2 changes at all.

AWS documents that it refuses these requests, but not with which error code: OperationNotPermitted is the local cloud's
choice. A test that needs another injects `Fault(..., FaultKind.REFUSED, reservation_id=..., code=...)`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.ec2.errors import InvalidState, OperationNotPermitted
from localcloud.ec2.modify_request import ModifyRequest
from localcloud.ec2.reservation import Reservation

_CANCELLABLE = frozenset({"active", "assessing", "delayed"})
"""Of botocore's CancelCapacityReservation; a scheduled one needs a quote, which the local cloud has not."""


def must_be_managed(reservation: Reservation, account: str, done: str) -> None:
    """Refuses what only somebody else, or another action, can change.

    Sources, all in https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/: capacity-reservation-sharing.html ("Consumers
    cannot modify the shared Capacity Reservation in any way"), cr-fleets.html ("can't be managed individually"),
    interruptible-capacity-reservations.html ("cannot directly modify or cancel"); CancelCapacityReservation ("You can't
    modify or cancel a Capacity Block").

    Args:
        reservation: as it is.
        account: whose request it is.
        done: what is asked for, e.g. `modified`.

    Raises:
        OperationNotPermitted: for each of these.
    """
    shown = reservation.described
    if reservation.owner_id != account:
        why = f"it belongs to account {reservation.owner_id}"
    elif shown.get("ReservationType") == "capacity-block":
        why = "it is a Capacity Block"
    elif shown.get("CapacityReservationFleetId"):
        why = f"the Capacity Reservation Fleet {shown['CapacityReservationFleetId']} manages it"
    elif shown.get("Interruptible"):
        why = "it is interruptible; change the allocation of its source"
    else:
        return
    raise OperationNotPermitted(f"The capacity reservation '{reservation.id}' cannot be {done}: {why}.")


def must_be_active(reservation: Reservation, done: str) -> None:
    """Refuses a reservation in any other state, and one whose last modification EC2 has not decided about."""
    if reservation.state != "active":
        raise InvalidState(
            f"The capacity reservation '{reservation.id}' is {reservation.state} and cannot be {done}; "
            "it must be active."
        )
    if reservation.adjustment_status == "requested":
        raise InvalidState(f"The last modification of the capacity reservation '{reservation.id}' is being processed.")


def must_be_cancellable(reservation: Reservation) -> None:
    """Refuses a reservation whose state, or commitment, forbids to cancel it."""
    if reservation.state not in _CANCELLABLE:
        raise InvalidState(
            f"The capacity reservation '{reservation.id}' is {reservation.state} and cannot be cancelled."
        )
    if reservation.state == "active" and committed(reservation):
        raise OperationNotPermitted(f"The commitment of the capacity reservation '{reservation.id}' has not ended.")


def must_allow(reservation: Reservation, request: ModifyRequest) -> None:
    """Refuses to modify what a commitment, or instances in use, forbid.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-modify.html, which does not say what
    becomes of a count below the instances in use.
    """
    least = max(committed(reservation), reservation.in_use)
    if request.instance_count < min(least, reservation.instance_count):
        why = f"{least} instances are in use or committed"
    elif (
        committed(reservation) and request.end_date and request.end_date < _commitment(reservation)["CommitmentEndDate"]
    ):
        why = "its commitment ends later"
    elif reservation.in_use and request.instance_match_criteria != reservation.instance_match_criteria:
        why = "it must be idle to change its instance eligibility"
    else:
        return
    raise OperationNotPermitted(f"The capacity reservation '{reservation.id}' cannot be modified so: {why}.")


def committed(reservation: Reservation) -> int:
    """Instances that must be kept until the commitment of a future-dated reservation ends; 0 if there is none."""
    commitment = _commitment(reservation)
    ends = commitment.get("CommitmentEndDate")
    return int(commitment.get("CommittedInstanceCount", 0)) if ends and datetime.now(UTC) < ends else 0


def _commitment(reservation: Reservation) -> Mapping[str, Any]:
    return reservation.described.get("CommitmentInfo") or {}
