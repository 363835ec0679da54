"""Watches a deployed stack from outside, as a person would in the console, and prints what changes."""

import json
import time
from typing import Any

from demo.screen import Part, Screen
from demo.story import TARGETS, VCPUS, Key
from deployment.stack import OWNER_TAG, Stack

_BAR = 20
_EXPECTED = {"LoginRefused": "the database does not know odcr yet, so it is prepared first"}
"""Errors that are expected here, with their meaning."""
_GROUP_TAG = "odcr:group"


class Observer:
    """Prints runs, their states and the progress of the targets as they happen.

    Args:
        stack: what to watch.
        screen: where to print.
    """

    def __init__(self, stack: Stack, screen: Screen) -> None:
        self._stack = stack
        self._screen = screen
        self._began = time.monotonic()
        self._events_seen: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        """The runs that printed something, numbered. Other runs found the lease taken."""
        self._asking: set[str] = set()
        """The runs that are asking EC2."""
        self._told: set[tuple[int, str]] = set()
        self._held: dict[Key, int] = dict.fromkeys(TARGETS, 0)
        self.overbought: list[str] = []
        """A text for each time that more was held than wanted; must stay empty."""

    def say(self, *parts: Part) -> None:
        """Prints a line with the time since the start."""
        seconds = int(time.monotonic() - self._began)
        self._screen.say((f"{seconds // 60}:{seconds % 60:02}", "dim"), "  ", *parts)

    def say_of(self, key: Key, *parts: Part) -> None:
        """Prints a line about a target."""
        self.say("         ", (f"{key[0]:<12} {key[1]:<16}", "bold"), " ", *parts)

    @property
    def sees_asking(self) -> bool:
        """Whether a run is asking EC2."""
        return bool(self._asking)

    def look(self) -> None:
        """Prints what is new since the last look."""
        self._look_at_runs()
        self._look_at_reservations()

    def _look_at_reservations(self) -> None:
        held = dict.fromkeys(TARGETS, 0)
        for reservation in self._stack.reservations():
            tags = {tag["Key"]: tag["Value"] for tag in reservation.get("Tags", [])}
            if OWNER_TAG in tags and reservation["State"] in ("active", "pending"):
                pool = (reservation["InstanceType"], reservation["AvailabilityZone"])
                group = tags.get(_GROUP_TAG)
                key, weight = (("group", group), VCPUS[pool]) if group else (pool, 1)
                held[key] = held.get(key, 0) + weight * reservation["TotalInstanceCount"]
        for key, count in held.items():
            if count != self._held.get(key):
                target = TARGETS.get(key, 0)
                bar = self._screen.bar(_BAR * count // target if target else _BAR, _BAR)
                self.say_of(key, f"{bar} {count}/{target} {_unit(key)}held")
            if count > TARGETS.get(key, 0):
                self.overbought.append(f"{count} of {TARGETS.get(key, 0)} {_unit(key)}{key[0]} {key[1]}")
        self._held = held

    def _look_at_runs(self) -> None:
        machine = self._stack.outputs["StateMachineArn"]
        executions = self._stack.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        for execution in sorted(executions, key=lambda execution: execution["startDate"]):
            arn = execution["executionArn"]
            seen = self._events_seen.get(arn, 0)
            if seen < 0:
                continue
            if arn not in self._events_seen:
                self._events_seen[arn] = 0
            events = self._stack.history(arn)
            for event in events[seen:]:
                self._tell(arn, event, events)
            ended = execution["status"] != "RUNNING" and events and events[-1]["type"].startswith("Execution")
            self._events_seen[arn] = -1 if ended else len(events)

    def _tell(self, arn: str, event: dict[str, Any], events: list[dict[str, Any]]) -> None:
        kind = event["type"]
        if kind == "LambdaFunctionScheduled" and _state_of(event, events) == "ReserveCapacity":
            self._asking.add(arn)
        elif kind == "MapStateSucceeded":
            self._asking.discard(arn)
        elif kind in ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"):
            self._asking.discard(arn)
            detail = event.get("executionFailedEventDetails", {}).get("error", "")
            if number := self._numbers.get(arn):
                self._say_of_run(number, f"{kind.removeprefix('Execution').lower()} {detail}")
        elif kind == "LambdaFunctionFailed":
            self._line(arn, _state_of(event, events), _refusal(event, events))
        elif kind == "TaskStateExited":
            details = event["stateExitedEventDetails"]
            self._line(arn, details["name"], _result(details["name"], json.loads(details["output"])))

    def _line(self, arn: str, state: str, result: str) -> None:
        if not result:
            return
        if arn not in self._numbers:
            self._numbers[arn] = len(self._numbers) + 1
            self._say_of_run(self._numbers[arn], "started")
        number = self._numbers[arn]
        # Repeated attempts may have the same result; print it once.
        if (number, result) not in self._told:
            self._told.add((number, result))
            self._say_of_run(number, f"{state:<15} {result}")

    def _say_of_run(self, number: int, text: str) -> None:
        self.say((f"run {number:<3}", "cyan"), "  ", text)


def _state_of(event: dict[str, Any], events: list[dict[str, Any]]) -> str:
    """The name of the state that an event belongs to."""
    entered = _before(event, events, "stateEntered")
    return str(entered["stateEnteredEventDetails"]["name"]) if entered else ""


def _before(event: dict[str, Any], events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The last event of a kind before this one in its strand; empty if there is none."""
    by_id = {other["id"]: other for other in events}
    while event and f"{kind}EventDetails" not in event:
        event = by_id.get(event["previousEventId"], {})
    return event


def _refusal(event: dict[str, Any], events: list[dict[str, Any]]) -> str:
    details, scheduled = event["lambdaFunctionFailedEventDetails"], _before(event, events, "lambdaFunctionScheduled")
    try:
        outcome = json.loads(json.loads(details["cause"])["errorMessage"])["Outcome"]
        target = json.loads(scheduled["lambdaFunctionScheduledEventDetails"]["input"])["Target"]
    except (KeyError, TypeError, ValueError):
        return _EXPECTED.get(str(details.get("error")), f"{details.get('error')}")
    return f"{_standing(target, outcome)}: {details['error']}"


def _result(state: str, output: Any) -> str:
    """What a state achieved; empty if its error was caught, as that was printed before."""
    match state, output:
        case "LoadTargets", {"Lease": "HELD", "Targets": targets}:
            return f"{len(targets)} targets, lease HELD"
        case "PrepareDatabase", {"Prepared": {"User": user}}:
            return f"made the database's user {user}"
        case "FindShortfalls", {"Branches": branches}:
            return f"{sum(len(branch['Shortfalls']) for branch in branches)} short"
        case "ReserveCapacity", {"Outcome": {"Status": status} as outcome}:
            return f"{_standing(output, outcome)}: {status}"
        case "RecordResults", {"Changes": changes}:
            return f"{len(changes)} changes"
        case "StartNextRun", {"ExecutionArn": _}:
            return "something is short, so the next run starts"
        case "StartUpdatePrices", {"ExecutionArn": _}:
            return "new targets have no price yet"
        case "PublishAnnouncement", {"Message": _}:
            return "one message to the SNS topic"
    return ""


def _standing(target: dict[str, Any], outcome: dict[str, Any]) -> str:
    (first, *_) = target.get("Pools") or [target]
    key = ("group", group) if (group := first.get("GroupName")) else (first["InstanceType"], "")
    what = f"{_unit(key)}of {' '.join(key)}" if group else key[0]
    return f"{outcome['Reserved']} of {target['TargetCapacity']} {what} held"


def _unit(key: Key) -> str:
    return "vCPUs " if key[0] == "group" else ""
