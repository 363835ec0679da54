"""Fields and lists in the events between the states: reading them, and cutting them to what fits."""

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, overload

MAX_STATE_BYTES = 262_144
"""Bytes of a state's input or output, as JSON in UTF-8:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

ROOM = MAX_STATE_BYTES - 14_144
"""Bytes of the lists in one state's data together; the rest is for everything else."""

MAX_IDS = 500
"""Reservation ids named for one target.

An error's cause carries two such lists, with each quote escaped, and has at most 32,768 characters:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionFailedEventDetails.html
"""

_ID = re.compile(r"cr-[0-9A-Za-z-]{1,32}")
_MORE = re.compile(r"([0-9]{1,9}) more")

_T = TypeVar("_T")


class InvalidEvent(Exception):  # noqa: N818 - the state machine shows the name
    """A function was called with an event that breaks its contract."""


def checked(name: str, value: Any, kind: type[_T]) -> _T:
    """The value of a field.

    Raises:
        InvalidEvent: if it is of another type.
    """
    # Python counts a bool as an int.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidEvent(f"{name!r} must be {kind.__name__}, not {type(value).__name__}. Fix the event.")
    return value


def object_with(event: Any, name: str) -> Mapping[str, Any]:
    """The event, which should be an object with a field of that name.

    Raises:
        InvalidEvent: if it is not an object.
    """
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"The event must be an object with {name!r}, not {type(event).__name__}. Fix the event.")
    return event


def required(event: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """The value of a field.

    Raises:
        InvalidEvent: if it is missing or of another type.
    """
    if name not in object_with(event, name):
        raise InvalidEvent(f"{name!r} is missing from the event, which has {sorted(event)}. Fix the event.")
    return checked(name, event[name], kind)


def number(event: Mapping[str, Any], name: str) -> float:
    """The number in a field, with or without a fraction.

    Raises:
        InvalidEvent: if it is missing or no number.
    """
    value = object_with(event, name).get(name)
    return float(value) if isinstance(value, float) else float(required(event, name, int))


@overload
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: None) -> _T | None: ...
@overload
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: _T) -> _T: ...
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: _T | None) -> _T | None:
    """The value of a field, or the default if it is missing or null.

    Raises:
        InvalidEvent: if it is of another type.
    """
    value = object_with(event, name).get(name)
    return default if value is None else checked(name, value, kind)


def lists(event: Mapping[str, Any], name: str) -> list[list[Any]]:
    """The lists in a field that has a list of them.

    Raises:
        InvalidEvent: if it or something in it is not a list, or it is missing.
    """
    return [checked(name, value, list) for value in required(event, name, list)]


def moment(text: str, name: str) -> datetime:
    """The time that a text says.

    Args:
        text: ISO 8601.
        name: the field's name, for the error.

    Raises:
        InvalidEvent: if it is not a time.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidEvent(f"{name!r} must be a time in ISO 8601, not {text[:80]!r}. Fix the event.") from None


def instant(event: Mapping[str, Any], name: str) -> datetime:
    """The time in a field, with its time zone.

    Raises:
        InvalidEvent: if it is missing, no time, or without a time zone.
    """
    text = required(event, name, str)
    time = moment(text, name)
    if time.tzinfo is None:
        raise InvalidEvent(f"{name!r} must be a time with its zone, not {text[:80]!r}. Fix the event.")
    return time


def cut_ids(ids: Sequence[str], more: int) -> list[str]:
    """The first ids, and an entry such as `3000 more` for the rest.

    The entry tells the reader that the list is incomplete: a reservation that is not in it may have been recorded all
    the same, and must not count as a duplicate.

    Args:
        ids: reservation ids.
        more: further reservations that `ids` does not name.
    """
    left_out = more + max(0, len(ids) - MAX_IDS)
    return [*ids[:MAX_IDS], *([f"{left_out} more"] if left_out else [])]


def parsed_ids(entries: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """Reads what `cut_ids` wrote: the ids, and how many more there are.

    Any other entry counts as one more: somebody has overwritten the list.
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


def ids_to_text(ids: Sequence[str], more: int = 0) -> str:
    """The list that `cut_ids` makes, as a table keeps it."""
    return ",".join(cut_ids(ids, more))


def ids_from_text(text: str) -> tuple[tuple[str, ...], int]:
    """Reads what `ids_to_text` wrote."""
    return parsed_ids(entry for part in text.split(",") if (entry := part.strip()))


def size_of(event: Any) -> int:
    """Bytes of an event in a list, including the comma and the blank after it."""
    return len(json.dumps(event, ensure_ascii=False).encode()) + 2


def in_turns(items: Sequence[_T], room: int, size: Callable[[_T], int], seed: str | None) -> Sequence[_T]:
    """The items as they are if all fit; otherwise shuffled, so that none is left out every time.

    Args:
        items: of equal importance.
        room: bytes of all items together.
        size: tells an item's bytes.
        seed: for the same order each time; None: chance.
    """
    if sum(size(item) for item in items) <= room:
        return items
    return random.Random(seed).sample(items, len(items))  # noqa: S311 - fairness, not secrecy


def fitting(items: Iterable[_T], room: int, size: Callable[[_T], int]) -> tuple[list[_T], int]:
    """The items that fit. One that does not fit is skipped, as smaller ones may follow.

    Args:
        items: the most important first.
        room: bytes of all items together.
        size: tells an item's bytes.

    Returns:
        The items, and the bytes left over.
    """
    taken: list[_T] = []
    for item in items:
        needed = size(item)
        if needed <= room:
            taken.append(item)
            room -= needed
    return taken, room
