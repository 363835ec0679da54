"""Filters and pages of DescribeCapacityReservations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityReservations.html
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from localcloud.ec2.errors import FilterLimitExceeded, InvalidNextToken, InvalidParameterValue
from localcloud.ec2.reservation import Reservation

# What the API reference lists; availability-zone-id is not among it.
_FIELDS = {
    "instance-type": "InstanceType",
    "owner-id": "OwnerId",
    "instance-platform": "InstancePlatform",
    "availability-zone": "AvailabilityZone",
    "tenancy": "Tenancy",
    "state": "State",
    "start-date": "StartDate",
    "end-date": "EndDate",
    "end-date-type": "EndDateType",
    "instance-match-criteria": "InstanceMatchCriteria",
    "outpost-arn": "OutpostArn",
    "placement-group-arn": "PlacementGroupArn",
}
_MAX_FILTERS, _MAX_VALUES = 50, 200
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
_MAX_PAGE = 1000
_TOKEN = re.compile(r"after:(\d+)")


class Filters:
    """The filters of a request: all must match, each by one of its values.

    Values are case-sensitive; `*` and `?` are wildcards unless a backslash precedes them. Dates compare as text such
    as `2026-11-11T00:00:00.000Z`.

    Args:
        given: `[{"Name": "state", "Values": ["active"]}]`.

    Raises:
        InvalidParameterValue: an unknown filter, or one without values.
        FilterLimitExceeded: too many.
    """

    def __init__(self, given: Sequence[dict[str, Any]]) -> None:
        if len(given) > _MAX_FILTERS:
            raise FilterLimitExceeded(f"A request can have at most {_MAX_FILTERS} filters, not {len(given)}")
        self._patterns = [(_checked_name(one), _pattern(one)) for one in given]

    def match(self, described: dict[str, Any]) -> bool:
        """Whether a reservation, as describe answers it, passes."""
        return all(any(map(pattern.fullmatch, _values(described, name))) for name, pattern in self._patterns)


def page_of(
    reservations: Sequence[Reservation], max_results: int | None, next_token: str | None
) -> tuple[list[Reservation], str | None]:
    """One page in order of creation, and the token for what follows it.

    A token names the last reservation shown, so what is created or disappears between pages makes none overlap.

    Args:
        reservations: in order of creation.
        max_results: 1 to 1000; without it a page has 1000.
        next_token: of the page before.
    """
    size = _MAX_PAGE if max_results is None else max_results
    if not 1 <= size <= _MAX_PAGE:
        raise InvalidParameterValue(f"Value ({size}) for parameter MaxResults is invalid. Give 1 to {_MAX_PAGE}.")
    after = _sequence_in(next_token) if next_token else -1
    following = [one for one in reservations if one.sequence > after]
    page = following[:size]
    return page, _token_after(page[-1]) if len(following) > size else None


def _checked_name(given: dict[str, Any]) -> str:
    name = str(given.get("Name"))
    if name not in _FIELDS and name != "tag-key" and not re.fullmatch("tag:.+", name, re.DOTALL):
        raise InvalidParameterValue(f"The filter '{name}' is invalid")
    values = given.get("Values") or []
    if not values:
        raise InvalidParameterValue(f"The filter '{name}' needs at least one value")
    if len(values) > _MAX_VALUES:
        raise FilterLimitExceeded(f"A filter can have at most {_MAX_VALUES} values; '{name}' has {len(values)}")
    return name


def _pattern(given: dict[str, Any]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_as_regex(str(value))})" for value in given["Values"]), re.DOTALL)


def _as_regex(value: str) -> str:
    wildcards = {"*": ".*", "?": "."}
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    return "".join(wildcards.get(part) or re.escape(part[-1]) for part in parts)


def _values(described: dict[str, Any], name: str) -> list[str]:
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    if name == "tag-key":
        return list(tags)
    value = tags.get(name.removeprefix("tag:")) if name.startswith("tag:") else described.get(_FIELDS[name])
    if value is None:
        return []
    return [_as_text(value) if isinstance(value, datetime) else str(value)]


def _as_text(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%S.") + f"{date.microsecond // 1000:03}Z"


def _token_after(reservation: Reservation) -> str:
    return base64.urlsafe_b64encode(f"after:{reservation.sequence}".encode()).decode()


def _sequence_in(token: str) -> int:
    try:
        match = _TOKEN.fullmatch(base64.urlsafe_b64decode(token).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        match = None
    if not match:
        raise InvalidNextToken("The token is invalid; use one from the page before, as it came")
    return int(match[1])
