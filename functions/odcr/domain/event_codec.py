"""Dataclasses that pass between the states as JSON objects."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Self, get_args, get_origin, get_type_hints

from odcr.domain.amounts import amount, as_json
from odcr.domain.wire import InvalidEvent, checked, cut_ids, object_with, optional, parsed_ids, required


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
            InvalidEvent: if it is not an object, or a field is missing or of another type.
        """
        first = _parts_of(cls)[0]
        if not first.way.flat:
            # A flat Event checks this itself, for its own first field.
            object_with(event, first.name)
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
                    values[part.field], beside = parsed_ids(checked(part.name, entry, str) for entry in value)
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
        if kind is int and self.kind is Decimal and isinstance(object_with(event, self.name).get(self.name), float):
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
