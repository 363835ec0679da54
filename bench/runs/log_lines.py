"""What the functions' logs say about a run."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bench.runs.history import EVENT_BYTES, as_on_lambda

_REPORT = re.compile(r"REPORT .*?\tDuration: ([\d.]+) ms\t.*?\tLocal CPU: ([\d.]+) ms\tLocal Wait: ([\d.]+) ms")
_INIT = re.compile(r"\tLocal Init CPU: ([\d.]+) ms")
_OUR_OWN = re.compile(r"\tLocal [^\t]*")
_OF_A_TRACEBACK = ("Traceback (most recent call last):", "  ")


@dataclass(frozen=True)
class Invocation:
    """One invocation, from its REPORT line."""

    lasted_ms: float
    """On the wall."""
    cpu_ms: float
    slept_ms: float
    """In the cloud's time."""


def invocations(lines: Iterable[str]) -> list[Invocation]:
    """All invocations.

    Raises:
        ValueError: one was killed or died, and so did not say what it used.
    """
    reports = [line for line in lines if line.startswith("REPORT ")]
    matches = [_REPORT.match(report) for report in reports]
    if None in matches:
        raise ValueError(f"A function was killed or died, and its part is unknown: {reports[matches.index(None)]}")
    return [Invocation(*map(float, match.groups())) for match in matches if match]


def init_cpu_ms(lines: Iterable[str]) -> list[float]:
    """Processor milliseconds of each cold start, until the handler was there."""
    return [float(match[1]) for line in lines if line.startswith("REPORT ") and (match := _INIT.search(line))]


def ingested_bytes(lines: Iterable[str]) -> int:
    """Bytes that CloudWatch would count, if Lambda had logged these lines.

    On Lambda an error and its traceback are one message, and the code is in /var/task.
    """
    return sum(
        len(as_on_lambda(_OUR_OWN.sub("", line) if line.startswith("REPORT ") else line).encode())
        + (len("\n") if line.startswith(_OF_A_TRACEBACK) else EVENT_BYTES)
        for line in lines
    )


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
