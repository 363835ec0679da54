"""Which Lambda function a state of a definition calls, and what a line of its log says."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from odcr_cli.execution_graph.details import VisitDetails

_REQUEST = re.compile(r'(?:RequestId: |"requestId": ?"|Z )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b')


@dataclass(frozen=True)
class LogLine:
    """One line."""

    moment: datetime
    level: str
    """Empty for a line of Lambda's own."""
    message: str
    more: dict[str, str] = field(default_factory=dict)
    """What else a line of JSON says."""


_LEFT_OUT = {
    "level",
    "message",
    "timestamp",
    "location",
    "service",
    "cold_start",
    "function_arn",
    "function_name",
    "function_memory_size",
    "function_request_id",
    "xray_trace_id",
}
"""What every line of Powertools repeats: https://docs.powertools.aws.dev/lambda/python/latest/core/logger/"""


def function_of(definition: str, path: str) -> str:
    """The name of the function that the state of this path calls; empty if it calls none."""
    try:
        return _functions(json.loads(definition), "").get(path, "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""


def _functions(level: dict[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, state in level["States"].items():
        # As the graph makes its paths.
        path = prefix + name.replace("~", "~0").replace("/", "~1")
        if state["Type"] == "Task":
            found[path] = _function(state)
        elif state["Type"] == "Map":
            found |= _functions(state.get("ItemProcessor") or state["Iterator"], f"{path}/")
        elif state["Type"] == "Parallel":
            for number, branch in enumerate(state["Branches"]):
                found |= _functions(branch, f"{path}/{number}/")
    return found


def _function(state: dict[str, Any]) -> str:
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    resource = str(state.get("Resource", ""))
    if "lambda:invoke" in resource:
        given = state.get("Parameters") or state.get("Arguments") or {}
        resource = str(given.get("FunctionName", ""))
    elif ":function:" not in resource:
        return ""
    return resource.partition(":function:")[2].partition(":")[0] or resource


def request_of(visit: VisitDetails) -> str:
    """The id of the request of Lambda that failed, as the error's cause names it; empty if none does.

    Of a request that succeeded the history does not tell the id:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionSucceededEventDetails.html
    """
    found = _REQUEST.search(visit.cause.text) if visit.cause else None
    return found[1] if found else ""


def log_line(event: dict[str, Any]) -> LogLine:
    """One event of a log stream."""
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    text = str(event["message"]).rstrip()
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict) or "message" not in said:
        return LogLine(moment, "", text)
    more = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in said.items()
        if key not in _LEFT_OUT and value not in (None, "")
    }
    message = said["message"] if isinstance(said["message"], str) else json.dumps(said["message"], ensure_ascii=False)
    return LogLine(moment, str(said.get("level", "")), message, more)
