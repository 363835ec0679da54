"""Resource groups of Capacity Reservations, by which Auto Scaling groups, ECS and launch templates choose them.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-cr-group.html
"""

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from odcr.domain.refusal import InvalidTarget, OutcomeUnknown, Refusal, RequestLimitExceeded, RequestRefused

if TYPE_CHECKING:
    from mypy_boto3_resource_groups import ResourceGroupsClient

_making = Lock()
_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException"})
_WRONG = frozenset({"NotFoundException", "BadRequestException"})


@cache
def _client(region: str) -> "ResourceGroupsClient":
    return boto3.client(
        "resource-groups",
        region_name=region,
        config=Config(connect_timeout=4, read_timeout=12, retries={"mode": "standard", "total_max_attempts": 2}),
    )


def members_of(region: str, group: str) -> set[str]:
    """The ids of the reservations in a group; all pages.

    https://docs.aws.amazon.com/ARG/latest/APIReference/API_ListGroupResources.html

    Args:
        region: the group's.
        group: its name or ARN.

    Raises:
        Refusal: if there is none of this name, or it does not answer.
    """
    try:
        with _making:
            client = _client(region)
        pages = client.get_paginator("list_group_resources").paginate(Group=group)
        arns = [one["Identifier"]["ResourceArn"] for page in pages for one in page.get("Resources", [])]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise _refusal(error) from error
    return {arn.rpartition("/")[2] for arn in arns}


def join_group(region: str, group: str, arn: str) -> None:
    """Puts a reservation into a group; one that is in it stays.

    https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html

    Raises:
        Refusal: if the group does not take it, or does not answer.
    """
    try:
        with _making:
            client = _client(region)
        answer = client.group_resources(Group=group, ResourceArns=[arn])
    except (BotoCoreError, ClientError) as error:
        raise _refusal(error) from error
    for failed in answer.get("Failed", []):
        message = failed.get("ErrorMessage", "The group did not take it.")
        raise RequestRefused(failed.get("ErrorCode", "Failed"), message)
    if answer.get("Pending"):
        raise OutcomeUnknown("Pending", "The group has not taken it yet.")


def _refusal(error: Exception) -> Refusal:
    if not isinstance(error, ClientError):
        return OutcomeUnknown(type(error).__name__, "AWS Resource Groups gave no answer that can be read.")
    detail = error.response.get("Error", {})
    code, message = detail.get("Code", "Unknown"), detail.get("Message", "")
    if code in _THROTTLED:
        return RequestLimitExceeded(code, message)
    if code in _WRONG:
        return InvalidTarget(code, message)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
        return OutcomeUnknown(code, message)
    return RequestRefused(code, message)
