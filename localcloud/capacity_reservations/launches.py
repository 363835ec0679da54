"""moto's instances get capacity when they are launched or started, and give it back when they stop or terminate.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-launch.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-groups-launch.html
"""

import functools
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidParameterCombination
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import filter_dict_attribute_mapping

from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.exceptions import (
    InsufficientCapacityError,
    PlacementGroupUnknownError,
    ReservationNotFoundError,
)
from localcloud.capacity_reservations.instances import ONLY, may_enter, platform_of
from localcloud.capacity_reservations.requests import checked_id, one_of, refuse_missing_features

_request: ContextVar[Mapping[str, Any]] = ContextVar("request")
"""The parameters of RunInstances, which moto does not pass on."""


def hook() -> None:
    """Makes moto's instances ask for capacity. Call it once."""
    filter_dict_attribute_mapping["capacity-reservation-id"] = "capacity_reservation_id"
    # By setattr: methods are replaced on purpose.
    setattr(Instance, "start", _before(Instance.start, _start))  # noqa: B010
    setattr(Instance, "stop", _before(Instance.stop, _end))  # noqa: B010
    setattr(Instance, "terminate", _before(Instance.terminate, _end))  # noqa: B010


class LaunchingResponse(InstanceResponse):
    """Passes the parameters on to the backend."""

    def run_instances(self) -> ActionResult:
        token = _request.set(self._get_params())
        try:
            return super().run_instances()
        finally:
            _request.reset(token)


class LaunchingBackend(InstanceBackend):
    """Launches instances that have capacity. The launch template fills in what the request leaves out."""

    def run_instances(self, image_id: str, count: int, *args: Any, **kwargs: Any) -> Any:
        with market.current().lock:
            given, template = _request.get({}), kwargs.get("launch_template")
            data = self._get_template_from_args(template).data if template else {}
            placement = {**(data.get("Placement") or {}), **(given.get("Placement") or {})}
            specification = _specification({**data, **given}.get("CapacityReservationSpecification") or {})
            refuse_missing_features(placement, "GroupId")
            group = placement.get("GroupName", "")
            if group and group not in self.placement_groups:  # type: ignore[attr-defined]
                raise PlacementGroupUnknownError(group)
            launched: Any = super().run_instances(image_id, count, *args, **kwargs)
            for one in launched.instances:
                one.capacity_reservation_id, one.has_capacity = None, False
                spot = {"CapacityReservationPreference": "none"}
                one.capacity_reservation_specification = spot if one.lifecycle == "spot" else specification
                one.placement.tenancy = str(placement.get("Tenancy") or "default")
                one.placement.group_name = group
                one.platform_details = platform_of(one)
            try:
                _give_capacity(self, launched.instances)
            except EC2ClientError:
                for one in launched.instances:
                    one.terminate()
                self.reservations.pop(launched.id)
                raise
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
        _give_capacity(instance.ec2_backend, [instance])


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


def _give_capacity(backend: Any, launched: Sequence[Any]) -> None:
    """Gives capacity to instances that are alike: all in one reservation, or all in none.

    Raises:
        EC2ClientError: the targeted reservation does not exist, no reservation has room for a launch that may run
            in reservations only, the account may not have more, or no more are free.
    """
    backend.settle_capacity_reservations()
    first, count, chosen = launched[0], len(launched), None
    specification = first.capacity_reservation_specification
    target = specification.get("CapacityReservationTarget", {}).get("CapacityReservationId")
    if target and target not in backend.capacity_reservations:
        raise ReservationNotFoundError(target)
    for one in backend.capacity_reservations.values():
        if one.available >= count and may_enter(backend, first, one):
            chosen = replace(one, in_use=one.in_use + count, at=market.current().now())
            break
    if chosen is not None:
        backend.put_capacity_reservation(chosen)
    elif target or specification.get("CapacityReservationPreference") == ONLY:
        # The words are EC2's, as people report them: https://github.com/scylladb/scylla-cluster-tests/issues/8839
        words = "The requested reservation does not have sufficient compatible and available capacity for this request."
        raise EC2ClientError("ReservationCapacityExceeded", words)
    else:
        if first.lifecycle != "spot":
            market.current().admit(backend, first.instance_type, count)
        if not market.current().take(first.instance_type, first.placement.zone, count):
            raise InsufficientCapacityError(first.instance_type, first.placement.zone)
    for one in launched:
        one.has_capacity, one.capacity_reservation_id = True, chosen.id if chosen else None


def _specification(given: Mapping[str, Any]) -> dict[str, Any]:
    """A valid CapacityReservationSpecification, as DescribeInstances shows it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecification.html
    """
    preference, target = given.get("CapacityReservationPreference"), given.get("CapacityReservationTarget") or {}
    name = "CapacityReservationPreference"
    shown = {} if preference is None and target else {name: one_of(given, name, name, "open")}
    if not target:
        return shown
    if preference not in (None, ONLY):
        raise InvalidParameterCombination(f"A CapacityReservationTarget goes with no preference but {ONLY}")
    if "CapacityReservationId" in target:
        checked_id(target["CapacityReservationId"])
    return {**shown, "CapacityReservationTarget": dict(target)}
