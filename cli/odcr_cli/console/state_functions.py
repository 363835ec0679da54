"""Finds the Lambda function of a state, and parses its log lines."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from odcr_cli.execution_graph.details import VisitDetails

_REQUEST = re.compile(r'(?:RequestId: |"requestId": ?"|Z )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b')


@dataclass(frozen=True)
class LogLine:
    """A line of a log."""

    moment: datetime
    level: str
    """Empty for a line that Lambda itself wrote."""
    message: str
    more: dict[str, str] = field(default_factory=dict)
    """The other fields of a JSON line."""


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
"""Fields that Powertools repeats in every line: https://docs.powertools.aws.dev/lambda/python/latest/core/logger/"""


def function_of(definition: str, path: str) -> str:
    """The name of the function that the state at a path calls; empty if it calls none."""
    try:
        return _functions(json.loads(definition), "").get(path, "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""


def _functions(level: dict[str, Any], prefix: str) -> dict[str, str]:
    functions: dict[str, str] = {}
    for name, state in level["States"].items():
        # Escaped like the paths of the graph.
        path = prefix + name.replace("~", "~0").replace("/", "~1")
        if state["Type"] == "Task":
            functions[path] = _function(state)
        elif state["Type"] == "Map":
            functions |= _functions(state.get("ItemProcessor") or state["Iterator"], f"{path}/")
        elif state["Type"] == "Parallel":
            for number, branch in enumerate(state["Branches"]):
                functions |= _functions(branch, f"{path}/{number}/")
    return functions


def _function(state: dict[str, Any]) -> str:
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    resource = str(state.get("Resource", ""))
    if "lambda:invoke" in resource:
        arguments = state.get("Parameters") or state.get("Arguments") or {}
        resource = str(arguments.get("FunctionName", ""))
    elif ":function:" not in resource:
        return ""
    return resource.partition(":function:")[2].partition(":")[0] or resource


def request_of(visit: VisitDetails) -> str:
    """The id of the Lambda request that failed, from the error's cause; empty if it names none.

    The history does not have the id of a successful request:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionSucceededEventDetails.html
    """
    match = _REQUEST.search(visit.cause.text) if visit.cause else None
    return match[1] if match else ""


def log_line(event: dict[str, Any]) -> LogLine:
    """Parses an event of a log stream."""
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    text = str(event["message"]).rstrip()
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or "message" not in content:
        return LogLine(moment, "", text)
    more = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in content.items()
        if key not in _LEFT_OUT and value not in (None, "")
    }
    message = (
        content["message"]
        if isinstance(content["message"], str)
        else json.dumps(content["message"], ensure_ascii=False)
    )
    return LogLine(moment, str(content.get("level", "")), message, more)
