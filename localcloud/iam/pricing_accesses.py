"""What requests to the price list need a right to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awspricelist.html
"""

from typing import Any

from localcloud.iam.access import Access


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: the response object with the request.
        action: such as `GetProducts`.
    """
    if action != "GetProducts":
        return []
    return [Access(f"pricing:{action}", context={"aws:requestedregion": (str(response.region),)})]
