"""Where moto's instances take part: whatever launches, starts, stops or terminates them."""

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.utils import filter_dict_attribute_mapping

from localcloud.ec2 import launching
from localcloud.ec2.instances import RunningInstance
from localcloud.ec2.launch import Launch, specified
from localcloud.ec2.placement_groups import PlacementGroup, prefix_of
from localcloud.ec2.state import State, current


@dataclass(frozen=True)
class Asked:
    """What moto does not pass on of a request to launch."""

    given: Mapping[str, Any] = field(default_factory=dict)
    """The request's parameters. What they leave out is as the launch template has it."""
    more: int = 0
    """How many instances beyond the least."""


_asked: ContextVar[Asked] = ContextVar("asked", default=Asked())  # noqa: B039 - it is frozen


@contextmanager
def asking(asked: Asked) -> Iterator[None]:
    """What moto launches in this block is launched so."""
    before = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(before)


def _launch(ec2_backend: Any, template: Mapping[str, Any] | None, state: State) -> Launch:
    """What the request and the launch template say together of reservations.

    Raises:
        CapacityReservationError: it makes no sense, or the placement group does not exist.
    """
    data = ec2_backend._get_template_from_args(template).data if template else {}
    given = {**data, **_asked.get().given}
    placement = {**(data.get("Placement") or {}), **(given.get("Placement") or {})}
    group = _placement_group(placement, state, ec2_backend)
    return replace(
        Launch(**specified(given.get("CapacityReservationSpecification") or {})),
        tenancy=str(placement.get("Tenancy") or "default"),
        placement_group_name=group.name if group else None,
        placement_group_arn=group.arn if group and group.strategy == "cluster" else None,
    )


def take_part() -> None:
    """Makes moto ask for capacity. To be called once."""
    filter_dict_attribute_mapping["capacity-reservation-id"] = "capacity_reservation_id"
    # By setattr: methods are replaced on purpose.
    setattr(InstanceBackend, "run_instances", _run_instances(InstanceBackend.run_instances))  # noqa: B010
    setattr(Instance, "start", _start(Instance.start))  # noqa: B010
    setattr(Instance, "stop", _end(Instance.stop))  # noqa: B010
    setattr(Instance, "terminate", _end(Instance.terminate))  # noqa: B010


def _run_instances(perform: Any) -> Any:
    @functools.wraps(perform)
    def run_instances(self: Any, image_id: str, count: int, *args: Any, **kwargs: Any) -> Any:
        state = current()
        with state.lock:
            launch = _launch(self, kwargs.get("launch_template"), state)
            launched = perform(self, image_id, count + _asked.get().more, *args, **kwargs)
            made = [_running(instance, launch, self.region_name) for instance in launched.instances]
            running = 0
            try:
                running = launching.start(state, made, count) if made else 0
            finally:
                _keep(self, launched, running)
            return launched

    return run_instances


def _start(perform: Any) -> Any:
    @functools.wraps(perform)
    def start(self: Any) -> Any:
        state = current()
        with state.lock:
            if self.state != "running":
                launching.start(state, [_running(self, self.localcloud_launch, self.region_name)], 1)
            return perform(self)

    return start


def _end(perform: Any) -> Any:
    @functools.wraps(perform)
    def end(self: Any) -> Any:
        state = current()
        with state.lock:
            launching.end(state, self.id)
            return perform(self)

    return end


def _running(instance: Any, launch: Launch, region: str) -> RunningInstance:
    if instance.lifecycle == "spot":
        launch = replace(launch, preference="none", target_id=None, target_group=None)
    instance.localcloud_launch = launch
    instance.capacity_reservation_id = None
    instance.capacity_reservation_specification = launch.specification()
    instance.placement.tenancy = launch.tenancy
    instance.placement.group_name = launch.placement_group_name or ""
    running = RunningInstance(instance, region, launch)
    instance.platform_details = running.platform
    return running


def _keep(ec2_backend: Any, launched: Any, running: int) -> None:
    """Undoes what moto made of a launch beyond the instances that run."""
    for instance in launched.instances[running:]:
        instance.terminate()
    del launched.instances[running:]
    if not running:
        ec2_backend.reservations.pop(launched.id, None)


def _placement_group(placement: Mapping[str, Any], state: State, ec2_backend: Any) -> PlacementGroup | None:
    if name := placement.get("GroupName"):
        prefix = prefix_of(ec2_backend.partition, ec2_backend.region_name, ec2_backend.account_id)
        return state.placement_groups.get(f"{prefix}{name}")
    return state.placement_groups.with_id(str(placement["GroupId"])) if placement.get("GroupId") else None
