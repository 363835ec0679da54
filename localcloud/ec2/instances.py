"""The instances that run, as far as they need capacity."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from localcloud.ec2.launch import Launch
from localcloud.ec2.reservation import Reservation

_OTHER_MARKETS = ("CapacityBlockId", "Interruptible")
"""What is launched into these has a purchasing option of its own, which the local cloud has not."""


@dataclass
class RunningInstance:
    """One of moto's instances. It runs in a reservation, or takes its capacity from its pool."""

    shown: Any
    """moto's instance."""
    region: str
    launch: Launch
    reservation_id: str | None = None

    @property
    def instance_type(self) -> str:
        """Its type."""
        return str(self.shown.instance_type)

    @property
    def zone(self) -> str:
        """Its zone."""
        return str(self.shown.placement.zone)

    @property
    def platform(self) -> str:
        """Its platform, as reservations name it. moto's images are Windows or Linux."""
        return "Windows" if str(self.shown.platform).lower() == "windows" else "Linux/UNIX"

    def fits(self, reservation: Reservation) -> bool:
        """Whether it could run there: "matching attributes", the placement group among them.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-launch.html
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups.html
        """
        described = reservation.described
        if any(described.get(name) for name in _OTHER_MARKETS) or described.get("ReservationType") == "capacity-block":
            return False
        return (
            reservation.instance_type,
            reservation.availability_zone,
            reservation.instance_platform,
            reservation.tenancy,
            described.get("PlacementGroupArn"),
        ) == (self.instance_type, self.zone, self.platform, self.launch.tenancy, self.launch.placement_group_arn)

    def may_enter(self, reservation: Reservation, groups: Container[str]) -> bool:
        """Whether it may run there by what its launch asked for.

        Args:
            reservation: as it is.
            groups: the ARNs of the resource groups in which the reservation is.
        """
        if self.launch.target_group:
            return self.fits(reservation) and self.launch.target_group in groups
        if self.launch.target_id:
            return self.fits(reservation) and self.launch.target_id == reservation.id
        return self.launch.takes_open and reservation.instance_match_criteria == "open" and self.fits(reservation)

    def enter(self, reservation_id: str | None) -> None:
        """From now on it runs in this reservation; None: in none."""
        self.reservation_id = self.shown.capacity_reservation_id = reservation_id


class Instances:
    """Those that run, oldest first. The caller holds the lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, RunningInstance] = {}
        self.regions: set[str] = set()
        """Where instances have been launched."""

    def add(self, instance: RunningInstance) -> None:
        """One more runs."""
        self._by_id[str(instance.shown.id)] = instance
        self.regions.add(instance.region)

    def remove(self, instance_id: str) -> RunningInstance | None:
        """One runs no more; it, or None if it did not run."""
        return self._by_id.pop(instance_id, None)

    def inside(self, reservation_id: str) -> list[RunningInstance]:
        """Those that run in a reservation."""
        return [one for one in self._by_id.values() if one.reservation_id == reservation_id]

    def on_demand_outside(self, region: str) -> list[RunningInstance]:
        """Those of a Region that run in no reservation and are no Spot Instances, which have quotas of their own."""
        return [
            one
            for one in self._by_id.values()
            if one.region == region and one.reservation_id is None and one.shown.lifecycle != "spot"
        ]

    def joining(self, reservation: Reservation, groups: Container[str]) -> list[RunningInstance]:
        """Those in no reservation that this one takes in at once, as far as it has room.

        "If you have running instances with matching attributes at the time the Capacity Reservation becomes active,
        those instances automatically run in the reserved capacity":
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-create.html
        """
        outside = (one for one in self._by_id.values() if one.reservation_id is None)
        willing = [one for one in outside if one.may_enter(reservation, groups)]
        return willing[: max(0, reservation.instance_count - reservation.in_use)]

    def in_placement_group(self, arn: str, name: str) -> bool:
        """Whether any runs in a placement group."""
        region = arn.split(":")[3]
        return any(one.region == region and one.launch.placement_group_name == name for one in self._by_id.values())
