"""Which reservations EC2 changes at all."""

from moto.ec2.exceptions import EC2ClientError, OperationNotPermitted

from localcloud.capacity_reservations.reservation import CapacityReservation

_CANCELLABLE = frozenset({"active", "assessing", "delayed"})
"""Of botocore's CancelCapacityReservation; a scheduled one needs a quote, which is not simulated."""


def must_be_managed(reservation: CapacityReservation, account: str, done: str) -> None:
    """Refuses what only others, or other actions, can change. AWS does not document the code.

    Sources, all in https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/: capacity-reservation-sharing.html ("Consumers
    cannot modify the shared Capacity Reservation in any way"), cr-fleets.html ("can't be managed individually"),
    interruptible-capacity-reservations.html ("cannot directly modify or cancel"); CancelCapacityReservation ("You can't
    modify or cancel a Capacity Block").
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


def must_be_modifiable(reservation: CapacityReservation) -> None:
    """Refuses all states but active, and a reservation whose last modification EC2 has not decided about."""
    if reservation.state != "active":
        raise _invalid_state(reservation, f"is {reservation.state} and cannot be modified; it must be active")
    if reservation.adjustment_status == "requested":
        raise _invalid_state(reservation, "has a modification that is being processed")


def must_be_cancellable(reservation: CapacityReservation) -> None:
    """Refuses states in which EC2 cancels nothing."""
    if reservation.state not in _CANCELLABLE:
        raise _invalid_state(reservation, f"is {reservation.state} and cannot be cancelled")


def must_allow(before: CapacityReservation, after: CapacityReservation) -> None:
    """Refuses a modification that instances in use forbid.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-modify.html, which does not say what
    becomes of a count below the instances in use.
    """
    if after.instance_count < min(before.in_use, before.instance_count):
        why = f"{before.in_use} instances are in use"
    elif before.in_use and after.instance_match_criteria != before.instance_match_criteria:
        why = "it must be idle to change its instance eligibility"
    else:
        return
    raise OperationNotPermitted(f"The capacity reservation '{before.id}' cannot be modified so: {why}.")


def _invalid_state(reservation: CapacityReservation, why: str) -> EC2ClientError:
    return EC2ClientError("InvalidState", f"The capacity reservation '{reservation.id}' {why}.")
