"""The tags of a reservation: the system's own, which also serve as its memory, and those from its row and the stack.

EC2's limits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

import hashlib
import json
from collections.abc import Collection, Mapping

from odcr.domain.target import ReservationOptions
from odcr.domain.wording import quoted

OWNER_TAG = "odcr:stack"
"""Marks a reservation as managed. The value names the stack and its Region."""

MADE_TAG = "odcr:made"
"""Marks a reservation that the system made, as opposed to one that a person put under its care by tagging.

The value is the client token, and the group's name if it was made for a group (`made_for`). The token tells a duplicate
from a part that a person split off and tagged alike.
"""

GROUP_TAG = "odcr:group"
"""The name of the group that a reservation counts for. Without this tag it counts for the row of its pool."""

ASKED_TAG = "odcr:asked"
"""The match criteria and the end that the row asked for when they were last applied. If the row differs now, it has
changed since; if only EC2 differs, a person changed it there, and it stays."""

GIVEN_TAG = "odcr:given"
"""Remembers the tags from the row and the stack, so that only these are removed once neither gives them any more."""

PROJECT_TAG = {"Project": "ODCR"}

_OWN = frozenset({OWNER_TAG, MADE_TAG, GROUP_TAG, ASKED_TAG, GIVEN_TAG, *PROJECT_TAG})

MAX_GIVEN = 40
"""Tags from a row and the stack together. EC2 takes 50, and some are the system's own."""

_MAX_KEY = 127
_MAX_VALUE = 255
_DIGITS = 5
"""Digits of a key's hash, so that 40 hashes fit into one value."""
_NO_END = "none"
_TOKEN_LENGTH = 64


def reason_to_reject_tags(tags: object) -> str | None:
    """Why these cannot be tags of a reservation, and what to do; None if they can.

    Args:
        tags: the parsed JSON from a row or the stack.
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
    """Tags as text for the options; empty if there are none."""
    return json.dumps(tags, sort_keys=True, ensure_ascii=False, separators=(",", ":")) if tags else ""


def given_tags(options: ReservationOptions, stack_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags from a row and the stack. The row's win over the stack's, and the system's own over both."""
    given = {**stack_tags, **(json.loads(options.tags) if options.tags else {})}
    allowed = {key: value for key, value in given.items() if key not in _OWN and not key.startswith("odcr:")}
    return dict(list(allowed.items())[:MAX_GIVEN])


def standing_tags(options: ReservationOptions, stack_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that may change during a reservation's life."""
    given = given_tags(options, stack_tags)
    return given | ({GIVEN_TAG: _memory(given)} if given else {})


def made_for(token: str, group: str) -> str:
    """The value of `MADE_TAG` for a client token and a group; the group is empty for a row."""
    return f"{token}/{group}" if group else token


def parsed_made(value: str) -> tuple[str, str] | None:
    """The client token and the group in a value of `MADE_TAG`; None if a person wrote something else there."""
    token, _, group = value.partition("/")
    return (token, group) if len(token) == _TOKEN_LENGTH else None


def asked(match_criteria: str, end_date: str | None) -> str:
    """The value of `ASKED_TAG` for what a row asks for."""
    return f"{match_criteria}/{end_date[:19] if end_date else _NO_END}"


def parsed_asked(value: str) -> tuple[str, str | None] | None:
    """The match criteria and the end in a value of `ASKED_TAG`; None if a person wrote something else there."""
    match_criteria, slash, end_date = value.partition("/")
    return (match_criteria, None if end_date == _NO_END else end_date) if slash else None


def not_given_any_more(tags: Mapping[str, str], wanted: Collection[str]) -> list[str]:
    """The keys of tags that a row or the stack once gave, and neither gives now.

    Args:
        tags: the reservation's tags.
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
