"""What requests to Resource Groups need a right to.

Each operation's documentation lists its minimum permissions:
https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html
https://docs.aws.amazon.com/ARG/latest/APIReference/API_ListGroupResources.html
The resources are those of https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsresourcegroups.html
"""

from typing import Any

from localcloud.iam.access import Access

_ON_GROUPS = frozenset({"GroupResources", "ListGroupResources", "UngroupResources"})


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: moto's ResourceGroupsResponse with the request.
        action: such as `GroupResources`.
    """
    if action not in _ON_GROUPS:
        return []
    region = {"aws:requestedregion": (str(response.region),)}
    given = str(response._get_param("Group") or response._get_param("GroupName"))
    groups = response.resourcegroups_backend.groups
    # Of a group that does not exist no tag is known.
    tags = (groups[given].tags or {}) if given in groups else {}
    context = region | {f"aws:resourcetag/{key.lower()}": (str(value),) for key, value in tags.items()}
    arn = given if given.startswith("arn:") else _arn(response, "resource-groups", f"group/{given}")
    accesses = [Access(f"resource-groups:{action}", arn, context)]
    if action == "ListGroupResources":
        stacks = _arn(response, "cloudformation", "stack/*/*")
        accesses.append(Access("cloudformation:DescribeStacks", stacks, region))
        accesses.append(Access("cloudformation:ListStackResources", stacks, region))
        accesses.append(Access("tag:GetResources", context=region))
    return accesses


def _arn(response: Any, service: str, resource: str) -> str:
    return f"arn:{response.partition}:{service}:{response.region}:{response.current_account}:{resource}"
