"""CreateCapacityReservationBySplitting and MoveCapacityReservationInstances.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-split.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-move.html

Both take available instances only: on EC2 running ones may follow, and none runs here.
"""

from dataclasses import replace
from datetime import UTC, datetime

from localcloud.ec2.changeability import committed, must_be_active, must_be_managed
from localcloud.ec2.errors import InvalidParameterCombination, InvalidParameterValue, OperationNotPermitted
from localcloud.ec2.new_reservation import Owner, new_identity
from localcloud.ec2.reservation import Reservation

_NOT_INHERITED = frozenset({"CapacityAllocations", "InterruptibleCapacityAllocation", "InterruptionInfo"})


def split(source: Reservation, count: int, owner: Owner, sequence: int, now: float) -> tuple[Reservation, Reservation]:
    """What is left of the source, and what was split off: the same but for its tags, which the caller gives it.

    Raises:
        CapacityReservationError: the source cannot be split so.
    """
    _must_give(source, count, owner.account, "split")
    if count == source.instance_count:
        raise InvalidParameterValue(
            f"Value ({count}) for parameter InstanceCount is invalid. At most {count - 1} instances can be split off."
        )
    new_id, arn = new_identity(owner)
    created = datetime.now(UTC)
    made = replace(
        source,
        sequence=sequence,
        id=new_id,
        arn=arn,
        instance_count=count,
        in_use=0,
        create_date=created,
        start_date=created,
        adjustment_status=None,
        described={name: value for name, value in source.described.items() if name not in _NOT_INHERITED},
        at=now,
    )
    return replace(source, instance_count=source.instance_count - count, at=now), made


def move(
    source: Reservation, destination: Reservation, count: int, account: str, now: float
) -> tuple[Reservation, Reservation]:
    """Both as they are afterwards. A source that has nothing left is cancelled.

    Raises:
        CapacityReservationError: nothing can be moved so.
    """
    _must_give(source, count, account, "moved")
    must_be_managed(destination, account, "modified")
    must_be_active(destination, "modified")
    if source.id == destination.id or _alike(source) != _alike(destination):
        raise InvalidParameterCombination(
            "The source and the destination must be two reservations with the same instance type, platform, "
            "Availability Zone, tenancy, placement group and end."
        )
    left = source.instance_count - count
    return (
        replace(source, instance_count=left, state="active" if left else "cancelled", at=now),
        replace(destination, instance_count=destination.instance_count + count, at=now),
    )


def _must_give(source: Reservation, count: int, account: str, done: str) -> None:
    must_be_managed(source, account, done)
    must_be_active(source, done)
    if committed(source):
        raise OperationNotPermitted(f"The commitment of the capacity reservation '{source.id}' has not ended.")
    if not 1 <= count <= source.available:
        raise InvalidParameterValue(
            f"Value ({count}) for parameter InstanceCount is invalid. '{source.id}' has {source.available} available."
        )


def _alike(reservation: Reservation) -> tuple[object, ...]:
    return (
        reservation.instance_type,
        reservation.instance_platform,
        reservation.availability_zone,
        reservation.tenancy,
        reservation.described.get("PlacementGroupArn"),
        reservation.end_date_type,
        reservation.end_date,
    )
