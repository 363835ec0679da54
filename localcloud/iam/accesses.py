"""The rights that requests need, as AWS's authorization reference lists them.

https://docs.aws.amazon.com/service-authorization/latest/reference/
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_ListGroupResources.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from moto.utilities.utils import get_partition

ANY_RESOURCE = "*"
"""The resource of actions that have no narrower one."""

Context = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Access:
    """An action on a resource. A request may need several: creating with tags needs CreateTags, too."""

    action: str
    """Such as `ec2:CreateCapacityReservation`."""
    resource: str = ANY_RESOURCE
    """An ARN, or `ANY_RESOURCE`."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values by condition key; the keys in lower case. Most have one value."""


def needed(response: Any, action: str) -> list[Access]:
    """Every access that a request needs; none if the action is not checked.

    Args:
        response: moto's response object with the request.
        action: such as `CreateCapacityReservation`.
    """
    name, region = f"{response.service_name}:{action}", str(response.region)
    accesses = _NEEDED[name](response, name) if name in _NEEDED else []
    return [replace(one, context={**one.context, "aws:requestedregion": (region,)}) for one in accesses]


def _anywhere(_response: Any, name: str) -> Iterable[Access]:
    yield Access(name)


def _update_item(response: Any, name: str) -> Iterable[Access]:
    yield Access(name, _arn(response, "dynamodb", "table/", response._get_param("TableName")))


def _put_events(response: Any, name: str) -> Iterable[Access]:
    buses = [entry.get("EventBusName") or "default" for entry in response._get_param("Entries") or []]
    for bus in dict.fromkeys(buses):
        yield Access(name, _arn(response, "events", "event-bus/", bus))


def _get_schedule(response: Any, name: str) -> Iterable[Access]:
    group = response._get_param("groupName") or "default"
    schedule = unquote(urlsplit(str(response.uri)).path.rsplit("/", 1)[-1])
    yield Access(name, _arn(response, "scheduler", f"schedule/{group}/", schedule))


def _secret(response: Any, name: str) -> Iterable[Access]:
    given = response._get_param("SecretId")
    secret: Any = response.backend.secrets.get(given)
    if secret is None:
        yield Access(name, _arn(response, "secretsmanager", "secret:", given))
        return
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in secret.tags or []}
    context = _tagged("aws", tags) | _tagged("secretsmanager", tags)
    if secret.rotation_lambda_arn:
        context["secretsmanager:resource/allowrotationlambdaarn"] = (str(secret.rotation_lambda_arn),)
    yield Access(name, str(secret.arn), context)


def _group(response: Any, name: str) -> Iterable[Access]:
    given = str(response._get_param("Group") or response._get_param("GroupName"))
    groups = response.resourcegroups_backend.groups
    # A group that does not exist has no tags.
    tags = (groups[given].tags or {}) if given in groups else {}
    yield Access(name, _arn(response, "resource-groups", "group/", given), _tagged("aws", tags))


def _list_group(response: Any, name: str) -> Iterable[Access]:
    yield from _group(response, name)
    for more in ("cloudformation:DescribeStacks", "cloudformation:ListStackResources"):
        yield Access(more, _arn(response, "cloudformation", "stack/", "*/*"))
    yield Access("tag:GetResources")


def _create(response: Any, name: str) -> Iterable[Access]:
    given: Mapping[str, Any] = response._get_params()
    tags = [tag for part in given.get("TagSpecifications") or [] for tag in part.get("Tags") or []]
    resource = _arn(response, "ec2", "capacity-reservation/", "*")
    # The placement group is only a condition key of the reservation.
    described = {
        "ec2:instancetype": "InstanceType",
        "ec2:availabilityzone": "AvailabilityZone",
        "ec2:placementgroup": "PlacementGroupArn",
    }
    attributes = {key: (str(given[name]),) for key, name in described.items() if given.get(name)}
    context = _requested(tags) | attributes
    yield Access(name, resource, context)
    if tags:
        yield Access("ec2:CreateTags", resource, context | {"ec2:createaction": ("CreateCapacityReservation",)})


def _change(response: Any, name: str) -> Iterable[Access]:
    yield _reservation(response, name, str(response._get_params().get("CapacityReservationId", "")), [])


def _tag(response: Any, name: str) -> Iterable[Access]:
    given: Mapping[str, Any] = response._get_params()
    for one in given.get("Resources") or []:
        if str(one).startswith("cr-"):
            yield _reservation(response, name, one, given.get("Tags") or [])


def _reservation(response: Any, name: str, given_id: str, requested: Iterable[Mapping[str, Any]]) -> Access:
    """A reservation that does not exist has no tags, so no condition on its tags holds."""
    reservation = response.ec2_backend.capacity_reservations.get(given_id)
    context = _requested(requested)
    if reservation is None:
        return Access(name, _arn(response, "ec2", "capacity-reservation/", given_id), context)
    tags = response.ec2_backend.tags.get(given_id, {})
    context |= _tagged("aws", tags) | _tagged("ec2", tags)
    context["ec2:instancetype"] = (reservation.instance_type,)
    context["ec2:availabilityzone"] = (reservation.availability_zone,)
    # A reservation shared by another account is that account's resource.
    return Access(name, reservation.arn, context)


def _tagged(service: str, tags: Mapping[str, str]) -> Context:
    return {f"{service}:resourcetag/{key.lower()}": (str(value),) for key, value in tags.items()}


def _requested(tags: Iterable[Mapping[str, Any]]) -> Context:
    values = {str(tag.get("Key") or ""): str(tag.get("Value") or "") for tag in tags}
    context: Context = {f"aws:requesttag/{key.lower()}": (value,) for key, value in values.items()}
    return context | ({"aws:tagkeys": tuple(values)} if values else {})


def _arn(response: Any, service: str, kind: str, given: Any) -> str:
    """The ARN of what a request names, by name or by ARN."""
    if str(given).startswith("arn:"):
        return str(given)
    region = str(response.region)
    return f"arn:{get_partition(region)}:{service}:{region}:{response.current_account}:{kind}{given}"


_NEEDED: Final[dict[str, Callable[[Any, str], Iterable[Access]]]] = {
    "dynamodb:UpdateItem": _update_item,
    "ec2:CreateCapacityReservation": _create,
    "ec2:ModifyCapacityReservation": _change,
    "ec2:CancelCapacityReservation": _change,
    "ec2:DescribeAvailabilityZones": _anywhere,
    "ec2:DescribeCapacityReservations": _anywhere,
    "ec2:DescribeInstanceTypes": _anywhere,
    "ec2:DescribeInstances": _anywhere,
    # Of Capacity Reservations only.
    "ec2:CreateTags": _tag,
    "ec2:DeleteTags": _tag,
    "resource-groups:GroupResources": _group,
    "resource-groups:ListGroupResources": _list_group,
    "pricing:GetProducts": _anywhere,
    "events:PutEvents": _put_events,
    "scheduler:GetSchedule": _get_schedule,
    "secretsmanager:DescribeSecret": _secret,
    "secretsmanager:GetRandomPassword": _anywhere,
    "secretsmanager:GetSecretValue": _secret,
    "secretsmanager:PutSecretValue": _secret,
    "secretsmanager:UpdateSecretVersionStage": _secret,
}

SERVICES = frozenset(name.partition(":")[0] for name in _NEEDED)

ACTIONS = frozenset(_NEEDED) | {
    # Of ListGroupResources only.
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
    "tag:GetResources",
}
"""The actions that are checked; all others are allowed to everybody."""
