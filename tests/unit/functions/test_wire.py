"""Every event survives its way between two states, and a wrong one is told by the field's name."""

import json
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odcr.domain.amounts import amount
from odcr.domain.calendar import Rest
from odcr.domain.event_codec import Event
from odcr.domain.messages import Change
from odcr.domain.misfits import MAX_SENTENCE, InstanceLook, Misfits
from odcr.domain.outcome import Outcome, Status
from odcr.domain.shortfall import Pool, Shortfall
from odcr.domain.target import (
    Announcement,
    Judgement,
    Member,
    OptionRow,
    ReservationOptions,
    Strategy,
    Target,
    TargetKey,
    Terms,
    Unit,
    Verdict,
)
from odcr.domain.use import Use
from odcr.domain.wire import InvalidEvent
from odcr.domain.wording import MAX_REASON

EVENTS = (
    TargetKey,
    ReservationOptions,
    Terms,
    OptionRow,
    Announcement,
    Judgement,
    Rest,
    Use,
    Misfits,
    InstanceLook,
    Member,
    Target,
    Outcome,
    Pool,
    Shortfall,
    Change,
)
_MOMENTS = st.datetimes().map(lambda moment: moment.isoformat())
_NOT_WRITTEN = ("short_since", "verdict", "deadline", "met_since")
"""Of a change."""

_IDS = st.lists(st.from_regex(r"cr-[0-9a-f]{4}", fullmatch=True), max_size=3).map(tuple)
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "end_date": st.none() | _MOMENTS,
    "start_at": st.none() | _MOMENTS,
    "deadline": _MOMENTS,
    "more_ids": st.integers(0, 999_999_999),
    "reason": st.text(max_size=MAX_REASON),
    "sentence": st.text(max_size=MAX_SENTENCE),
}
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(),
    str: st.text(max_size=20),
    Status: st.sampled_from(Status),
    Verdict: st.sampled_from(Verdict),
    NoneType: st.none(),
    Decimal: st.decimals(0, 10**9, places=3).map(amount),
    Strategy: st.sampled_from(Strategy),
    Unit: st.sampled_from(Unit),
}
_AMOUNTS = {"LastTarget", "LastWeight", "TargetCapacity", "Reserved", "Acquired", "Lost", "Weight"}


def event(kind: type[Event]) -> st.SearchStrategy[Any]:
    """Events of that class, some fields of which have their defaults."""
    hints = get_type_hints(kind)
    strategies = {
        field.name: st.one_of(
            *([] if field.default is MISSING else [st.just(field.default)]),
            _BY_NAME[field.name] if field.name in _BY_NAME else _of(hints[field.name], needs_one=kind is Shortfall),
        )
        for field in fields(kind)
        # An outcome is of a group, whose pools have none of their own, or of a pool.
        if (kind is not Change or field.name not in _NOT_WRITTEN) and (kind, field.name) != (Outcome, "pools")
    }
    return st.builds(kind, **strategies)


def _of(hint: Any, *, needs_one: bool = False) -> st.SearchStrategy[Any]:
    if isinstance(hint, UnionType):
        return st.one_of(*map(_of, get_args(hint)))
    if get_origin(hint) is tuple:
        element = get_args(hint)[0]
        return _IDS if element is str else st.lists(_of(element), min_size=needs_one, max_size=2).map(tuple)
    return _BY_TYPE[hint] if hint in _BY_TYPE else event(hint)


@given(st.one_of(*map(event, EVENTS)))
def test_every_event_survives_json(original: Event) -> None:
    copy = type(original).from_event(json.loads(json.dumps(original.to_event())))
    expected = replace(original, reason="") if isinstance(original, Change) else original
    # Two keys are equal whether or not the zone's name is known.
    assert (copy, repr(copy)) == (expected, repr(expected))


@given(st.one_of(*map(event, EVENTS)), st.data())
def test_a_field_of_another_type_is_named(original: Event, data: st.DataObject) -> None:
    event_fields = original.to_event()
    if not event_fields:
        return
    name = data.draw(st.sampled_from(sorted(event_fields)))
    wrong = "1.5" if name in _AMOUNTS else 1.5
    with pytest.raises(InvalidEvent, match=f"^'{name}' must be .*, not {type(wrong).__name__}. Fix the event.$"):
        type(original).from_event(event_fields | {name: wrong})


@given(st.one_of(*map(event, EVENTS)), st.data())
def test_a_field_that_is_missing_is_named_or_has_its_default(original: Event, data: st.DataObject) -> None:
    event_fields = original.to_event()
    if not event_fields:
        return
    name = data.draw(st.sampled_from(sorted(event_fields)))
    del event_fields[name]
    try:
        assert name not in type(original).from_event(event_fields).to_event()
    except InvalidEvent as error:
        # Without its pools, one is looked for that stands beside the other fields.
        missing = "InstanceType" if name == "Pools" else name
        assert f"{error}".startswith(f"'{missing}' is missing from the event")  # noqa: PT017 - either is right


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("value", [None, [], "{}", 1])
def test_an_event_that_is_not_an_object_is_reported(kind: type[Event], value: Any) -> None:
    with pytest.raises(InvalidEvent, match="The event must be an object"):
        kind.from_event(value)


def test_an_entry_of_a_list_is_checked_as_well() -> None:
    short = {"InstanceType": "m5.large", "AvailabilityZone": "us-east-1a", "TargetCapacity": 1, "Reserved": 0}
    for ids, kind in (([1], "int"), ([None], "NoneType")):
        with pytest.raises(InvalidEvent, match=f"'ReservationIds' must be str, not {kind}"):
            Shortfall.from_event(short | {"ReservationIds": ids})
    with pytest.raises(InvalidEvent, match="'AvailabilityZone' is missing"):
        Target.from_event(short | {"OptionsElsewhere": [{}]})
    with pytest.raises(InvalidEvent, match="'EndDate' must be a time in ISO 8601, not 'tomorrow'"):
        Shortfall.from_event(short | {"EndDate": "tomorrow"})
