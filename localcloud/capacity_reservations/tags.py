"""The limits of a reservation's tags.

"Tag keys ... accept a maximum of 127 Unicode characters. May not begin with aws:. Tag values ... accept a maximum of
256": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Tag.html. "Maximum number of tags per resource - 50":
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import TagLimitExceeded
from moto.ec2.responses.tags import TagResponse

from localcloud.capacity_reservations import market
from localcloud.capacity_reservations.exceptions import InvalidValueError

_MAX_TAGS, _MAX_KEY, _MAX_VALUE = 50, 127, 256


def of_request(given: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a new reservation, from its TagSpecifications."""
    tags: list[Mapping[str, Any]] = []
    for specification in given.get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind != "capacity-reservation":
            raise InvalidValueError(f"'{kind}' is not a valid taggable resource type for this operation.")
        tags += specification.get("Tags") or []
    return checked(tags)


def checked(given: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags as a request gives them.

    Raises:
        EC2ClientError: one of them cannot be, or they are too many.
    """
    tags: dict[str, str] = {}
    for tag in given:
        key, value = str(tag.get("Key") or ""), str(tag.get("Value") or "")
        if not 1 <= len(key) <= _MAX_KEY or key.lower().startswith("aws:"):
            raise InvalidValueError(f"Tag key '{key}' must have 1 to {_MAX_KEY} characters and not begin with aws:")
        if len(value) > _MAX_VALUE:
            raise InvalidValueError(f"The value of tag '{key}' must have at most {_MAX_VALUE} characters")
        if key in tags:
            raise InvalidValueError(f"Duplicate tag key '{key}' specified.")
        tags[key] = value
    if len(tags) > _MAX_TAGS:
        raise TagLimitExceeded()
    return tags


class ReservationTagsResponse(TagResponse):
    """moto's actions, with these limits for requests that name reservations."""

    def create_tags(self) -> ActionResult:
        """All of the tags on all of the resources, or none."""
        with market.current().lock:
            if any(one.startswith("cr-") for one in self._get_param("Resources", [])):
                checked(self._get_param("Tags", []))
            return super().create_tags()
