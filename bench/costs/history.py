"""What Step Functions would charge for and log of an executed history."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Event = Mapping[str, Any]

LOGGED = frozenset({"LambdaFunctionFailed", "LambdaFunctionTimedOut", "TaskFailed", "TaskTimedOut", "ExecutionFailed"})
"""Events that a state machine with the log level ERROR writes to its log group, as far as runs have them.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

EVENT_BYTES = 26
"""What CloudWatch adds to each message when it counts bytes.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

_TASK_ROOT = re.compile(r"/[^\s\"]*?/lambda-\w+/[0-9a-f]{32}/")
"""Where the local cloud unpacks an artifact."""


def states(history: Iterable[Event]) -> Counter[str]:
    """How often each state was entered."""
    return Counter(
        event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
    )


def repeats(history: Iterable[Event]) -> int:
    """How often tasks were started beyond the first time: a Retry enters no state anew."""
    kinds = Counter(event["type"] for event in history)
    return kinds["LambdaFunctionScheduled"] + kinds["TaskScheduled"] - kinds["TaskStateEntered"]


def transitions(history: Iterable[Event]) -> int:
    """State transitions with repeats, as they are charged: https://aws.amazon.com/step-functions/pricing/

    An inline Map's iterations are none by themselves:
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-transitions.html
    """
    events = list(history)
    return sum(states(events).values()) + repeats(events)


def errors_before_repeats(history: Iterable[Event]) -> dict[tuple[str, str], list[str]]:
    """The errors after which ReserveCapacity was repeated, by type and zone, in the order of the Map's items."""
    by_id = {event["id"]: event for event in history}
    attempts: dict[int, tuple[tuple[str, str], list[str]]] = {}
    for event in by_id.values():
        if event["type"] != "LambdaFunctionScheduled":
            continue
        given = json.loads(event["lambdaFunctionScheduledEventDetails"].get("input") or "{}")
        if "Index" not in given:
            continue
        target = given["Target"]
        _, errors = attempts.setdefault(given["Index"], ((target["InstanceType"], target["AvailabilityZone"]), []))
        if given["Attempt"] > 0:
            errors.append(by_id[event["previousEventId"]]["lambdaFunctionFailedEventDetails"]["error"])
    return dict(attempts[index] for index in sorted(attempts))


def log_bytes(history: Iterable[Event], execution: str) -> int:
    """Bytes that the state machine's own log would take; the local cloud writes none."""
    return sum(_line_bytes(event, execution) for event in history if event["type"] in LOGGED)


def _line_bytes(event: Event, execution: str) -> int:
    details: Event = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    line = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": details,
        "previous_event_id": str(event.get("previousEventId", "")),
        "event_timestamp": "1700000000000",
        "execution_arn": execution,
    }
    return len(as_on_lambda(json.dumps(line, separators=(",", ":"), default=str)).encode()) + EVENT_BYTES


def as_on_lambda(text: str) -> str:
    """A traceback's lines as they are on Lambda, where the code is in /var/task."""
    return _TASK_ROOT.sub("/var/task/", text)
