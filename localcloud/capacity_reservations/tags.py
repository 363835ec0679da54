"""The limits of a reservation's tags.

"Tag keys ... accept a maximum of 127 Unicode characters. May not begin with aws:. Tag values ... accept a maximum of
256": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Tag.html. "Maximum number of tags per resource - 50",
and those with the prefix aws: do not count: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from localcloud.capacity_reservations.exceptions import InvalidValueError

_MAX_TAGS, _MAX_KEY, _MAX_VALUE = 50, 127, 256


def of_request(given: Mapping[str, Any], resource_type: str = "capacity-reservation") -> dict[str, str]:
    """The tags of a new resource, from its TagSpecifications."""
    tags: list[Mapping[str, Any]] = []
    for specification in given.get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind != resource_type:
            raise InvalidValueError(f"'{kind}' is not a valid taggable resource type for this operation.")
        tags += specification.get("Tags") or []
    return checked(tags, {})


def checked(given: Iterable[Mapping[str, Any]], before: Mapping[str, str]) -> dict[str, str]:
    """Tags as a request gives them, for a resource that has others already.

    Raises:
        EC2ClientError: one of them cannot be, or they are too many.
    """
    tags: dict[str, str] = {}
    for tag in given:
        key, value = str(tag.get("Key") or ""), str(tag.get("Value") or "")
        if not 1 <= len(key) <= _MAX_KEY or _is_aws(key):
            raise InvalidValueError(f"Tag key '{key}' must have 1 to {_MAX_KEY} characters and not begin with aws:")
        if len(value) > _MAX_VALUE:
            raise InvalidValueError(f"The value of tag '{key}' must have at most {_MAX_VALUE} characters")
        if key in tags:
            raise InvalidValueError(f"Duplicate tag key '{key}' specified.")
        tags[key] = value
    if sum(not _is_aws(key) for key in {**before, **tags}) > _MAX_TAGS:
        message = f"You have reached the maximum number of tags allowed on a single resource: {_MAX_TAGS}"
        raise EC2ClientError("TagLimitExceeded", message)
    return tags


def _is_aws(key: str) -> bool:
    return key.lower().startswith("aws:")
