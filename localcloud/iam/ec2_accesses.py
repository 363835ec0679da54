"""What EC2's requests about Capacity Reservations need a right to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import current
from localcloud.iam.access import Access

Context = dict[str, tuple[str, ...]]

_CHANGES = frozenset({"ModifyCapacityReservation", "CancelCapacityReservation"})
_TAGGING = frozenset({"CreateTags", "DeleteTags"})
_READS = frozenset(
    {
        "DescribeAvailabilityZones",
        "DescribeCapacityReservations",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribePlacementGroups",
    }
)


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: moto's EC2Response with the request.
        action: such as `CreateCapacityReservation`.
    """
    given: Mapping[str, Any] = response._get_params()
    if action in _READS:
        return [Access(f"ec2:{action}", context=_region(response))]
    if action == "CreateCapacityReservation":
        return _to_create(response, given)
    if action in _CHANGES:
        return [_to_existing(response, action, str(given.get("CapacityReservationId", "")))]
    if action in _TAGGING:
        tags = _requested(given.get("Tags") or [])
        reservations = [one for one in given.get("Resources") or [] if str(one).startswith("cr-")]
        return [_to_existing(response, action, one, tags) for one in reservations]
    return []


def _to_create(response: Any, given: Mapping[str, Any]) -> list[Access]:
    tags = [tag for part in given.get("TagSpecifications") or [] for tag in part.get("Tags") or []]
    resource, context = _arn(response, "*"), {**_region(response), **_requested(tags)}
    # The placement group is a condition key of the reservation, and no resource of its own.
    described = {
        "ec2:instancetype": "InstanceType",
        "ec2:availabilityzone": "AvailabilityZone",
        "ec2:placementgroup": "PlacementGroupArn",
    }
    attributes: Context = {key: (str(given[name]),) for key, name in described.items() if given.get(name)}
    accesses = [Access("ec2:CreateCapacityReservation", resource, context | attributes)]
    if tags:
        by: Context = {"ec2:createaction": ("CreateCapacityReservation",)}
        accesses.append(Access("ec2:CreateTags", resource, context | by))
    return accesses


def _to_existing(response: Any, action: str, given_id: str, requested: Context | None = None) -> Access:
    """Of a reservation that does not exist no key is known, so that no condition on its tags is fulfilled."""
    reservation, tags = _found(response, given_id)
    context = {**_region(response), **(requested or {})}
    if reservation is not None:
        context["ec2:instancetype"] = (reservation.instance_type,)
        context["ec2:availabilityzone"] = (reservation.availability_zone,)
    for key, value in tags.items():
        context[f"aws:resourcetag/{key.lower()}"] = context[f"ec2:resourcetag/{key.lower()}"] = (value,)
    # A reservation that another account shares is that account's resource.
    arn = reservation.arn if reservation is not None else _arn(response, given_id)
    return Access(f"ec2:{action}", arn, context)


def _found(response: Any, given_id: str) -> tuple[Reservation | None, dict[str, str]]:
    state = current()
    with state.lock:
        reservation = state.history(response.current_account, response.region).get(given_id)
        return reservation, dict(response.ec2_backend.tags.get(given_id, {})) if reservation else {}


def _requested(tags: Iterable[Mapping[str, Any]]) -> Context:
    values = {str(tag.get("Key") or ""): str(tag.get("Value") or "") for tag in tags}
    context: Context = {f"aws:requesttag/{key.lower()}": (value,) for key, value in values.items()}
    return context | ({"aws:tagkeys": tuple(values)} if values else {})


def _region(response: Any) -> Context:
    return {"aws:requestedregion": (str(response.region),)}


def _arn(response: Any, name: str) -> str:
    return f"arn:{response.partition}:ec2:{response.region}:{response.current_account}:capacity-reservation/{name}"
