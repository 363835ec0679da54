"""CreateTags and DeleteTags of reservations, within EC2's limits. What else is tagged is moto's.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.tags import TagResponse

from localcloud.ec2 import tags
from localcloud.ec2.backend import CapacityReservationBackend
from localcloud.ec2.errors import CapacityReservationError, InvalidCapacityReservationIdNotFound
from localcloud.ec2.parameters import checked_id
from localcloud.ec2.refusal import refusal
from localcloud.ec2.reservations_of_region import end_dry_run
from localcloud.ec2.state import current


class TagsResponse(EC2BaseResponse):
    """Takes the place of moto's methods, which it calls for requests that name no reservation."""

    def create_tags(self) -> ActionResult | TYPE_RESPONSE:
        """All of the tags on all of the resources, or none."""

        def create(given: Mapping[str, Any], reservations: list[str]) -> None:
            new, known = tags.checked(given.get("Tags") or []), self.ec2_backend.tags
            for one in reservations:
                tags.must_fit(known.get(one, {}), new)
            end_dry_run(given)
            for one in reservations:
                known[one].update(new)

        return self._of_reservations(create, TagResponse.create_tags)

    def delete_tags(self) -> ActionResult | TYPE_RESPONSE:
        """Those with the key, and with the value if it is given; without any, all of the user's."""

        def delete(given: Mapping[str, Any], reservations: list[str]) -> None:
            wanted = given.get("Tags") or []
            for tag in wanted:
                tags.must_be_users(str(tag.get("Key") or ""))
            end_dry_run(given)
            for one in reservations:
                known = self.ec2_backend.tags[one]
                gone = wanted or [{"Key": key} for key in known if not tags.is_aws(key)]
                for tag in gone:
                    if tag.get("Value") in (None, known.get(tag["Key"])):
                        known.pop(tag["Key"], None)

        return self._of_reservations(delete, TagResponse.delete_tags)

    def _of_reservations(
        self, change: Callable[[Mapping[str, Any], list[str]], None], motos: Callable[[Any], ActionResult]
    ) -> ActionResult | TYPE_RESPONSE:
        given, state = self._get_params(), current()
        resources = [str(one) for one in given.get("Resources") or []]
        reservations = [one for one in resources if one.startswith("cr-")]
        if not reservations:
            return motos(self)
        others = [one for one in resources if one not in reservations]
        try:
            with state.lock:
                state.settle()
                known = CapacityReservationBackend(state, self.ec2_backend)
                for one in reservations:
                    if not known.exists(checked_id(one)):
                        raise InvalidCapacityReservationIdNotFound(one)
                if others:
                    # moto knows whether they exist, and refuses the request if not.
                    self.ec2_backend.do_resources_exist(others)
                change(given, reservations)
        except CapacityReservationError as error:
            return refusal(self, error)
        return motos(self) if others else EmptyResult()
