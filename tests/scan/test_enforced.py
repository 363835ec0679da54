"""The local cloud's IAM agrees with AWS's authorization reference."""

from typing import Any

import pytest

from localcloud.iam.accesses import ACTIONS
from localcloud.iam.conditions import KEYS, KEYS_WITH_TAG, MULTIVALUED
from tests.scan.authorization import GLOBAL_KEYS, reference

RESOURCES = {
    "cloudformation:DescribeStacks": {"stack"},
    "cloudformation:ListStackResources": {"stack"},
    # The placement group of a reservation is no resource of the request.
    "ec2:CreateCapacityReservation": {"capacity-reservation"},
    "ec2:DescribeInstances": set(),
    "resource-groups:GroupResources": {"group"},
    "resource-groups:ListGroupResources": {"group"},
    "tag:GetResources": set(),
}
"""The resource types on which the local cloud checks an action; empty: on `*`."""


def definition(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    privilege: dict[str, Any] = reference()[service]["privileges"][name]
    return privilege


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_the_actions_exist(action: str) -> None:
    assert definition(action)["resource_types"]


@pytest.mark.parametrize("action", RESOURCES)
def test_the_actions_are_checked_on_their_resource_types(action: str) -> None:
    assert {kind for kind in definition(action)["resource_types"] if kind} == RESOURCES[action]


def test_the_placement_group_is_a_key_of_its_reservation() -> None:
    create = definition("ec2:CreateCapacityReservation")["resource_types"]["capacity-reservation"]
    assert "ec2:PlacementGroup" in create["condition_keys"]


def test_the_condition_keys_exist() -> None:
    services = {action.partition(":")[0] for action in ACTIONS}
    known = {key.lower() for service in services for key in reference()[service]["conditions"]}
    known |= {key.lower() for key in GLOBAL_KEYS}
    assert known >= KEYS
    assert all(any(key.startswith(prefix) for key in known) for prefix in KEYS_WITH_TAG)
    types = {
        key.lower(): condition["type"]
        for service in services
        for key, condition in reference()[service]["conditions"].items()
    }
    assert {key for key in KEYS if types.get(key, "").startswith("ArrayOf")} == MULTIVALUED


def test_listing_a_group_depends_on_the_actions_of_the_reference() -> None:
    listing = definition("resource-groups:ListGroupResources")["resource_types"]["group"]["dependent_actions"]
    assert set(listing) == {"cloudformation:DescribeStacks", "cloudformation:ListStackResources", "tag:GetResources"}
