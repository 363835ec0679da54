"""The actions as mixins of moto's EC2Response, which dispatches to them."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidNextToken
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.tags import TagResponse

from localcloud.capacity_reservations import market, tags
from localcloud.capacity_reservations.exceptions import InvalidValueError
from localcloud.capacity_reservations.launches import launching


class CapacityReservationsResponse(EC2BaseResponse):
    """The actions on reservations."""

    def create_capacity_reservation(self) -> ActionResult:
        return ActionResult(self.ec2_backend.create_capacity_reservation(self._get_params()))

    def modify_capacity_reservation(self) -> ActionResult:
        return ActionResult(self.ec2_backend.modify_capacity_reservation(self._get_params()))

    def cancel_capacity_reservation(self) -> ActionResult:
        return ActionResult(self.ec2_backend.cancel_capacity_reservation(self._get_params()))

    def describe_capacity_reservations(self) -> ActionResult:
        return ActionResult(self.ec2_backend.describe_capacity_reservations(self._get_params()))

    def create_capacity_reservation_by_splitting(self) -> ActionResult:
        return ActionResult(self.ec2_backend.create_capacity_reservation_by_splitting(self._get_params()))


class InstancesResponse(InstanceResponse):
    """moto's, which launches MinCount and takes any token for a page."""

    def run_instances(self) -> ActionResult:
        given = self._get_params()
        least, most = int(given.get("MinCount", 1)), int(given.get("MaxCount", 1))
        if not 1 <= least <= most:
            raise InvalidValueError(f"MinCount ({least}) must be from 1 to MaxCount ({most})")
        with launching(given, most - least):
            return super().run_instances()

    def describe_instances(self) -> ActionResult:
        size, token = self._get_param("MaxResults"), self._get_param("NextToken")
        if size is not None and not 5 <= int(size) <= 1000:
            raise InvalidValueError(f"Value ({size}) for parameter maxResults is invalid. Give 5 to 1000.")
        if token and token not in self.ec2_backend.reservations:
            raise InvalidNextToken(token)
        return super().describe_instances()


class ReservationTagsResponse(TagResponse):
    """moto's, with EC2's limits for requests that name reservations."""

    def create_tags(self) -> ActionResult:
        """All of the tags on all of the resources, or none."""
        with market.current().lock:
            for one in self._reservations():
                tags.checked(self._get_param("Tags", []), self.ec2_backend.tags.get(one, {}))
            return super().create_tags()

    def delete_tags(self) -> ActionResult:
        with market.current().lock:
            if self._reservations():
                tags.checked([{"Key": tag.get("Key")} for tag in self._get_param("Tags", [])], {})
            return super().delete_tags()

    def _reservations(self) -> list[Any]:
        reservations = [one for one in self._get_param("Resources", []) if one.startswith("cr-")]
        self.ec2_backend.do_resources_exist(reservations)
        return reservations
