"""Lists of reservation ids, cut to what an event, an error and a row can carry."""

import re
from collections.abc import Iterable, Sequence

MAX_IDS = 500
"""Ids that are named for one target.

An error's cause carries two such lists, with each quote escaped, and has at most 32,768 characters:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionFailedEventDetails.html
"""

_ID = re.compile(r"cr-[0-9A-Za-z-]{1,32}")
_MORE = re.compile(r"([0-9]{1,9}) more")


def cut(ids: Sequence[str], more: int = 0) -> list[str]:
    """The first ids, and an entry such as `3000 more` for those that are not named.

    Whoever reads the list knows by that entry that it is not whole: a reservation that is not in it may have been
    recorded all the same, and must not be taken for bought twice.

    Args:
        ids: reservation ids.
        more: reservations beside these.
    """
    left_out = more + max(0, len(ids) - MAX_IDS)
    return [*ids[:MAX_IDS], *([f"{left_out} more"] if left_out else [])]


def parsed(entries: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """The ids of a list that `cut` made, and how many it does not name.

    An entry that is neither an id nor such a number counts as one that is not named: somebody wrote over the list.
    """
    ids: list[str] = []
    more = 0
    for entry in entries:
        if _ID.fullmatch(entry):
            ids.append(entry)
        else:
            number = _MORE.fullmatch(entry)
            more += int(number[1]) if number else 1
    return tuple(ids), more


def to_text(ids: Sequence[str], more: int = 0) -> str:
    """The list as a table has it."""
    return ",".join(cut(ids, more))


def from_text(text: str) -> tuple[tuple[str, ...], int]:
    """The list that a table has."""
    return parsed(entry for part in text.split(",") if (entry := part.strip()))
