"""The running instances, and which of them fit a reservation.

moto's instances get the attributes `capacity_reservation_specification` and `capacity_reservation_id`, which
DescribeInstances shows, and `has_capacity`, which is true while they run. `launches` sets them.
"""

from typing import Any

from moto.resourcegroups.models import resourcegroups_backends

from localcloud.capacity_reservations.reservation import CapacityReservation

ONLY = "capacity-reservations-only"
"""The preference with which an instance runs in reservations and nowhere else."""
_OTHER_MARKETS = ("CapacityBlockId", "Interruptible")
"""Launches into these need a purchasing option that is not simulated."""


def running(backend: Any) -> list[Any]:
    """The Region's instances that run, oldest first."""
    launched = (one for launch in backend.reservations.values() for one in launch.instances)
    return [one for one in launched if getattr(one, "has_capacity", False)]


def joining(backend: Any, reservation: CapacityReservation) -> list[Any]:
    """The running instances outside reservations that this one absorbs at once, as far as it has room.

    "If you have running instances with matching attributes at the time the Capacity Reservation becomes active,
    those instances automatically run in the reserved capacity":
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-create.html
    """
    outside = (one for one in running(backend) if one.capacity_reservation_id is None)
    willing = [one for one in outside if may_enter(backend, one, reservation)]
    return willing[: max(0, reservation.instance_count - reservation.in_use)]


def leave_all(backend: Any, reservation: CapacityReservation) -> int:
    """Lets the instances of an ended reservation run on outside it; how many there are."""
    inside = [one for one in running(backend) if one.capacity_reservation_id == reservation.id]
    for one in inside:
        one.capacity_reservation_id = None
    return len(inside)


def may_enter(backend: Any, instance: Any, reservation: CapacityReservation) -> bool:
    """Whether it may run there: "matching attributes", the placement group among them, and what its launch asked for.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups.html
    """
    described = reservation.described
    if any(described.get(name) for name in _OTHER_MARKETS) or described.get("ReservationType") == "capacity-block":
        return False
    group = backend.placement_groups.get(instance.placement.group_name)
    if (
        reservation.instance_type,
        reservation.availability_zone,
        reservation.instance_platform,
        reservation.tenancy,
        described.get("PlacementGroupArn"),
    ) != (
        instance.instance_type,
        instance.placement.zone,
        instance.platform_details,
        instance.placement.tenancy,
        group["GroupArn"] if group and group["Strategy"] == "cluster" else None,
    ):
        return False
    specification = instance.capacity_reservation_specification
    target = specification.get("CapacityReservationTarget")
    if target is None:
        is_wanted = specification["CapacityReservationPreference"] in ("open", ONLY)
        return is_wanted and reservation.instance_match_criteria == "open"
    if "CapacityReservationId" in target:
        return bool(target["CapacityReservationId"] == reservation.id)
    groups = resourcegroups_backends[backend.account_id][backend.region_name].groups.by_arn
    targeted = groups.get(target["CapacityReservationResourceGroupArn"])
    return reservation.arn in getattr(targeted, "reservations", {})


def platform_of(instance: Any) -> str:
    """The platform as reservations name it. moto's images are Windows or Linux."""
    return "Windows" if str(instance.platform).lower() == "windows" else "Linux/UNIX"
