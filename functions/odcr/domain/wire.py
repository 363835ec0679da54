"""Events between the states: read with errors that name the field, and cut to what fits."""

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, overload

MAX_STATE_BYTES = 262_144
"""Of a state's input or output, as JSON in UTF-8:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

ROOM = 248_000
"""Bytes that the lists in one state's data take together; the rest is for what stands around them."""

MAX_IDS = 500
"""Ids that are named for one target.

An error's cause carries two such lists, with each quote escaped, and has at most 32,768 characters:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionFailedEventDetails.html
"""

_ID = re.compile(r"cr-[0-9A-Za-z-]{1,32}")
_MORE = re.compile(r"([0-9]{1,9}) more")

_T = TypeVar("_T")


class InvalidEvent(Exception):  # noqa: N818 - the name is what the state machine shows
    """A function was called with an event that its contract does not allow."""


def _checked(name: str, value: Any, kind: type[_T]) -> _T:
    # bool is an int to Python, and no number to anybody else.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidEvent(f"{name!r} must be {kind.__name__}, not {type(value).__name__}. Mend the event.")
    return value


def _object_with(event: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"The event must be an object with {name!r}, not {type(event).__name__}. Mend the event.")
    return event


def required(event: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """The field of that name.

    Raises:
        InvalidEvent: if it is missing or of another type.
    """
    if name not in _object_with(event, name):
        raise InvalidEvent(f"{name!r} is missing from the event, which has {sorted(event)}. Mend the event.")
    return _checked(name, event[name], kind)


def json_object(text: str) -> Mapping[str, Any]:
    """The object that a JSON text is, as an error's message carries one.

    Raises:
        InvalidEvent: if it is none.
    """
    try:
        value = json.loads(text)
    except ValueError:
        raise InvalidEvent(f"An outcome must be a JSON object, not {text[:80]!r}.") from None
    if not isinstance(value, Mapping):
        raise InvalidEvent(f"An outcome must be a JSON object, not {type(value).__name__}.")
    return value


def number(event: Mapping[str, Any], name: str) -> float:
    """The number of that name, with or without a fraction.

    Raises:
        InvalidEvent: if it is missing or no number.
    """
    value = _object_with(event, name).get(name)
    return float(value) if isinstance(value, float) else float(required(event, name, int))


@overload
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: None) -> _T | None: ...
@overload
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: _T) -> _T: ...
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: _T | None) -> _T | None:
    """The field of that name, or the default if it is missing or null.

    Raises:
        InvalidEvent: if it is of another type.
    """
    value = _object_with(event, name).get(name)
    return default if value is None else _checked(name, value, kind)


def lists(event: Mapping[str, Any], name: str) -> list[list[Any]]:
    """The lists that the field's list has.

    Raises:
        InvalidEvent: if it is missing or no list, or something in it is no list.
    """
    return [_checked(name, value, list) for value in required(event, name, list)]


def texts(event: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The field's texts; none if it is missing or null.

    Raises:
        InvalidEvent: if it is no list, or something in it is no text.
    """
    return tuple(_checked(name, value, str) for value in optional(event, name, list, []))


def moment(text: str, name: str) -> datetime:
    """The time that a field says.

    Raises:
        InvalidEvent: if it says none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidEvent(f"{name!r} must be a time in ISO 8601, not {text[:80]!r}. Mend the event.") from None


def instant(event: Mapping[str, Any], name: str) -> datetime:
    """The time that a field says, with its zone.

    Raises:
        InvalidEvent: if it is missing, or says none.
    """
    text = required(event, name, str)
    said = moment(text, name)
    if said.tzinfo is None:
        raise InvalidEvent(f"{name!r} must be a time with its zone, not {text[:80]!r}. Mend the event.")
    return said


def cut_ids(ids: Sequence[str], more: int = 0) -> list[str]:
    """The first ids, and an entry such as `3000 more` for those that are not named.

    Whoever reads the list knows by that entry that it is not whole: a reservation that is not in it may have been
    recorded all the same, and must not be taken for bought twice.

    Args:
        ids: reservation ids.
        more: reservations beside these.
    """
    left_out = more + max(0, len(ids) - MAX_IDS)
    return [*ids[:MAX_IDS], *([f"{left_out} more"] if left_out else [])]


def parsed_ids(entries: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """The ids of a list that `cut_ids` made, and how many it does not name.

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


def ids_to_text(ids: Sequence[str], more: int = 0) -> str:
    """The list as a table has it."""
    return ",".join(cut_ids(ids, more))


def ids_from_text(text: str) -> tuple[tuple[str, ...], int]:
    """The list that a table has."""
    return parsed_ids(entry for part in text.split(",") if (entry := part.strip()))


def size_of(event: Any) -> int:
    """Bytes of an event, with the comma that follows it."""
    return len(json.dumps(event, ensure_ascii=False).encode()) + 2


def in_turns(items: Sequence[_T], room: int, size: Callable[[_T], int], turn: str | None = None) -> Sequence[_T]:
    """The items as they are if all fit; else in another order each time, so that none is left out for ever.

    Args:
        items: of equal importance.
        room: bytes.
        size: an item's bytes.
        turn: what the order follows from; None: chance.
    """
    if sum(size(item) for item in items) <= room:
        return items
    # Fairness, not secrecy.
    return random.Random(turn).sample(items, len(items))  # noqa: S311


def fitting(items: Iterable[_T], room: int, size: Callable[[_T], int]) -> tuple[list[_T], int]:
    """The items that fit; one that does not makes room for smaller ones after it.

    Args:
        items: the most important first.
        room: bytes.
        size: an item's bytes.

    Returns:
        The items, and the bytes that are left.
    """
    taken: list[_T] = []
    for item in items:
        needed = size(item)
        if needed <= room:
            taken.append(item)
            room -= needed
    return taken, room
