"""moto's instances get capacity when they are launched or started, and give it back when they stop or terminate.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-launch.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups-launch.html
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.utils import filter_dict_attribute_mapping

from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.exceptions import (
    InsufficientCapacityError,
    InvalidCombinationError,
    ReservationNotFoundError,
)
from localcloud.capacity_reservations.instances import ONLY, may_enter, platform_of
from localcloud.capacity_reservations.requests import checked_id, one_of

_request: ContextVar[tuple[Mapping[str, Any], int]] = ContextVar("request", default=({}, 0))
"""The parameters of RunInstances, and MaxCount less MinCount: moto passes neither on."""


@contextmanager
def launching(given: Mapping[str, Any], more: int) -> Iterator[None]:
    """Launches in this block have these parameters, and up to so many instances more; the launch template fills in."""
    token = _request.set((given, more))
    try:
        yield
    finally:
        _request.reset(token)


def hook() -> None:
    """Makes moto's instances ask for capacity. To be called once."""
    filter_dict_attribute_mapping["capacity-reservation-id"] = "capacity_reservation_id"
    # By setattr: methods are replaced on purpose.
    setattr(Instance, "start", _before(Instance.start, _start))  # noqa: B010
    setattr(Instance, "stop", _before(Instance.stop, _end))  # noqa: B010
    setattr(Instance, "terminate", _before(Instance.terminate, _end))  # noqa: B010


class LaunchingBackend(InstanceBackend):
    """Launches as many instances as have capacity, from MinCount to MaxCount."""

    def run_instances(self, image_id: str, count: int, *args: Any, **kwargs: Any) -> Any:
        with market.current().lock:
            given, more = _request.get()
            template = kwargs.get("launch_template")
            data = self._get_template_from_args(template).data if template else {}
            placement = {**(data.get("Placement") or {}), **(given.get("Placement") or {})}
            specification = _specification({**data, **given}.get("CapacityReservationSpecification") or {})
            group = None
            if placement.get("GroupName") or placement.get("GroupId"):
                group = self.get_placement_group(  # type: ignore[attr-defined]
                    placement.get("GroupName"), placement.get("GroupId")
                )
            launched: Any = super().run_instances(image_id, count + more, *args, **kwargs)
            running = 0
            try:
                for one in launched.instances:
                    one.capacity_reservation_id, one.has_capacity = None, False
                    spot = {"CapacityReservationPreference": "none"}
                    one.capacity_reservation_specification = spot if one.lifecycle == "spot" else specification
                    one.placement.tenancy = str(placement.get("Tenancy") or "default")
                    one.placement.group_name = group.group_name if group else ""
                    one.platform_details = platform_of(one)
                running = _give_capacity(self, launched.instances, count) if launched.instances else 0
            finally:
                # moto has made MaxCount of them; those without capacity go.
                for one in launched.instances[running:]:
                    one.terminate()
                del launched.instances[running:]
                if not running:
                    self.reservations.pop(launched.id, None)
            return launched


def _before(perform: Any, act: Any) -> Any:
    @functools.wraps(perform)
    def method(self: Any) -> Any:
        with market.current().lock:
            act(self)
            return perform(self)

    return method


def _start(instance: Any) -> None:
    if not instance.has_capacity:
        _give_capacity(instance.ec2_backend, [instance], 1)


def _end(instance: Any) -> None:
    if not instance.has_capacity:
        return
    backend, given_id = instance.ec2_backend, instance.capacity_reservation_id
    backend.settle_capacity_reservations()
    instance.has_capacity, instance.capacity_reservation_id = False, None
    reservation = backend.capacity_reservations.get(given_id)
    if reservation is None:
        market.current().give_back(instance.instance_type, instance.placement.zone, 1)
    else:
        left = max(0, reservation.in_use - 1)
        backend.put_capacity_reservation(replace(reservation, in_use=left, at=market.current().now()))


def _give_capacity(backend: Any, launched: Sequence[Any], least: int) -> int:
    """Gives capacity to as many instances as possible, all in one reservation or all in none; how many got it.

    A reservation takes all of them or none: it needs "sufficient available capacity". If none has room, they take
    free capacity, if the launch allows that.

    Args:
        backend: moto's.
        launched: alike; the first ones are served.
        least: how many must have capacity.

    Raises:
        EC2ClientError: the targeted reservation does not exist, no reservation has room for a launch that may run
            in reservations only, the account may not have more, or no more are free.
    """
    backend.settle_capacity_reservations()
    first, specification = launched[0], launched[0].capacity_reservation_specification
    target = specification.get("CapacityReservationTarget", {}).get("CapacityReservationId")
    if target and target not in backend.capacity_reservations:
        raise ReservationNotFoundError(target)
    is_only = target or specification.get("CapacityReservationPreference") == ONLY
    open_to = [one for one in backend.capacity_reservations.values() if may_enter(backend, first, one)]
    for count in range(len(launched), least - 1, -1):
        chosen = next((one for one in open_to if one.available >= count), None)
        if chosen is not None:
            chosen = replace(chosen, in_use=chosen.in_use + count, at=market.current().now())
            backend.put_capacity_reservation(chosen)
        elif is_only or not _take(backend, first, count, must=count == least):
            continue
        for one in launched[:count]:
            one.has_capacity, one.capacity_reservation_id = True, chosen.id if chosen else None
        return count
    if is_only:
        # The words are EC2's, as people report them: https://github.com/scylladb/scylla-cluster-tests/issues/8839
        words = "The requested reservation does not have sufficient compatible and available capacity for this request."
        raise EC2ClientError("ReservationCapacityExceeded", words)
    raise InsufficientCapacityError(first.instance_type, first.placement.zone)


def _take(backend: Any, first: Any, count: int, *, must: bool) -> bool:
    if first.lifecycle != "spot":
        try:
            market.current().admit(backend, first.instance_type, count)
        except EC2ClientError:
            if must:
                raise
            return False
    return market.current().take(first.instance_type, first.placement.zone, count)


def _specification(given: Mapping[str, Any]) -> dict[str, Any]:
    """A CapacityReservationSpecification that makes sense, as DescribeInstances shows it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecification.html
    """
    preference, target = given.get("CapacityReservationPreference"), given.get("CapacityReservationTarget") or {}
    name = "CapacityReservationPreference"
    shown = {} if preference is None and target else {name: one_of(given, name, name, "open")}
    if not target:
        return shown
    if len(target) > 1:
        raise InvalidCombinationError("Give the id of a Capacity Reservation or the ARN of a group, not both")
    if preference not in (None, ONLY):
        raise InvalidCombinationError(f"A CapacityReservationTarget goes with no preference but {ONLY}")
    if "CapacityReservationId" in target:
        checked_id(target["CapacityReservationId"])
    return {**shown, "CapacityReservationTarget": dict(target)}
