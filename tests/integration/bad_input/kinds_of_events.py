"""Bad events for each handler, and the words that each error has to contain."""

from dataclasses import dataclass
from typing import Any

from tests.integration.bad_input.product import GOOD, GOOD_TARGET

EXECUTION = "by-hand"
"""The name of the events' run."""

Event = dict[str, Any]
KEY: Event = {"InstanceType": GOOD[0], "AvailabilityZone": GOOD[1]}
TARGET: Event = {**KEY, "TargetCapacity": GOOD_TARGET, "CurrentCapacity": 0, "LastStatus": None}
SHORTFALL: Event = {**TARGET, "Reserved": 0, "ReservationIds": [], "Outcome": {}}
OUTCOME: Event = {**KEY, "Status": "SHORT", "TargetCapacity": GOOD_TARGET, "Reserved": 0, "ReservationIds": []}
STARTED = "2026-11-11T00:00:00Z"

GOOD_EVENTS: dict[str, Event] = {
    "LoadTargets": {"Execution": EXECUTION, "StartedAt": STARTED, "LeaseSeconds": 180},
    "FindShortfalls": {
        "Execution": EXECUTION,
        "Targets": [TARGET],
        "Rejected": [],
        "Prices": [],
        "Complete": True,
        "StartedAt": STARTED,
        "AskSeconds": 105,
    },
    "ReserveCapacity": {
        "Target": SHORTFALL,
        "Execution": EXECUTION,
        "StartedAt": STARTED,
        "EnteredAt": STARTED,
        "Attempt": 0,
        "AskEvery": 5.0,
        "AskUntil": "2099-11-11T00:00:00Z",
    },
    "RecordResults": {
        "Execution": EXECUTION,
        "Branches": [[SHORTFALL | {"Outcome": OUTCOME}]],
        "Observed": [],
        "Rejected": [],
        "Next": False,
        "Failures": 0,
        "Left": False,
    },
    "PrepareDatabase": {"Execution": EXECUTION},
}
"""By handler; each kind changes one of them."""


@dataclass(frozen=True)
class EventKind:
    """One kind of bad event."""

    name: str
    handler: str
    event: Any
    says: tuple[str, ...]
    """Words in the error's message: which field, and what is wrong with it."""
    error: str = "InvalidEvent"


def changed(event: Event, changes: Event) -> Event:
    """The event with these changes; a field that becomes Ellipsis is left out."""
    return {name: value for name, value in (event | changes).items() if value is not ...}


def load(name: str, *says: str, **changes: Any) -> EventKind:
    return EventKind(f"LoadTargets: {name}", "LoadTargets", changed(GOOD_EVENTS["LoadTargets"], changes), says)


def find(name: str, *says: str, error: str = "InvalidEvent", **changes: Any) -> EventKind:
    """A FindShortfalls event with one target, valid except for the changes."""
    event = GOOD_EVENTS["FindShortfalls"] | {"Targets": [changed(TARGET, changes)]}
    return EventKind(f"FindShortfalls: {name}", "FindShortfalls", event, says, error)


def altered(handler: str, name: str, *says: str, **changes: Any) -> EventKind:
    """An event that is valid except for the changes."""
    return EventKind(f"{handler}: {name}", handler, changed(GOOD_EVENTS[handler], changes), says)


def reserve(name: str, *says: str, error: str = "InvalidEvent", **changes: Any) -> EventKind:
    """A ReserveCapacity event with a shortfall, valid except for the changes."""
    event = GOOD_EVENTS["ReserveCapacity"] | {"Target": changed(SHORTFALL, changes)}
    return EventKind(f"ReserveCapacity: {name}", "ReserveCapacity", event, says, error)


def record(name: str, *says: str, **changes: Any) -> EventKind:
    """A RecordResults event with an outcome, valid except for the changes."""
    return recording(name, changed(OUTCOME, changes), *says)


def recording(name: str, outcome: Any, *says: str) -> EventKind:
    """A RecordResults event with this outcome."""
    return altered("RecordResults", name, *says, Branches=[[SHORTFALL | {"Outcome": outcome}]])


FIX = "Fix the event"
_FIRST = {
    "LoadTargets": "Execution",
    "FindShortfalls": "StartedAt",
    "ReserveCapacity": "Target",
    "RecordResults": "Execution",
    "PrepareDatabase": "Execution",
}
"""The field that each handler reads first."""

SHAPES = [
    EventKind(f"{handler}: {name}", handler, event, ("must be an object", f"'{_FIRST[handler]}'", kind, FIX))
    for handler in GOOD_EVENTS
    for name, event, kind in (("null", None, "NoneType"), ("a list", [], "list"), ("a text", "{}", "str"))
]

LOADS = [
    load("no Execution", "'Execution' is missing", "LeaseSeconds", FIX, Execution=...),
    load("Execution is null", "'Execution' must be str, not NoneType", FIX, Execution=None),
    load("Execution is a number", "'Execution' must be str, not int", FIX, Execution=1),
    load("Execution is empty", "'Execution'", "empty", Execution=""),
    load("LeaseSeconds is text", "'LeaseSeconds' must be int, not str", FIX, LeaseSeconds="180"),
    load("LeaseSeconds is true", "'LeaseSeconds' must be int, not bool", FIX, LeaseSeconds=True),
]

FINDS = [
    altered("FindShortfalls", "no Targets", "'Targets' is missing", FIX, Targets=...),
    altered("FindShortfalls", "Targets is null", "'Targets' must be list", "NoneType", FIX, Targets=None),
    altered("FindShortfalls", "Targets is an object", "'Targets' must be list", "dict", Targets=TARGET),
    altered("FindShortfalls", "a target is null", "object", "NoneType", FIX, Targets=[None]),
    EventKind(
        "FindShortfalls: a rejected row of unknown Status",
        "FindShortfalls",
        GOOD_EVENTS["FindShortfalls"] | {"Rejected": [OUTCOME | {"Status": "LOST"}]},
        ("'Status' must be one of", "INVALID", "'LOST'"),
    ),
    find("no InstanceType", "'InstanceType' is missing", FIX, InstanceType=...),
    find("TargetCapacity is null", "'TargetCapacity' must be int, not NoneType", FIX, TargetCapacity=None),
    find("TargetCapacity is text", "'TargetCapacity' must be int, not str", FIX, TargetCapacity="2"),
    find("TargetCapacity is not whole", "'TargetCapacity' must be int, not float", FIX, TargetCapacity=2.5),
    find("Withdrawn is text", "'Withdrawn' must be bool, not str", FIX, Withdrawn="no"),
    altered("FindShortfalls", "no Execution", "'Execution' is missing", FIX, Execution=...),
    altered("FindShortfalls", "no Prices", "'Prices' is missing", FIX, Prices=...),
    altered("FindShortfalls", "a price is text", "must be an object", FIX, Prices=["0.71"]),
    altered(
        "FindShortfalls",
        "a price is below 0",
        "'HourlyPrice' must be an amount that is not below 0",
        FIX,
        Prices=[{"InstanceType": "m5.large", "Region": "us-east-1", "HourlyPrice": "-1"}],
    ),
    altered("FindShortfalls", "no Complete", "'Complete' is missing", FIX, Complete=...),
    altered("FindShortfalls", "Rejected is an object", "'Rejected' must be list, not dict", FIX, Rejected=OUTCOME),
    altered("FindShortfalls", "no StartedAt", "'StartedAt' is missing", FIX, StartedAt=...),
    altered("FindShortfalls", "StartedAt is a number", "'StartedAt' must be str, not int", FIX, StartedAt=1),
    altered(
        "FindShortfalls", "StartedAt has no zone", "'StartedAt' must be a time with its zone", StartedAt=STARTED[:-1]
    ),
    altered("FindShortfalls", "no AskSeconds", "'AskSeconds' is missing", FIX, AskSeconds=...),
    altered("FindShortfalls", "AskSeconds is text", "'AskSeconds' must be int, not str", FIX, AskSeconds="105"),
]

RESERVES = [
    EventKind("ReserveCapacity: no Target", "ReserveCapacity", {"Attempt": 0}, ("'Target' is missing", "Attempt", FIX)),
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
        ("'Attempt' must be int, not str", FIX),
    ),
    altered("ReserveCapacity", "no AskEvery", "'AskEvery' is missing", FIX, AskEvery=...),
    altered("ReserveCapacity", "AskEvery is text", "'AskEvery' must be int, not str", FIX, AskEvery="5"),
    altered("ReserveCapacity", "AskEvery is true", "'AskEvery' must be int, not bool", FIX, AskEvery=True),
    altered("ReserveCapacity", "no AskUntil", "'AskUntil' is missing", FIX, AskUntil=...),
    altered("ReserveCapacity", "AskUntil is a number", "'AskUntil' must be str, not int", FIX, AskUntil=105),
    altered(
        "ReserveCapacity", "AskUntil is not a time", "'AskUntil' must be a time in ISO 8601", "'soon'", AskUntil="soon"
    ),
    altered(
        "ReserveCapacity", "AskUntil has no zone", "'AskUntil' must be a time with its zone", AskUntil=STARTED[:-1]
    ),
    altered("ReserveCapacity", "StartedAt is null", "'StartedAt' must be str, not NoneType", FIX, StartedAt=None),
    altered("ReserveCapacity", "no EnteredAt", "'EnteredAt' is missing", FIX, EnteredAt=...),
    reserve("Outcome is a number", "'Outcome' must be dict, not int", FIX, Outcome=1),
    reserve("Outcome is a list", "'Outcome' must be dict, not list", FIX, Outcome=[OUTCOME]),
    reserve("Outcome is text", "'Outcome' must be dict, not str", FIX, Outcome="dry"),
    reserve("Outcome.Before is a number", "'Outcome' must be dict, not int", Outcome={"Before": 1, "Reason": "x"}),
    reserve("Outcome has a Before and no Reason", "'Reason' is missing", FIX, Outcome={"Before": {}}),
    reserve("no Reserved", "'Reserved' is missing", FIX, Reserved=...),
    reserve("TargetCapacity is true", "'TargetCapacity' must be int, not bool", FIX, TargetCapacity=True),
    reserve("ReservationIds is text", "'ReservationIds' must be list, not str", FIX, ReservationIds="cr-1"),
    reserve("Platform is a number", "'Platform' must be str, not int", FIX, Platform=1),
    reserve("EndDate is not a date", "'EndDate'", "'tomorrow'", EndDate="tomorrow"),
    reserve("an invalid zone", "'moon' is not an Availability Zone", error="ValueError", AvailabilityZone="moon"),
]

RECORDS = [
    altered("RecordResults", "no Branches", "'Branches' is missing", "Execution", FIX, Branches=...),
    altered("RecordResults", "Branches is an object", "'Branches' must be list, not dict", FIX, Branches={}),
    altered("RecordResults", "a branch is an object", "'Branches' must be list, not dict", FIX, Branches=[SHORTFALL]),
    altered("RecordResults", "a branch is null", "'Branches' must be list, not NoneType", FIX, Branches=[None]),
    altered("RecordResults", "an item is null", "must be an object with 'Outcome', not NoneType", Branches=[[None]]),
    altered("RecordResults", "no Next", "'Next' is missing", FIX, Next=...),
    altered("RecordResults", "Next is text", "'Next' must be bool, not str", FIX, Next="no"),
    altered("RecordResults", "no Failures", "'Failures' is missing", FIX, Failures=...),
    altered("RecordResults", "no Left", "'Left' is missing", FIX, Left=...),
    altered("RecordResults", "Left is a number", "'Left' must be bool, not int", FIX, Left=0),
    EventKind(
        "RecordResults: Observed is an object",
        "RecordResults",
        GOOD_EVENTS["RecordResults"] | {"Observed": OUTCOME},
        ("'Observed' must be list, not dict", FIX),
    ),
    EventKind(
        "RecordResults: Failure is an object",
        "RecordResults",
        GOOD_EVENTS["RecordResults"] | {"Failure": {"Error": "x"}},
        ("'Failure' must be str, not dict", FIX),
    ),
    record("no Status", "'Status' is missing", FIX, Status=...),
    record("Status is null", "'Status' must be str, not NoneType", FIX, Status=None),
    record("an unknown Status", "'Status' must be one of", "FULFILLED", "SHORT", "'DONE'", Status="DONE"),
    record("a lower-case Status", "'Status' must be one of", "FULFILLED", "'fulfilled'", Status="fulfilled"),
    record("Reserved is text", "'Reserved' must be int, not str", FIX, Reserved="2"),
    record("a reservation's id is a number", "'ReservationIds'", "int", ReservationIds=[1]),
    record("a reservation's id is null", "'ReservationIds'", "NoneType", ReservationIds=[None]),
    recording("an outcome is text", "Task timed out after 900.00 seconds", "'Outcome' must be dict, not str", FIX),
    recording("an outcome is empty text", "", "'Outcome' must be dict, not str", FIX),
    recording("an outcome is a list's JSON", "[]", "'Outcome' must be dict, not str", FIX),
    recording("an outcome is a list", [OUTCOME], "'Outcome' must be dict, not list", FIX),
    recording("an outcome is a number", 1, "'Outcome' must be dict, not int", FIX),
]

EVENTS = [*SHAPES, *LOADS, *FINDS, *RESERVES, *RECORDS]
