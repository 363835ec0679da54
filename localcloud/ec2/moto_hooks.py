"""Where the actions go into moto."""

import inspect
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX, get_prefix

from localcloud.ec2.backend import CapacityReservationBackend
from localcloud.ec2.errors import InvalidCapacityReservationIdNotFound
from localcloud.ec2.instance_hooks import take_part
from localcloud.ec2.instance_responses import InstancesResponse
from localcloud.ec2.offering_responses import OfferingsResponse
from localcloud.ec2.placement_group_responses import PlacementGroupsResponse
from localcloud.ec2.resource_group_responses import add_group_actions
from localcloud.ec2.responses import CapacityReservationsResponse, arrive, leave
from localcloud.ec2.state import current
from localcloud.ec2.tag_responses import TagsResponse
from localcloud.ec2.zone_responses import ZonesResponse

_RESPONSES = (
    CapacityReservationsResponse,
    InstancesResponse,
    OfferingsResponse,
    PlacementGroupsResponse,
    TagsResponse,
    ZonesResponse,
)
_RESOURCE, _PREFIX = "capacity-reservation", "cr"


def add_actions() -> None:
    """Teaches moto's EC2 the actions, and that reservations can be tagged. The second call does nothing."""
    if EC2_RESOURCE_TO_PREFIX.get(_RESOURCE) == _PREFIX:
        return
    # moto looks for actions among the class's own functions, so a base class added later would do as well, but
    # Python cannot always change the bases of a class.
    for response in _RESPONSES:
        for name, method in inspect.getmembers(response, inspect.isfunction):
            if name in vars(response):
                setattr(EC2Response, name, method)
    take_part()
    add_group_actions()
    _meet_faults()
    _check_reservations_to_tag()
    EC2_PREFIX_TO_RESOURCE[_PREFIX] = _RESOURCE
    EC2_RESOURCE_TO_PREFIX[_RESOURCE] = _PREFIX


def _meet_faults() -> None:
    perform = EC2Response.call_action

    def call_action(self: Any) -> Any:
        action = self._get_action()
        return arrive(self, action) or leave(self, action, perform(self))

    # By setattr: a method is replaced on purpose.
    setattr(EC2Response, perform.__name__, call_action)


def _check_reservations_to_tag() -> None:
    check_others = EC2Backend.do_resources_exist

    def do_resources_exist(self: Any, resource_ids: list[str]) -> bool:
        reservations = CapacityReservationBackend(current(), self)
        for resource_id in resource_ids:
            if get_prefix(resource_id) == _PREFIX and not reservations.exists(resource_id):
                raise InvalidCapacityReservationIdNotFound(resource_id)
        return bool(check_others(self, resource_ids))

    EC2Backend.do_resources_exist = do_resources_exist  # type: ignore[method-assign]
