"""The actions on instances, with the reservations in which they run. The rest is moto's."""

from collections.abc import Callable
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.instances import InstanceResponse

from localcloud.ec2.errors import CapacityReservationError, InvalidNextToken, InvalidParameterValue
from localcloud.ec2.instance_hooks import Asked, asking
from localcloud.ec2.refusal import refusal

_MAX_PAGE = 1000


class InstancesResponse(EC2BaseResponse):
    """Takes the place of moto's methods, which it calls."""

    def run_instances(self) -> ActionResult | TYPE_RESPONSE:
        """Between MinCount and MaxCount instances, as many as have capacity."""

        def run() -> ActionResult:
            given = self._get_params()
            least, most = int(given.get("MinCount", 1)), int(given.get("MaxCount", 1))
            if not 1 <= least <= most:
                raise InvalidParameterValue(f"MinCount ({least}) must be from 1 to MaxCount ({most})")
            with asking(Asked(given, most - least)):
                return InstanceResponse.run_instances(_as_motos(self))

        return self._answer(run)

    def start_instances(self) -> ActionResult | TYPE_RESPONSE:
        """They need capacity anew."""
        return self._answer(lambda: InstanceResponse.start_instances(_as_motos(self)))

    def describe_instances(self) -> ActionResult | TYPE_RESPONSE:
        """One page of launches; moto takes any token."""

        def describe() -> ActionResult:
            given = self._get_params()
            size, token = given.get("MaxResults"), given.get("NextToken")
            if size is not None and not 5 <= int(size) <= _MAX_PAGE:
                raise InvalidParameterValue(f"Value ({size}) for parameter maxResults is invalid. Give 5 to 1000.")
            if token and token not in self.ec2_backend.reservations:
                raise InvalidNextToken("The token is invalid; use one from the page before, as it came")
            return InstanceResponse.describe_instances(_as_motos(self))

        return self._answer(describe)

    def _answer(self, perform: Callable[[], ActionResult]) -> ActionResult | TYPE_RESPONSE:
        try:
            return perform()
        except CapacityReservationError as error:
            return refusal(self, error)


def _as_motos(response: EC2BaseResponse) -> Any:
    """The methods are put into moto's own class, so that it is one."""
    return response
