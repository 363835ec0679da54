"""Reading the events that pass between the states, with errors that name the field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, overload

_T = TypeVar("_T")


class InvalidEvent(Exception):  # noqa: N818 - the name is what the state machine shows
    """A function was called with an event that its contract does not allow."""


def _checked(name: str, value: Any, kind: type[_T]) -> _T:
    # bool is an int to Python, and no number to anybody else.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidEvent(f"{name!r} must be {kind.__name__}, not {type(value).__name__}. Mend the event.")
    return value


def required(event: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """The field of that name.

    Raises:
        InvalidEvent: if it is missing or of another type.
    """
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"The event must be an object with {name!r}, not {type(event).__name__}. Mend the event.")
    if name not in event:
        raise InvalidEvent(f"{name!r} is missing from the event, which has {sorted(event)}. Mend the event.")
    return _checked(name, event[name], kind)


@overload
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: None) -> _T | None: ...
@overload
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: _T) -> _T: ...
def optional(event: Mapping[str, Any], name: str, kind: type[_T], default: _T | None) -> _T | None:
    """The field of that name, or the default if it is missing or null.

    Raises:
        InvalidEvent: if it is of another type.
    """
    value = event.get(name)
    return default if value is None else _checked(name, value, kind)


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
