"""The state of the local EC2, one for the process, as moto's is: what there is, and what goes wrong."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from localcloud.capacity_reservations import instances, market
from localcloud.capacity_reservations.exceptions import InsufficientCapacityError
from localcloud.capacity_reservations.market import Market, NotInGroupError
from localcloud.capacity_reservations.reservation import CapacityReservation
from localcloud.clock import Clock
from localcloud.ec2 import faults
from localcloud.ec2.faults import ActiveFault, FaultKind, Faults, Request
from localcloud.ec2.pools import CapacityPools
from localcloud.ec2.quotas import Quota, quota_of, vcpus_of
from localcloud.ec2.request_rate import RequestRate
from localcloud.ec2.zones import id_of_local
from localcloud.services import ACCOUNT_ID


class State(Market):
    """What requests and the control API share. Hold `lock` to read or change it.

    Args:
        clock: the cloud's time.
        partition: of the account; the Regions of others are closed to it. None opens all.
        vcpu_quota: each On-Demand quota's vCPUs in each Region; None: as a new account has them.
    """

    def __init__(self, clock: Clock, partition: str | None, vcpu_quota: int | None) -> None:
        super().__init__()
        self.clock = clock
        self.partition = partition
        self._vcpu_quota = vcpu_quota
        self._empty()

    def reset(self) -> None:
        """Empties all of it, and what moto has of reservations, placement groups and instances."""
        with self.lock:
            for backend in _backends():
                for launched in backend.reservations.values():
                    for instance in launched.instances:
                        if instance.state != "terminated":
                            instance.terminate()
                backend.reservations.clear()
                backend.placement_groups.clear()
                backend.forget_capacity_reservations()
            self._empty()

    def settle(self) -> None:
        """Makes the changes that are due."""
        for backend in _backends():
            backend.settle_capacity_reservations()

    def is_closed(self, region: str) -> bool:
        """Whether a Region is in another partition than the account, "which can't be used across partitions":
        https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
        """
        return self.partition is not None and get_partition(region) != self.partition

    def hit(self, request: Request, *kinds: FaultKind) -> ActiveFault | None:
        """The fault of one of these kinds that hits the request, if any; it is counted."""
        with self.lock:
            return self.faults.hit(request, self.now(), *kinds)

    def vcpu_limit(self, region: str, quota: Quota) -> int:
        """How many vCPUs a quota allows in a Region."""
        at_first = quota.of_new_account if self._vcpu_quota is None else self._vcpu_quota
        return self.vcpu_limits.get((region, quota), at_first)

    def vcpus_used(self, region: str, quota: Quota) -> int:
        """The vCPUs of a quota that the account's reservations and its other running instances use.

        Reservations count whether they are used or not. An instance in one does not use the quota again.
        """
        backend: Any = ec2_backends[ACCOUNT_ID][region]
        counts = [
            (one.instance_type, one.instance_count)
            for one in backend.capacity_reservations.values()
            if one.holds and one.owner_id == ACCOUNT_ID
        ]
        counts += [
            (one.instance_type, 1)
            for one in instances.running(backend)
            if one.capacity_reservation_id is None and one.lifecycle != "spot"
        ]
        return sum(vcpus_of(type_) * count for type_, count in counts if quota_of(type_) is quota)

    def now(self) -> float:
        return self.clock.now()

    def reading_at(self, date: datetime | None) -> float:
        # The time until then passes in cloud seconds.
        return math.inf if date is None else self.now() + max(0.0, (date - self.date()).total_seconds())

    def zones(self, region: str) -> dict[str, str]:
        # moto has no local zones; one exists once a pool was set in it.
        zones = super().zones(region)
        any_id = next(iter(zones.values()), None)
        local = self.pools.local_zones_in(region) if any_id else []
        return zones | {zone: id_of_local(zone, str(any_id)) for zone in local}

    def is_offered(self, instance_type: str, zone: str, region: str) -> bool:
        return (instance_type, zone) not in self.not_offered and super().is_offered(instance_type, zone, region)

    def admit(
        self, backend: Any, instance_type: str, count: int, reservation: CapacityReservation | None = None
    ) -> None:
        region = str(backend.region_name)
        if (quota := quota_of(instance_type)) is not None:
            limit = self.vcpu_limit(region, quota)
            if self.vcpus_used(region, quota) + vcpus_of(instance_type) * count > limit:
                # The words are EC2's, as people report them: https://github.com/scrapoxy/scrapoxy/issues/202
                raise EC2ClientError(
                    "VcpuLimitExceeded",
                    f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the "
                    "instance bucket that the specified instance type belongs to. Please visit "
                    "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
                )
        if reservation is not None and self.hit(_asked(backend, reservation), FaultKind.INSUFFICIENT_CAPACITY):
            raise InsufficientCapacityError(instance_type, reservation.availability_zone)

    def take(self, instance_type: str, zone: str, count: int) -> bool:
        return self.pools.take(instance_type, zone, count)

    def give_back(self, instance_type: str, zone: str, count: int) -> None:
        self.pools.add_free(instance_type, zone, count)

    def created(self, backend: Any, reservation: CapacityReservation) -> CapacityReservation:
        pending = self.hit(_asked(backend, reservation), FaultKind.PENDING)
        if pending is None:
            return reservation
        until, then = self.now() + (pending.fault.seconds or 0), str(pending.fault.then)
        return replace(reservation, state="pending", start_date=None, pending_until=until, after_pending=then)

    def postponed(
        self, backend: Any, before: CapacityReservation, after: CapacityReservation
    ) -> CapacityReservation | None:
        adjusting = self.hit(_asked(backend, before), FaultKind.ADJUSTING)
        if adjusting is None:
            return None
        return replace(
            before,
            adjustment_status="requested",
            adjusted_at=self.now() + (adjusting.fault.seconds or 0),
            after_adjustment=after if adjusting.fault.then == "applied" else None,
            at=self.now(),
        )

    def noted(self, backend: Any, reservation: CapacityReservation) -> None:
        of_region = self._versions.setdefault((backend.account_id, backend.region_name), {})
        versions = of_region.setdefault(reservation.id, [])
        versions.append(reservation)
        while len(versions) > 1 and versions[1].at <= reservation.at - faults.MAX_LAG_SECONDS:
            del versions[0]

    def seen(self, backend: Any) -> list[CapacityReservation]:
        stale = self.hit(Request(faults.DESCRIBE, backend.region_name), FaultKind.STALE_DESCRIBE)
        if stale is None:
            return list(super().seen(backend))
        at = stale.set_at if stale.fault.seconds is None else self.now() - stale.fault.seconds
        of_region = self._versions.get((backend.account_id, backend.region_name), {})
        past = ([one for one in versions if one.at <= at] for versions in of_region.values())
        return [versions[-1] for versions in past if versions]

    def grouping(self, region: str, reservation_id: str) -> None:
        refused = self.hit(Request(faults.GROUP, region, reservation_id), FaultKind.REFUSED)
        if refused is not None:
            raise NotInGroupError(refused.fault.message, refused.fault.code)

    def _empty(self) -> None:
        self.pools = CapacityPools()
        self.vcpu_limits: dict[tuple[str, Quota], int] = {}
        """Limits that were set, by Region and quota."""
        self.faults = Faults()
        self.rate = RequestRate(self.clock)
        self.remember_refused = False
        """Whether the token of a refused create repeats the refusal for ever. What AWS does is unverified."""
        self.refused_tokens: dict[tuple[str, ...], tuple[Any, EC2ClientError]] = {}
        """By account, Region, zone and token: the request, and its refusal."""
        self.not_offered: set[tuple[str, str]] = set()
        """Types and zones of offers that a test took away."""
        self._versions: dict[tuple[str, str], dict[str, list[CapacityReservation]]] = {}
        """Versions of each reservation by account and Region, oldest first, as far back as a describe may lag."""


def current() -> State:
    """The process's state.

    Raises:
        RuntimeError: there is none yet.
    """
    state = market.current()
    if not isinstance(state, State):
        raise RuntimeError("Call localcloud.ec2.install(clock) first")
    return state


def _backends() -> Iterator[Any]:
    return (backend for regions in list(ec2_backends.values()) for backend in list(regions.values()))


def _asked(backend: Any, reservation: CapacityReservation) -> Request:
    """The request that creates or modifies this reservation, for faults."""
    if reservation.id in backend.capacity_reservations:
        return Request(faults.MODIFY, backend.region_name, reservation.id)
    return Request(faults.CREATE, backend.region_name)
