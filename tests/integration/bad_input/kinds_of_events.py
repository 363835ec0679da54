"""Bad events for each handler, and what a person needs to be told about each."""

from dataclasses import dataclass
from typing import Any

from tests.integration.bad_input.product import GOOD, GOOD_TARGET

EXECUTION = "by-hand"
"""The run for which the events are."""

Event = dict[str, Any]
KEY: Event = {"InstanceType": GOOD[0], "AvailabilityZone": GOOD[1]}
TARGET: Event = {**KEY, "TargetCapacity": GOOD_TARGET, "CurrentCapacity": 0, "LastStatus": None}
SHORTFALL: Event = {**TARGET, "Reserved": 0, "ReservationIds": []}
OUTCOME: Event = {**KEY, "Status": "SHORT", "TargetCapacity": GOOD_TARGET, "Reserved": 0, "ReservationIds": []}

GOOD_EVENTS: dict[str, Event] = {
    "LoadTargets": {"Execution": EXECUTION, "StartedAt": "2026-11-11T00:00:00Z", "LeaseSeconds": 1320},
    "FindShortfalls": {"Targets": [TARGET], "Rejected": []},
    "ReserveCapacity": {"Target": SHORTFALL, "Execution": EXECUTION, "Attempt": 0},
    "RecordResults": {"Execution": EXECUTION, "Outcomes": [OUTCOME], "Observed": [], "Rejected": []},
    "PrepareDatabase": {"Execution": EXECUTION},
}
"""By handler; each kind spoils one of them."""


@dataclass(frozen=True)
class EventKind:
    """One kind of bad event."""

    name: str
    handler: str
    event: Any
    says: tuple[str, ...]
    """Words of the error's message: which field, what is wrong with it."""
    error: str = "InvalidEvent"


def changed(event: Event, changes: Event) -> Event:
    """The event with other fields; one that becomes Ellipsis is left out."""
    return {name: value for name, value in (event | changes).items() if value is not ...}


def load(name: str, *says: str, **changes: Any) -> EventKind:
    return EventKind(f"LoadTargets: {name}", "LoadTargets", changed(GOOD_EVENTS["LoadTargets"], changes), says)


def find(name: str, *says: str, error: str = "InvalidEvent", **changes: Any) -> EventKind:
    """A FindShortfalls with one target that is right but for the changes."""
    event = {"Targets": [changed(TARGET, changes)], "Rejected": []}
    return EventKind(f"FindShortfalls: {name}", "FindShortfalls", event, says, error)


def reserve(name: str, *says: str, error: str = "InvalidEvent", **changes: Any) -> EventKind:
    """A ReserveCapacity with a shortfall that is right but for the changes."""
    event = GOOD_EVENTS["ReserveCapacity"] | {"Target": changed(SHORTFALL, changes)}
    return EventKind(f"ReserveCapacity: {name}", "ReserveCapacity", event, says, error)


def record(name: str, *says: str, **changes: Any) -> EventKind:
    """A RecordResults with an outcome that is right but for the changes."""
    return recording(name, changed(OUTCOME, changes), *says)


def recording(name: str, outcome: Any, *says: str) -> EventKind:
    """A RecordResults with this outcome."""
    event = GOOD_EVENTS["RecordResults"] | {"Outcomes": [outcome]}
    return EventKind(f"RecordResults: {name}", "RecordResults", event, says)


MEND = "Mend the event"
_FIRST = {
    "LoadTargets": "Execution",
    "FindShortfalls": "Targets",
    "ReserveCapacity": "Target",
    "RecordResults": "Execution",
    "PrepareDatabase": "Execution",
}
"""The field that each handler reads first."""

SHAPES = [
    EventKind(f"{handler}: {name}", handler, event, ("must be an object", f"'{_FIRST[handler]}'", kind, MEND))
    for handler in GOOD_EVENTS
    for name, event, kind in (("null", None, "NoneType"), ("a list", [], "list"), ("a text", "{}", "str"))
]

LOADS = [
    load("no Execution", "'Execution' is missing", "LeaseSeconds", MEND, Execution=...),
    load("Execution is null", "'Execution' must be str, not NoneType", MEND, Execution=None),
    load("Execution is a number", "'Execution' must be str, not int", MEND, Execution=1),
    load("Execution is empty", "'Execution'", "empty", Execution=""),
    load("LeaseSeconds is text", "'LeaseSeconds' must be int, not str", MEND, LeaseSeconds="1320"),
    load("LeaseSeconds is true", "'LeaseSeconds' must be int, not bool", MEND, LeaseSeconds=True),
]

FINDS = [
    EventKind("FindShortfalls: no Targets", "FindShortfalls", {}, ("'Targets' is missing", MEND)),
    EventKind(
        "FindShortfalls: Targets is null",
        "FindShortfalls",
        {"Targets": None},
        ("'Targets' must be list", "NoneType", MEND),
    ),
    EventKind(
        "FindShortfalls: Targets is an object",
        "FindShortfalls",
        {"Targets": TARGET},
        ("'Targets' must be list", "dict"),
    ),
    EventKind("FindShortfalls: a target is null", "FindShortfalls", {"Targets": [None]}, ("object", "NoneType", MEND)),
    EventKind(
        "FindShortfalls: a rejected row of unknown Status",
        "FindShortfalls",
        {"Targets": [TARGET], "Rejected": [OUTCOME | {"Status": "LOST"}]},
        ("'Status' must be one of", "INVALID", "'LOST'"),
    ),
    find("no InstanceType", "'InstanceType' is missing", MEND, InstanceType=...),
    find("TargetCapacity is null", "'TargetCapacity' must be int, not NoneType", MEND, TargetCapacity=None),
    find("TargetCapacity is text", "'TargetCapacity' must be int, not str", MEND, TargetCapacity="2"),
    find("TargetCapacity is half", "'TargetCapacity' must be int, not float", MEND, TargetCapacity=2.5),
    find("Withdrawn is text", "'Withdrawn' must be bool, not str", MEND, Withdrawn="no"),
]

RESERVES = [
    EventKind(
        "ReserveCapacity: no Target", "ReserveCapacity", {"Attempt": 0}, ("'Target' is missing", "Attempt", MEND)
    ),
    EventKind(
        "ReserveCapacity: Target is a list",
        "ReserveCapacity",
        {"Target": [SHORTFALL]},
        ("'Target' must be dict", "list"),
    ),
    EventKind(
        "ReserveCapacity: Attempt is text",
        "ReserveCapacity",
        GOOD_EVENTS["ReserveCapacity"] | {"Attempt": "0"},
        ("'Attempt' must be int, not str", MEND),
    ),
    reserve("no Reserved", "'Reserved' is missing", MEND, Reserved=...),
    reserve("TargetCapacity is true", "'TargetCapacity' must be int, not bool", MEND, TargetCapacity=True),
    reserve("ReservationIds is text", "'ReservationIds' must be list, not str", MEND, ReservationIds="cr-1"),
    reserve("Platform is a number", "'Platform' must be str, not int", MEND, Platform=1),
    reserve("EndDate is no date", "'EndDate'", "'tomorrow'", EndDate="tomorrow"),
    reserve("a zone that is none", "'moon' is not an Availability Zone", error="ValueError", AvailabilityZone="moon"),
]

RECORDS = [
    EventKind(
        "RecordResults: no Outcomes",
        "RecordResults",
        {"Execution": EXECUTION},
        ("'Outcomes' is missing", "Execution", MEND),
    ),
    EventKind(
        "RecordResults: Observed is an object",
        "RecordResults",
        GOOD_EVENTS["RecordResults"] | {"Observed": OUTCOME},
        ("'Observed' must be list, not dict", MEND),
    ),
    EventKind(
        "RecordResults: Failure is an object",
        "RecordResults",
        GOOD_EVENTS["RecordResults"] | {"Failure": {"Error": "x"}},
        ("'Failure' must be str, not dict", MEND),
    ),
    record("no Status", "'Status' is missing", MEND, Status=...),
    record("Status is null", "'Status' must be str, not NoneType", MEND, Status=None),
    record("an unknown Status", "'Status' must be one of", "FULFILLED", "SHORT", "'DONE'", Status="DONE"),
    record("a lower-case Status", "'Status' must be one of", "FULFILLED", "'fulfilled'", Status="fulfilled"),
    record("Reserved is text", "'Reserved' must be int, not str", MEND, Reserved="2"),
    record("a reservation's id is a number", "'ReservationIds'", "int", ReservationIds=[1]),
    record("a reservation's id is null", "'ReservationIds'", "NoneType", ReservationIds=[None]),
    recording(
        "an outcome is text but no JSON", "Task timed out after 900.00 seconds", "JSON object", "'Task timed out"
    ),
    recording("an outcome is empty text", "", "An outcome must be a JSON object", "''"),
    recording("an outcome is the JSON of a list", "[]", "An outcome must be a JSON object", "list"),
    recording("an outcome is the JSON of null", "null", "An outcome must be a JSON object", "NoneType"),
    recording("an outcome is a list", [OUTCOME], "object", "'Status'", "list", MEND),
    recording("an outcome is a number", 1, "object", "'Status'", "int", MEND),
]

EVENTS = [*SHAPES, *LOADS, *FINDS, *RESERVES, *RECORDS]
