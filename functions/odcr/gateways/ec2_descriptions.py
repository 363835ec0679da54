"""EC2's descriptions of reservations and instances, as the domain's types."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from odcr.domain.misfits import RunningInstance
from odcr.domain.reservation import UNREADABLE, Kind, Reservation
from odcr.domain.tags import GROUP_TAG, MADE_TAG, OWNER_TAG, parsed_made
from odcr.domain.target import TargetKey
from odcr.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import CapacityReservationTypeDef, InstanceTypeDef


def reservation_of(described: "CapacityReservationTypeDef", owner: str) -> Reservation:
    """A described reservation.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html

    Args:
        described: by EC2.
        owner: the stack's value of the owner tag.

    Raises:
        KeyError: if the description lacks what every reservation has.
    """
    created, ends = described.get("CreateDate"), described.get("EndDate")
    tags = _tags_of(described)
    group, made = tags.get(GROUP_TAG, ""), parsed_made(tags.get(MADE_TAG, ""))
    committed_until = described.get("CommitmentInfo", {}).get("CommitmentEndDate")
    return Reservation(
        id=described["CapacityReservationId"],
        key=TargetKey(described["InstanceType"], described["AvailabilityZone"], group=group),
        count=described["TotalInstanceCount"],
        state=described["State"],
        platform=described.get("InstancePlatform", "Linux/UNIX"),
        tenancy=described.get("Tenancy", "default"),
        created=created.isoformat() if created else "",
        in_use=_in_use(described),
        # If it was made for another demand, a person moved it to this one.
        is_adopted=made is None or made[1] != group,
        made=made[0] if made else "",
        match_criteria=described.get("InstanceMatchCriteria", "open"),
        ends=ends.astimezone(UTC).isoformat() if ends else None,
        kind=_kind(described),
        is_managed=tags.get(OWNER_TAG) == owner,
        is_committed=committed_until is not None and committed_until > datetime.now(UTC),
        lent=described.get("InterruptibleCapacityAllocation", {}).get("InstanceCount", 0),
        is_adjusting=described.get("AdjustmentStatus") == "requested",
        placement_group=described.get("PlacementGroupArn", "").rpartition("/")[2],
        tags=tags,
    )


def reservation_or_unreadable(described: "CapacityReservationTypeDef", owner: str, region: str) -> Reservation:
    """A described reservation; one in the state UNREADABLE if the description is incomplete."""
    try:
        return reservation_of(described, owner)
    except KeyError as missing:
        logger.warning("EC2's description of a reservation is incomplete", missing=str(missing), described=described)
    group = _tags_of(described).get(GROUP_TAG, "")
    key = TargetKey(described.get("InstanceType", ""), described.get("AvailabilityZone", region), group=group)
    return Reservation(described.get("CapacityReservationId", ""), key, 0, UNREADABLE)


def running_instance_of(described: "InstanceTypeDef") -> RunningInstance:
    """A described instance.

    Raises:
        KeyError: if the description lacks the instance type.
    """
    placement = described.get("Placement", {})
    specification = described.get("CapacityReservationSpecification", {})
    target = specification.get("CapacityReservationTarget", {})
    return RunningInstance(
        TargetKey(described["InstanceType"], placement.get("AvailabilityZone", "")),
        described.get("PlatformDetails", ""),
        placement.get("Tenancy", "default"),
        placement.get("GroupName", ""),
        specification.get("CapacityReservationPreference", "" if target else "open"),
        target.get("CapacityReservationId", ""),
    )


def _tags_of(described: "CapacityReservationTypeDef") -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in described.get("Tags", [])}


def _kind(described: "CapacityReservationTypeDef") -> Kind:
    if described.get("ReservationType") == "capacity-block":
        return Kind.BLOCK
    if described.get("Interruptible"):
        return Kind.INTERRUPTIBLE
    for field, kind in (
        ("OutpostArn", Kind.OUTPOST),
        ("PlacementGroupArn", Kind.PLACEMENT_GROUP),
        ("CapacityReservationFleetId", Kind.FLEET),
    ):
        if described.get(field):
            return kind
    return Kind.ORDINARY


def _in_use(described: "CapacityReservationTypeDef") -> int:
    if described["State"] != "active":
        return 0
    # If EC2 does not say how many are available, all may be in use.
    return max(0, described["TotalInstanceCount"] - described.get("AvailableInstanceCount", 0))
