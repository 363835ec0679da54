"""Resource groups of Capacity Reservations. Auto Scaling groups, ECS and launch templates select reservations by group.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-cr-group.html
"""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from odcr.domain.refusal import OutcomeUnknown, RequestRefused
from odcr.gateways.clients import CREATION_LOCK
from odcr.gateways.ec2_errors import refusal_of

if TYPE_CHECKING:
    from mypy_boto3_resource_groups import ResourceGroupsClient

_SERVICE = "AWS Resource Groups"


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
        region: the group's Region.
        group: the group's name or ARN.

    Raises:
        Refusal: if there is no such group, or Resource Groups does not answer.
    """
    try:
        with CREATION_LOCK:
            client = _client(region)
        pages = client.get_paginator("list_group_resources").paginate(Group=group)
        arns = [resource["Identifier"]["ResourceArn"] for page in pages for resource in page.get("Resources", [])]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise refusal_of(error, _SERVICE) from error
    return {arn.rpartition("/")[2] for arn in arns}


def join_group(region: str, group: str, arn: str) -> None:
    """Puts a reservation into a group. Repeating it is harmless.

    https://docs.aws.amazon.com/ARG/latest/APIReference/API_GroupResources.html

    Raises:
        Refusal: if the group does not take it, or Resource Groups does not answer.
    """
    try:
        with CREATION_LOCK:
            client = _client(region)
        answer = client.group_resources(Group=group, ResourceArns=[arn])
    except (BotoCoreError, ClientError) as error:
        raise refusal_of(error, _SERVICE) from error
    for failed in answer.get("Failed", []):
        message = failed.get("ErrorMessage", "The group did not take the reservation.")
        raise RequestRefused(failed.get("ErrorCode", "Failed"), message)
    if answer.get("Pending"):
        raise OutcomeUnknown("Pending", "The group has not taken the reservation yet.")
