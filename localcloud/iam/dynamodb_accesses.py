"""What DynamoDB's requests need a right to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from typing import Any

from moto.utilities.utils import get_partition

from localcloud.iam.access import Access


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: moto's DynamoHandler with the request.
        action: such as `UpdateItem`.
    """
    if action != "UpdateItem":
        return []
    given, region = str(response._get_param("TableName")), str(response.region)
    arn = f"arn:{get_partition(region)}:dynamodb:{region}:{response.current_account}:table/{given}"
    context = {"aws:requestedregion": (region,)}
    return [Access(f"dynamodb:{action}", given if given.startswith("arn:") else arn, context)]
