"""EC2's Capacity Reservations, which moto lacks, in moto's style.

The package imports moto, botocore and the standard library only. `install` makes its mixins bases of moto's EC2Backend
and EC2Response, as they would be in moto itself. A `market.Market` decides which capacity there is: by default, all.
"""

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX

from localcloud.capacity_reservations import launches, market, resource_groups
from localcloud.capacity_reservations.backend import CapacityReservationBackend, CapacityReservationsResponse
from localcloud.capacity_reservations.exceptions import ReservationNotFoundError
from localcloud.capacity_reservations.launches import LaunchingBackend, LaunchingResponse
from localcloud.capacity_reservations.market import Market
from localcloud.capacity_reservations.placement_groups import PlacementGroupBackend, PlacementGroupsResponse
from localcloud.capacity_reservations.requests import checked_id
from localcloud.capacity_reservations.tags import ReservationTagsResponse

_BACKENDS = (LaunchingBackend, CapacityReservationBackend, PlacementGroupBackend)
_RESPONSES = (CapacityReservationsResponse, LaunchingResponse, PlacementGroupsResponse, ReservationTagsResponse)


def install(supply: Market | None = None) -> None:
    """Adds the actions to moto's EC2 and Resource Groups; a second call only replaces the market.

    Args:
        supply: the capacity that there is; None for all that anybody asks for.
    """
    market.use(supply or Market())
    if issubclass(EC2Backend, CapacityReservationBackend):
        return
    # By setattr: the bases of a class are replaced on purpose.
    setattr(EC2Backend, "__bases__", (*_BACKENDS, *EC2Backend.__bases__))  # noqa: B010
    setattr(EC2Response, "__bases__", (*_RESPONSES, *EC2Response.__bases__))  # noqa: B010
    EC2_PREFIX_TO_RESOURCE["cr"] = "capacity-reservation"
    EC2_RESOURCE_TO_PREFIX["capacity-reservation"] = "cr"
    for regions in ec2_backends.values():
        for ec2_backend in regions.values():
            CapacityReservationBackend.__init__(ec2_backend)  # type: ignore[arg-type]
            PlacementGroupBackend.__init__(ec2_backend)  # type: ignore[arg-type]
    _check_reservations_to_tag()
    launches.hook()
    resource_groups.hook()


def _check_reservations_to_tag() -> None:
    check_others = EC2Backend.do_resources_exist

    def do_resources_exist(self: EC2Backend, resource_ids: list[str]) -> bool:
        for one in resource_ids:
            if one.startswith("cr-") and checked_id(one) not in self.capacity_reservations:  # type: ignore[attr-defined]
                raise ReservationNotFoundError(one)
        return check_others(self, resource_ids)

    EC2Backend.do_resources_exist = do_resources_exist  # type: ignore[method-assign]
