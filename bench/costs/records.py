"""What an execution's history and the functions' logs say about a run."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

Event = Mapping[str, Any]

EVENT_BYTES = 26
"""Bytes that CloudWatch adds to each message.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

_REPORT = re.compile(r"REPORT .*?\tDuration: ([\d.]+) ms\t.*?\tLocal CPU: ([\d.]+) ms")
_INIT = re.compile(r"REPORT .*\tLocal Init CPU: ([\d.]+) ms")
_LOCAL = re.compile(r"\tLocal [^\t]*")
"""The local cloud's own parts of a REPORT line."""


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


def length(history: Sequence[Event], billed_seconds: Mapping[str, float]) -> float:
    """How long a run would take on AWS, in seconds, whatever machine has played it.

    Asking takes as long as on AWS. How long the other functions take is computed.

    Args:
        history: all events.
        billed_seconds: the functions' time on AWS.
    """
    asking, recording = entered(history, "ReserveShortfalls"), entered(history, "RecordResults")
    if asking is None or recording is None:
        return sum(billed_seconds.values())
    if entered(history, "StartNextRun") is not None:
        # It asks until a fixed time after its start, however long the machine took to look.
        return float((recording - history[0]["timestamp"]).total_seconds()) + billed_seconds["RecordResults"]
    others = sum(seconds for name, seconds in billed_seconds.items() if name != "ReserveCapacity")
    return others + (recording - asking).total_seconds()


class Invocation(NamedTuple):
    """One invocation, from its REPORT line."""

    lasted_ms: float
    """Milliseconds on the wall."""
    cpu_ms: float


def invocations(lines: Iterable[str]) -> list[Invocation]:
    """All invocations.

    Raises:
        ValueError: one was killed or died, so its usage is unknown.
    """
    found = []
    for line in lines:
        if match := _REPORT.match(line):
            found.append(Invocation(*map(float, match.groups())))
        elif line.startswith("REPORT "):
            raise ValueError(f"A function was killed or died, so its usage is unknown: {line}. Measure again.")
    return found


def init_cpu_ms(lines: Iterable[str]) -> list[float]:
    """Processor milliseconds of each cold start, until the handler is loaded."""
    return [float(match[1]) for match in map(_INIT.match, lines) if match]


def ingested_bytes(lines: Iterable[str]) -> int:
    """Bytes that CloudWatch would count, if Lambda had logged these lines."""
    return sum(len(_LOCAL.sub("", line).encode()) + EVENT_BYTES for line in lines)


def metrics(lines: Iterable[str]) -> set[str]:
    """The custom metrics that are sent in the embedded metric format: namespace, name and dimensions.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    return {
        f"{directive['Namespace']} {metric['Name']} {','.join(f'{name}={line[name]}' for name in dimensions)}"
        for line in (json.loads(line) for line in lines if line.startswith("{"))
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
        for metric in directive["Metrics"]
        for dimensions in directive["Dimensions"]
    }
