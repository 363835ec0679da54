"""Where launched instances get their capacity from, and give it back to.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-launch.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups-launch.html
"""

from collections.abc import Sequence
from dataclasses import replace

from localcloud.ec2.errors import (
    InvalidCapacityReservationIdNotFound,
    ReservationCapacityExceeded,
    VcpuLimitExceeded,
    no_capacity,
)
from localcloud.ec2.history import ReservationHistory
from localcloud.ec2.instances import RunningInstance
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import State
from localcloud.services import ACCOUNT_ID


def start(state: State, instances: Sequence[RunningInstance], least: int) -> int:
    """Gives capacity to as many as can have it together, and lets these run: in one reservation, or in none.

    A reservation counts only with "sufficient available capacity": it takes all of them or none. What does not fit
    uses the pool's free capacity if the launch allows that.

    Args:
        state: the process's own; the caller holds its lock.
        instances: alike; the first ones are served.
        least: how many must have capacity.

    Returns:
        How many run now.

    Raises:
        InvalidCapacityReservationIdNotFound: the targeted reservation does not exist.
        ReservationCapacityExceeded: the launch may run in reservations only, and none has room.
        VcpuLimitExceeded: the account's quota does not allow them.
        InsufficientInstanceCapacity: the pool is dry.
    """
    now, first = state.settle(), instances[0]
    history = state.history(ACCOUNT_ID, first.region)
    target = first.launch.target_id
    if target and history.get(target) is None:
        raise InvalidCapacityReservationIdNotFound(target)
    open_to = [one for one in history.all() if first.may_enter(one, state.members.groups_with(one.arn))]
    for count in range(len(instances), least - 1, -1):
        chosen = next((one for one in open_to if one.available >= count), None)
        if chosen is not None:
            history.put(replace(chosen, in_use=chosen.in_use + count, at=now))
        elif first.launch.is_only_reserved or not _take(state, first, count, must=count == least):
            continue
        for instance in instances[:count]:
            instance.enter(chosen.id if chosen else None)
            state.instances.add(instance)
        return count
    raise ReservationCapacityExceeded if first.launch.is_only_reserved else no_capacity(first.instance_type, first.zone)


def _take(state: State, first: RunningInstance, count: int, *, must: bool) -> bool:
    if first.shown.lifecycle != "spot":
        try:
            state.check_quota(first.region, first.instance_type, count)
        except VcpuLimitExceeded:
            if must:
                raise
            return False
    return state.pools.take(first.instance_type, first.zone, count)


def end(state: State, instance_id: str) -> None:
    """An instance stops or is terminated; nothing happens if it did not run. The caller holds the lock."""
    instance = state.instances.remove(instance_id)
    if instance is None:
        return
    now, reservation_id = state.settle(), instance.reservation_id
    instance.enter(None)
    history = state.history(ACCOUNT_ID, instance.region)
    reservation = history.get(reservation_id) if reservation_id else None
    if reservation is None:
        state.pools.give_back(instance.instance_type, instance.zone, 1)
    else:
        history.put(replace(reservation, in_use=max(0, reservation.in_use - 1), at=now))


def absorb(state: State, history: ReservationHistory, reservation: Reservation, now: float) -> None:
    """Lets running instances into a reservation that has come to fit them. The caller holds the lock."""
    if reservation.state == "active":
        resized = state.resize(reservation, reservation.instance_count)
        if resized is not None and resized is not reservation:
            history.put(replace(resized, at=now))
