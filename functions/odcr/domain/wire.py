"""Events between the states: reading, writing, and cutting them to what fits."""

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin, get_type_hints, overload

from odcr.domain.amounts import amount, as_json

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


def _checked(name: str, value: Any, kind: type[_T]) -> _T:
    # Python counts a bool as an int.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidEvent(f"{name!r} must be {kind.__name__}, not {type(value).__name__}. Fix the event.")
    return value


def _object_with(event: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"The event must be an object with {name!r}, not {type(event).__name__}. Fix the event.")
    return event


def required(event: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """The value of a field.

    Raises:
        InvalidEvent: if it is missing or of another type.
    """
    if name not in _object_with(event, name):
        raise InvalidEvent(f"{name!r} is missing from the event, which has {sorted(event)}. Fix the event.")
    return _checked(name, event[name], kind)


def number(event: Mapping[str, Any], name: str) -> float:
    """The number in a field, with or without a fraction.

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
    """The value of a field, or the default if it is missing or null.

    Raises:
        InvalidEvent: if it is of another type.
    """
    value = _object_with(event, name).get(name)
    return default if value is None else _checked(name, value, kind)


def lists(event: Mapping[str, Any], name: str) -> list[list[Any]]:
    """The lists in a field that has a list of them.

    Raises:
        InvalidEvent: if it is missing or no list, or something in it is no list.
    """
    return [_checked(name, value, list) for value in required(event, name, list)]


def moment(text: str, name: str) -> datetime:
    """The time that a text says.

    Args:
        text: ISO 8601.
        name: the field's name, for the error.

    Raises:
        InvalidEvent: if it is no time.
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


def cut_ids(ids: Sequence[str], more: int = 0) -> list[str]:
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


@dataclass(frozen=True, slots=True)
class As:
    """How to write a field of an Event, such as `Annotated[int, As("TargetCapacity")]`."""

    name: str = ""
    """The name in the event; empty: the field's own in PascalCase."""
    flat: bool = False
    """Whether the fields of this Event stand beside the others, also those of the only Event in a tuple."""
    same_as: str = ""
    """The name of an earlier field. With the same value as that one, this field is left out."""
    check: Callable[[str, str], object] | None = None
    """Called with a text and the field's name when it is read; raises InvalidEvent."""
    longest: int | None = None
    """Characters after which a text is cut; None: never."""
    is_more: bool = False
    """Whether this is the number of ids that the lists of ids do not name. It is an entry of the first list
    (`cut_ids`)."""
    is_left_out: bool = False
    """Whether to leave it out, as no reader needs it."""


@dataclass(frozen=True, slots=True)
class Event:
    """A dataclass that passes between the states as a JSON object.

    Its annotations say how. A field with its default value, or None, is left out; one that is missing or null gets its
    default. Types are bool, int, str, `Amount`, an enum of texts, another Event, `X | None` of these, a tuple of
    Events, and `tuple[str, ...]`, which is a list of reservation ids and may be cut.
    """

    def to_event(self) -> dict[str, Any]:
        """This Event as a JSON object."""
        event: dict[str, Any] = {}
        parts = _parts_of(type(self))
        more = next((getattr(self, part.field) for part in parts if part.way.is_more), 0)
        for part in parts:
            value = getattr(self, part.field)
            if part.way.flat and not (part.is_list and len(value) != 1):
                (nested,) = value if part.is_list else (value,)
                event |= nested.to_event()
            elif part.is_written:
                usual = getattr(self, part.way.same_as) if part.way.same_as else part.default
                if value != usual or (part.is_ids and more):
                    event[part.name] = cut_ids(value, more) if part.is_ids else part.written(value)
                more = 0 if part.is_ids else more
        return event

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Reads a JSON object.

        Raises:
            InvalidEvent: if it is no object, or a field is missing or of another type.
        """
        first = _parts_of(cls)[0]
        if not first.way.flat:
            # A flat Event checks this itself, for its own first field.
            _object_with(event, first.name)
        values: dict[str, Any] = {}
        more = 0
        for part in _parts_of(cls):
            if part.way.flat and not (part.is_list and isinstance(event, Mapping) and part.name in event):
                nested = part.kind.from_event(event)
                values[part.field] = (nested,) if part.is_list else nested
            elif part.is_written:
                usual = values[part.way.same_as] if part.way.same_as else part.default
                value = part.value_in(event, is_needed=usual is MISSING)
                if value is None:
                    values[part.field] = usual
                elif part.is_ids:
                    values[part.field], beside = parsed_ids(_checked(part.name, entry, str) for entry in value)
                    more = max(more, beside)
                else:
                    values[part.field] = part.read(value)
        return cls(**values, **{part.field: more for part in _parts_of(cls) if part.way.is_more})


@dataclass(frozen=True, slots=True)
class _Part:
    """A field of an Event."""

    field: str
    name: str
    kind: Any
    """Its type, or that of the tuple's elements."""
    is_list: bool
    default: Any
    """MISSING if the event has to have it."""
    way: As

    @property
    def is_ids(self) -> bool:
        return self.is_list and self.kind is str

    @property
    def is_written(self) -> bool:
        return not (self.way.is_more or self.way.is_left_out)

    def value_in(self, event: Mapping[str, Any], *, is_needed: bool) -> Any:
        """Its value in an object; None if it is missing and not needed."""
        kind = self._json_type
        if kind is int and self.kind is Decimal and isinstance(_object_with(event, self.name).get(self.name), float):
            kind = float
        return required(event, self.name, kind) if is_needed else optional(event, self.name, kind, None)

    @property
    def _json_type(self) -> type:
        if self.is_list:
            return list
        if self.kind is Decimal:
            return int
        return dict if issubclass(self.kind, Event) else str if issubclass(self.kind, str) else self.kind

    def written(self, value: Any) -> Any:
        if self.is_list:
            return [item.to_event() for item in value]
        if isinstance(value, Event):
            return value.to_event()
        if self.kind is Decimal:
            return as_json(value)
        return str(value)[: self.way.longest] if isinstance(value, str) else value

    def read(self, value: Any) -> Any:
        if self.is_list:
            return tuple(self.kind.from_event(item) for item in value)
        if issubclass(self.kind, Event):
            return self.kind.from_event(value)
        if self.kind is Decimal:
            return amount(value)
        if issubclass(self.kind, StrEnum):
            if value not in self.kind.__members__:
                raise InvalidEvent(
                    f"{self.name!r} must be one of {', '.join(self.kind)}, not {value!r}. Fix the event."
                )
            return self.kind(value)
        if self.way.check:
            self.way.check(value, self.name)
        return value


def _parts_of(kind: type[Event]) -> tuple[_Part, ...]:
    if kind not in _parts:
        hints = get_type_hints(kind, include_extras=True)
        _parts[kind] = tuple(_part(field, hints[field.name]) for field in fields(kind))
    return _parts[kind]


_parts: dict[type, tuple[_Part, ...]] = {}


def _part(field: Field[Any], hint: Any) -> _Part:
    way, default = As(), field.default
    if get_origin(hint) is Annotated:
        hint, way = get_args(hint)
    if isinstance(hint, UnionType):
        kinds = get_args(hint)
        # An Amount is an int or a Decimal.
        hint = Decimal if Decimal in kinds else next(kind for kind in kinds if kind is not NoneType)
        default = None if default is MISSING and NoneType in kinds else default
    is_list = get_origin(hint) is tuple
    kind = get_args(hint)[0] if is_list else hint
    name = way.name or "".join(word.capitalize() for word in field.name.split("_"))
    return _Part(field.name, name, kind, is_list, default, way)


def size_of(event: Any) -> int:
    """Bytes of an event in a list, including the comma and the blank after it."""
    return len(json.dumps(event, ensure_ascii=False).encode()) + 2


def in_turns(items: Sequence[_T], room: int, size: Callable[[_T], int], turn: str | None = None) -> Sequence[_T]:
    """The items as they are if all fit; otherwise shuffled, so that none is left out every time.

    Args:
        items: of equal importance.
        room: bytes of all items together.
        size: tells an item's bytes.
        turn: the seed, for the same order each time; None: chance.
    """
    if sum(size(item) for item in items) <= room:
        return items
    return random.Random(turn).sample(items, len(items))  # noqa: S311 - fairness, not secrecy


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
