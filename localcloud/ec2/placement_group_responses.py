"""The actions on placement groups, as moto's EC2Response dispatches to them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribePlacementGroups.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.utils import random_id

from localcloud.ec2.errors import CapacityReservationError, InvalidParameterValue, InvalidPlacementGroupInUse
from localcloud.ec2.parameters import one_of, required
from localcloud.ec2.placement_groups import PlacementGroup, prefix_of
from localcloud.ec2.refusal import refusal
from localcloud.ec2.reservations_of_region import end_dry_run
from localcloud.ec2.state import State, current
from localcloud.ec2.tags import tags_of

_FILTERS = {
    "group-name": "GroupName",
    "group-arn": "GroupArn",
    "spread-level": "SpreadLevel",
    "state": "State",
    "strategy": "Strategy",
}
_Action = Callable[[State, Mapping[str, Any], str], ActionResult]


class PlacementGroupsResponse(EC2BaseResponse):
    """Creates, describes and deletes them."""

    def create_placement_group(self) -> ActionResult | TYPE_RESPONSE:
        def create(state: State, given: Mapping[str, Any], prefix: str) -> ActionResult:
            name, tags = str(required(given, "GroupName")), tags_of(given, "placement-group")
            group = PlacementGroup(
                name=name,
                id=str(random_id("pg", 17)),
                arn=f"{prefix}{name}",
                strategy=one_of(given, "Strategy", "PlacementStrategy", "cluster"),
                partition_count=given.get("PartitionCount"),
                spread_level=given.get("SpreadLevel"),
            )
            end_dry_run(given)
            state.placement_groups.add(group)
            if tags:
                self.ec2_backend.create_tags([group.id], tags)
            return ActionResult({"PlacementGroup": group.answer(tags)})

        return self._with_groups(create)

    def describe_placement_groups(self) -> ActionResult | TYPE_RESPONSE:
        def describe(state: State, given: Mapping[str, Any], prefix: str) -> ActionResult:
            end_dry_run(given)
            groups = state.placement_groups.all(prefix)
            names, ids = given.get("GroupNames"), given.get("GroupIds")
            if names:
                groups = [state.placement_groups.get(f"{prefix}{name}") for name in names]
            if ids:
                wanted = [state.placement_groups.with_id(group_id) for group_id in ids]
                groups = [group for group in groups if group in wanted]
            described = [group.answer(dict(self.ec2_backend.tags.get(group.id, {}))) for group in groups]
            for one in given.get("Filters") or []:
                described = [group for group in described if _passes(group, str(one["Name"]), one.get("Values") or [])]
            return ActionResult({"PlacementGroups": described})

        return self._with_groups(describe)

    def delete_placement_group(self) -> ActionResult | TYPE_RESPONSE:
        def delete(state: State, given: Mapping[str, Any], prefix: str) -> ActionResult:
            group = state.placement_groups.get(f"{prefix}{required(given, 'GroupName')}")
            end_dry_run(given)
            if state.instances.in_placement_group(group.arn, group.name):
                raise InvalidPlacementGroupInUse(
                    f"The placement group '{group.name}' is in use and may not be deleted."
                )
            state.placement_groups.remove(group)
            return EmptyResult()

        return self._with_groups(delete)

    def _with_groups(self, action: _Action) -> ActionResult | TYPE_RESPONSE:
        state = current()
        try:
            with state.lock:
                return action(state, self._get_params(), prefix_of(self.partition, self.region, self.current_account))
        except CapacityReservationError as error:
            return refusal(self, error)


def _passes(described: Mapping[str, Any], name: str, values: list[str]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    if name == "tag-key":
        return any(value in tags for value in values)
    if name.startswith("tag:"):
        return tags.get(name.removeprefix("tag:")) in values
    if name not in _FILTERS:
        raise InvalidParameterValue(f"The filter '{name}' is invalid")
    return described[_FILTERS[name]] in values
