"""What Step Functions would charge for and log, read from the history of an execution."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]

LOGGED = frozenset({"LambdaFunctionFailed", "LambdaFunctionTimedOut", "TaskFailed", "TaskTimedOut", "ExecutionFailed"})
"""Events that a state machine with the log level ERROR writes to its log group, of those that runs have.

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
    """State transitions as they are charged, repeats included: https://aws.amazon.com/step-functions/pricing/

    An inline Map's iterations are none by themselves:
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-transitions.html
    """
    events = list(history)
    return sum(states(events).values()) + repeats(events)


def entered(history: Iterable[Event], name: str) -> datetime | None:
    """When a state was first entered, on the wall; None if never."""
    entries = (e["timestamp"] for e in history if e.get("stateEnteredEventDetails", {}).get("name") == name)
    return next(entries, None)


def log_bytes(history: Iterable[Event], execution: str) -> int:
    """Bytes of the state machine's own log, which the local cloud does not write."""
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
