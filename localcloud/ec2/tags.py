"""The tags that a reservation may have.

"Tag keys ... accept a maximum of 127 Unicode characters. May not begin with aws:. Tag values ... accept a maximum of
256": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Tag.html. "Maximum number of tags per resource - 50",
and those with the prefix aws: do not count: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.ec2.errors import InvalidParameterValue, TagLimitExceeded

MAX_TAGS, MAX_KEY, MAX_VALUE = 50, 127, 256


def tags_of(parameters: Mapping[str, Any], resource_type: str = "capacity-reservation") -> dict[str, str]:
    """The tags for the new resource, from TagSpecifications."""
    given: list[Mapping[str, Any]] = []
    for specification in parameters.get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind != resource_type:
            raise InvalidParameterValue(f"'{kind}' is not a valid taggable resource type for this operation.")
        given += specification.get("Tags") or []
    tags = checked(given)
    must_fit({}, tags)
    return tags


def checked(given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags as requests give them.

    Raises:
        InvalidParameterValue: one of them cannot be.
    """
    tags: dict[str, str] = {}
    for tag in given:
        key, value = str(tag.get("Key") or ""), str(tag.get("Value") or "")
        must_be_users(key)
        if len(value) > MAX_VALUE:
            raise InvalidParameterValue(f"The value of tag '{key}' must have at most {MAX_VALUE} characters")
        if key in tags:
            raise InvalidParameterValue(f"Duplicate tag key '{key}' specified.")
        tags[key] = value
    return tags


def must_be_users(key: str) -> None:
    """Refuses a key that is no user's.

    Raises:
        InvalidParameterValue: it is.
    """
    if not 1 <= len(key) <= MAX_KEY or is_aws(key):
        raise InvalidParameterValue(f"Tag key '{key}' must have 1 to {MAX_KEY} characters and not begin with aws:")


def must_fit(before: Mapping[str, str], more: Mapping[str, str]) -> None:
    """Refuses tags that are too many beside those that there are.

    Raises:
        TagLimitExceeded: they are.
    """
    if sum(not is_aws(key) for key in {**before, **more}) > MAX_TAGS:
        raise TagLimitExceeded(f"You have reached the maximum number of tags allowed on a single resource: {MAX_TAGS}")


def is_aws(key: str) -> bool:
    """Whether a key is reserved for AWS."""
    return key.lower().startswith("aws:")
