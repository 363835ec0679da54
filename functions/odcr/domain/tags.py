"""The tags of a reservation: the system's own, those that a row or the stack gives it, and what is remembered in them.

EC2's limits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

import hashlib
import json
from collections.abc import Collection, Mapping

from odcr.domain.target import ReservationOptions
from odcr.domain.wording import quoted

OWNER_TAG = "odcr:stack"
"""Marks a reservation as managed; its value names the stack and its Region."""

MADE_TAG = "odcr:made"
"""Marks what the system made itself, to tell it from what a person put under its care by tagging.

Its value is the client token: what was split off and given the same tags is told from what was bought twice. What was
made for a group has the group's name behind it, as `made_for` writes it.
"""

GROUP_TAG = "odcr:group"
"""The name of the group that a reservation counts for; without it, it counts for the row of its pool."""

ASKED_TAG = "odcr:asked"
"""What the row asked for when that was last applied: match criteria and end. What differs from it has been changed in
the row since; what differs in EC2 alone was changed there by a person, and stays."""

GIVEN_TAG = "odcr:given"
"""Which tags a row or the stack gave, so that those which neither gives any more are removed, and no others."""

PROJECT_TAG = {"Project": "ODCR"}

_OWN = frozenset({OWNER_TAG, MADE_TAG, GROUP_TAG, ASKED_TAG, GIVEN_TAG, *PROJECT_TAG})

MAX_GIVEN = 40
"""Tags that a row and the stack give together. EC2 takes 50, and some are the system's."""

_MAX_KEY = 127
_MAX_VALUE = 255
_DIGITS = 5
"""Of a key's hash: 40 of them fit into one value."""
_FOR_EVER = "none"
_TOKEN_LENGTH = 64


def reason_to_reject_tags(tags: object) -> str | None:
    """Why these are no tags for a reservation, in words that say what to do; None if they are.

    Args:
        tags: of a row or the stack, as JSON was read.
    """
    if not isinstance(tags, dict):
        return """Write a JSON object of texts, such as {"Team": "shop"}."""
    for key, value in tags.items():
        if not isinstance(value, str):
            return f"Write the value of {quoted(key, 32)} as text, in quotes."
        if not 1 <= len(key) <= _MAX_KEY or len(value) > _MAX_VALUE:
            most = f"keys of 1 to {_MAX_KEY} characters and values of up to {_MAX_VALUE}"
            return f"Shorten {quoted(key, 32)}: EC2 takes {most}."
        if key.casefold().startswith("aws:"):
            return f"AWS keeps keys that begin with aws: for itself: rename {quoted(key, 32)}."
    if len(tags) > MAX_GIVEN:
        return f"These are {len(tags)} tags. EC2 takes 50, and odcr keeps ten for itself: give at most {MAX_GIVEN}."
    return None


def to_text(tags: Mapping[str, str]) -> str:
    """Tags as the options carry them; empty if there are none."""
    return json.dumps(tags, sort_keys=True, ensure_ascii=False, separators=(",", ":")) if tags else ""


def given_tags(options: ReservationOptions, stack_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a row and the stack give. The row's win over the stack's, and the system's own over both."""
    given = {**stack_tags, **(json.loads(options.tags) if options.tags else {})}
    allowed = {key: value for key, value in given.items() if key not in _OWN and not key.startswith("odcr:")}
    return dict(list(allowed.items())[:MAX_GIVEN])


def standing_tags(options: ReservationOptions, stack_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that may change while a reservation stands."""
    given = given_tags(options, stack_tags)
    return given | ({GIVEN_TAG: _memory(given)} if given else {})


def made_for(token: str, group: str) -> str:
    """What `MADE_TAG` says of a reservation that is made with a client token for a group; or for a row, without one."""
    return f"{token}/{group}" if group else token


def parsed_made(value: str) -> tuple[str, str] | None:
    """The client token and the group of a tag's value; None if a person wrote it, which is no promise of the system."""
    token, _, group = value.partition("/")
    return (token, group) if len(token) == _TOKEN_LENGTH else None


def asked(match_criteria: str, end_date: str | None) -> str:
    """What a row asks for, as `ASKED_TAG` has it."""
    return f"{match_criteria}/{end_date[:19] if end_date else _FOR_EVER}"


def parsed_asked(value: str) -> tuple[str, str | None] | None:
    """Match criteria and end of a tag's value; None if somebody wrote something else there."""
    match_criteria, slash, end_date = value.partition("/")
    return (match_criteria, None if end_date == _FOR_EVER else end_date) if slash else None


def not_given_any_more(tags: Mapping[str, str], wanted: Collection[str]) -> list[str]:
    """The keys that a row or the stack gave once, and neither does now.

    Args:
        tags: the reservation's.
        wanted: the keys of its `standing_tags`.
    """
    memory = tags.get(GIVEN_TAG, "")
    given = {memory[index : index + _DIGITS] for index in range(0, len(memory), _DIGITS)}
    old = [key for key in tags if key not in _OWN and key not in wanted and _hash(key) in given]
    return sorted(old) + ([GIVEN_TAG] if memory and GIVEN_TAG not in wanted else [])


def _memory(keys: Collection[str]) -> str:
    return "".join(sorted(map(_hash, keys)))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]
