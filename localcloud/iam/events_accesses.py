"""What EventBridge's requests need a right to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

from typing import Any

from moto.utilities.utils import get_partition

from localcloud.iam.access import Access


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: moto's EventsHandler with the request.
        action: such as `PutEvents`.
    """
    if action != "PutEvents":
        return []
    region = str(response.region)
    prefix = f"arn:{get_partition(region)}:events:{region}:{response.current_account}:event-bus/"
    buses = [str(entry.get("EventBusName") or "default") for entry in response._get_param("Entries") or []]
    arns = dict.fromkeys(bus if bus.startswith("arn:") else prefix + bus for bus in buses)
    return [Access(f"events:{action}", arn, {"aws:requestedregion": (region,)}) for arn in arns]
