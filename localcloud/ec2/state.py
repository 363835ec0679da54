"""The state of EC2 behind the actions: one for the process, as moto's."""

import itertools
import math
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from localcloud.clock import Clock
from localcloud.ec2.catalogue import vcpus_of
from localcloud.ec2.client_tokens import ClientTokens
from localcloud.ec2.faults import Faults
from localcloud.ec2.group_members import GroupMembers
from localcloud.ec2.history import ReservationHistory
from localcloud.ec2.instances import Instances
from localcloud.ec2.placement_groups import PlacementGroups
from localcloud.ec2.pools import CapacityPools
from localcloud.ec2.quotas import Quota, Quotas, quota_of
from localcloud.ec2.request_rate import RequestRate
from localcloud.ec2.reservation import Reservation
from localcloud.services import ACCOUNT_ID

_current: "State | None" = None


class State:
    """Everything that requests and the control API share. Whoever reads or changes it holds `lock`."""

    def __init__(self, clock: Clock, partition: str | None, vcpu_quota: int | None) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.partition = partition
        """Of the account; the Regions of others are closed to it. None: all are open."""
        self._vcpu_quota = vcpu_quota
        self._histories: dict[tuple[str, str], ReservationHistory] = {}
        self._empty()

    def reset(self) -> None:
        """Empties all of it, and forgets in moto the reservations' tags and the instances."""
        with self.lock:
            regions = self.instances.regions
            for (account, region), history in self._histories.items():
                ec2_backend = ec2_backends[account][region]
                for reservation in history.all():
                    ec2_backend.tags.pop(reservation.id, None)
            self._empty()
            for region in regions:
                _forget_instances(ec2_backends[ACCOUNT_ID][region])

    def history(self, account: str, region: str) -> ReservationHistory:
        """The reservations of an account in a Region, after `settle`."""
        return self._histories.setdefault((account, region), ReservationHistory())

    def histories_of(self, account: str) -> list[tuple[str, ReservationHistory]]:
        """The Regions in which an account has had reservations, and these, after `settle`."""
        return [(region, history) for (owner, region), history in self._histories.items() if owner == account]

    def settle(self) -> float:
        """Lets the changes happen that time has brought, and returns the reading of the clock up to which it did."""
        now = self.clock.now()
        for history in self._histories.values():
            for reservation in history.due(now):
                while reservation.changes_at <= now:
                    before, reservation = reservation, self._next(reservation)
                    history.put(reservation)
                    if before.holds and not reservation.holds:
                        self.give_back(reservation)
        return now

    def resize(self, after: Reservation, held: int) -> Reservation | None:
        """Takes from the pool what a reservation is to have more, or gives back; None if the pool lacks it.

        The running instances that it absorbs bring their capacity along.

        Args:
            after: as it is to be.
            held: how many instances it has until now.

        Returns:
            It, with what it absorbs.
        """
        instance_type, zone = after.instance_type, after.availability_zone
        joining = self.instances.joining(after, self.members.groups_with(after.arn))
        more = after.instance_count - held - len(joining)
        if more > 0 and not self.pools.take(instance_type, zone, more):
            return None
        self.pools.give_back(instance_type, zone, max(0, -more))
        for instance in joining:
            instance.enter(after.id)
        return replace(after, in_use=after.in_use + len(joining)) if joining else after

    def give_back(self, reservation: Reservation) -> None:
        """Returns the instances of an ended reservation to their pool, but for those that still run."""
        running = self.instances.inside(reservation.id)
        for instance in running:
            instance.enter(None)
        free = reservation.instance_count - len(running)
        self.pools.give_back(reservation.instance_type, reservation.availability_zone, free)

    def is_closed(self, region: str) -> bool:
        """Whether a Region is in another partition than the account, "which can't be used across partitions":
        https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
        """
        return self.partition is not None and get_partition(region) != self.partition

    def check_quota(self, region: str, instance_type: str, more: int) -> None:
        """Whether so many more instances, in a reservation or in none, are within the account's quota of vCPUs.

        Reservations count whether they are used or not. An instance in one is no further use of the quota.

        Raises:
            VcpuLimitExceeded: they are not.
        """
        quota = quota_of(instance_type)
        if quota is not None:
            used = self.vcpus_used(region, quota)
            self.quotas.check_vcpus(region, quota, used, vcpus_of(instance_type) * more)

    def vcpus_used(self, region: str, quota: Quota) -> int:
        """The vCPUs of a quota that the account's reservations and other running instances have, after `settle`."""
        own = (one for one in self.history(ACCOUNT_ID, region).all() if one.owner_id == ACCOUNT_ID and one.holds)
        counts = [(one.instance_type, one.instance_count) for one in own]
        counts += [(one.instance_type, 1) for one in self.instances.on_demand_outside(region)]
        return sum(vcpus_of(type_) * count for type_, count in counts if quota_of(type_) is quota)

    def _next(self, reservation: Reservation) -> Reservation:
        at = max(reservation.at, reservation.changes_at)
        if reservation.state == "active" and reservation.adjusted_at == reservation.changes_at:
            return self._adjusted(reservation, at)
        if reservation.state == "active":
            return replace(reservation, state="expired", at=at)
        started = datetime.now(UTC) if reservation.after_pending == "active" else None
        after = replace(reservation, state=reservation.after_pending, at=at, start_date=started)
        resized = self.resize(after, after.instance_count) if after.state == "active" else None
        return resized or after

    def _adjusted(self, before: Reservation, at: float) -> Reservation:
        after, status = before.after_adjustment, "applied"
        resized = after and self.resize(replace(after, in_use=before.in_use), before.instance_count)
        if resized is None:
            resized, status = before, "rejected"
        return replace(resized, adjustment_status=status, adjusted_at=math.inf, after_adjustment=None, at=at)

    def _empty(self) -> None:
        self.pools = CapacityPools()
        self.quotas = Quotas(self._vcpu_quota)
        self.tokens = ClientTokens()
        self.faults = Faults()
        self.rate = RequestRate(self.clock)
        self.instances = Instances()
        self.members = GroupMembers()
        self.placement_groups = PlacementGroups()
        self.not_offered: set[tuple[str, str]] = set()
        """Pairs of type and zone that EC2 is to lack, beside those that it lacks by moto's data."""
        self.sequence = itertools.count()
        self._histories.clear()


def _forget_instances(ec2_backend: Any) -> None:
    for launched in ec2_backend.reservations.values():
        for instance in launched.instances:
            if instance.state != "terminated":
                instance.terminate()
    ec2_backend.reservations.clear()


def replace_current(clock: Clock, partition: str | None, vcpu_quota: int | None) -> None:
    """Makes a new state the process's own, after emptying the one before."""
    global _current
    if _current is not None:
        _current.reset()
    _current = State(clock, partition, vcpu_quota)


def current() -> State:
    """The process's state.

    Raises:
        RuntimeError: there is none yet.
    """
    if _current is None:
        raise RuntimeError("Call localcloud.ec2.install(clock) first")
    return _current
