"""What EventBridge Scheduler's requests need a right to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from moto.utilities.utils import get_partition

from localcloud.iam.access import Access


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: moto's EventBridgeSchedulerResponse with the request.
        action: such as `GetSchedule`.
    """
    if action != "GetSchedule":
        return []
    region, group = str(response.region), response._get_param("groupName") or "default"
    name = unquote(urlsplit(str(response.uri)).path.rsplit("/", 1)[-1])
    arn = f"arn:{get_partition(region)}:scheduler:{region}:{response.current_account}:schedule/{group}/{name}"
    return [Access(f"scheduler:{action}", arn, {"aws:requestedregion": (region,)})]
