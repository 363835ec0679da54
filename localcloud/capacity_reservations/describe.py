"""Filters and pages of DescribeCapacityReservations.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityReservations.html
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidNextToken

from localcloud.capacity_reservations.exceptions import InvalidValueError

Answer = Mapping[str, Any]
"""A `CapacityReservation` as EC2 answers it."""

# Those of the API reference, which leaves availability-zone-id out.
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


def matching(filters: Sequence[Mapping[str, Any]], answers: Sequence[Answer]) -> list[Answer]:
    """The reservations that match all filters, each by one of its values.

    Values are case-sensitive; `*` and `?` are wildcards unless a backslash precedes them. Dates compare as text such
    as `2026-11-11T00:00:00.000Z`.

    Raises:
        EC2ClientError: an unknown filter, one without values, or too many.
    """
    if len(filters) > _MAX_FILTERS:
        raise EC2ClientError("FilterLimitExceeded", f"A request can have at most {_MAX_FILTERS} filters")
    patterns = [_pattern(str(one.get("Name")), one.get("Values") or []) for one in filters]
    return [one for one in answers if all(any(map(p.fullmatch, _values(one, name))) for name, p in patterns)]


def page_of(
    answers: Sequence[Answer], order: Sequence[str], size: int | None, token: str | None
) -> tuple[list[Answer], str | None]:
    """One page, and the token for the next, which is the last id on this one: no two pages overlap.

    Args:
        answers: in order of creation.
        order: the ids of all reservations that ever were, in order of creation.
        size: of a page; without it a page has 1000.
        token: of the page before.
    """
    size = _MAX_PAGE if size is None else size
    if not 1 <= size <= _MAX_PAGE:
        raise InvalidValueError(f"Value ({size}) for parameter MaxResults is invalid. Give 1 to {_MAX_PAGE}.")
    if token and token not in order:
        raise InvalidNextToken(token)
    passed = set(order[: order.index(token) + 1]) if token else set()
    following = [one for one in answers if one["CapacityReservationId"] not in passed]
    page = following[:size]
    return page, page[-1]["CapacityReservationId"] if len(following) > size else None


def _pattern(name: str, values: Sequence[str]) -> tuple[str, re.Pattern[str]]:
    if name not in _FIELDS and name != "tag-key" and not re.fullmatch("tag:.+", name, re.DOTALL):
        raise InvalidValueError(f"The filter '{name}' is invalid")
    if not values:
        raise InvalidValueError(f"The filter '{name}' needs at least one value")
    if len(values) > _MAX_VALUES:
        raise EC2ClientError("FilterLimitExceeded", f"The filter '{name}' can have at most {_MAX_VALUES} values")
    return name, re.compile("|".join(f"(?:{_as_regex(str(value))})" for value in values), re.DOTALL)


def _as_regex(value: str) -> str:
    wildcards = {"*": ".*", "?": "."}
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    return "".join(wildcards.get(part) or re.escape(part[-1]) for part in parts)


def _values(answer: Answer, name: str) -> list[str]:
    tags = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
    if name == "tag-key":
        return list(tags)
    value = tags.get(name.removeprefix("tag:")) if name.startswith("tag:") else answer.get(_FIELDS[name])
    if isinstance(value, datetime):
        return [f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"]
    return [] if value is None else [str(value)]
