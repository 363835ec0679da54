"""Evaluates a state machine's paths, payload templates and intrinsic functions.

moto's interpreter of the States Language evaluates intrinsic functions and all but plain paths.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

import copy
import re
from functools import cache
from typing import Any

from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
from moto.stepfunctions.parser.asl.utils import json_path

_moto: dict[str, Any] = vars(json_path)
if not hasattr(_moto["parse"], "cache_info"):
    # moto builds the whole grammar again for each path.
    _moto["parse"] = cache(_moto["parse"])

_PLAIN = re.compile(r"\$(\.[A-Za-z_]\w*)*")


class PathError(Exception):
    """An expression has no value for this input. It becomes `States.Runtime`, which nothing catches."""


def select(expression: str, data: Any, context: dict[str, Any]) -> Any:
    """The value of a path, of a path into the context object (`$$.`), or of an intrinsic function.

    Raises:
        PathError: if there is none.
    """
    if not expression.startswith("$"):
        return _intrinsic(expression, data, context)
    return _at(expression[1:], context) if expression.startswith("$$") else _at(expression, data)


def fill_in(template: Any, data: Any, context: dict[str, Any]) -> Any:
    """Fills in a payload template, in which fields with a name ending in `.$` contain expressions.

    Raises:
        PathError: if an expression has no value.
    """
    if isinstance(template, dict):
        return {
            name.removesuffix(".$"): select(value, data, context)
            if name.endswith(".$")
            else fill_in(value, data, context)
            for name, value in template.items()
        }
    return [fill_in(value, data, context) for value in template] if isinstance(template, list) else template


def put(path: str | None, data: Any, result: Any) -> Any:
    """Puts a result into the data, as `ResultPath` does; None keeps only the data, `$` only the result.

    Raises:
        PathError: if the path leads through something that is not an object.
    """
    if path is None:
        return data
    names = _names(path)
    if names is None:
        raise NotImplementedError(f"ResultPath {path!r}: only plain paths are supported")
    if not names:
        return result
    changed = copy.copy(data)
    place = changed
    for name in names[:-1]:
        if not isinstance(place, dict):
            raise PathError(f"ResultPath {path!r} leads through {place!r}")
        place[name] = copy.copy(place.get(name, {}))
        place = place[name]
    if not isinstance(place, dict):
        raise PathError(f"ResultPath {path!r} leads through {place!r}")
    place[names[-1]] = result
    return changed


@cache
def _names(path: str) -> tuple[str, ...] | None:
    """The fields that a plain path goes through; None if it is another kind of path."""
    return tuple(path.split(".")[1:]) if _PLAIN.fullmatch(path) else None


def _at(path: str, data: Any) -> Any:
    names = _names(path)
    if names is not None:
        for name in names:
            if not isinstance(data, dict) or name not in data:
                raise PathError(f"The path {path!r} could not be found in the input {data!r:.300}")
            data = data[name]
        return data
    try:
        return json_path.extract_json(path, data)
    except json_path.NoSuchJsonPathError as error:
        raise PathError(str(error)) from error


@cache
def _parsed(expression: str) -> Any:
    return IntrinsicParser.parse(expression)[0]


def _intrinsic(expression: str, data: Any, context: dict[str, Any]) -> Any:
    described: Any = {**context, "Execution": {"Input": None, **context["Execution"]}}
    nothing: Any = None
    environment: Any = Environment(
        aws_execution_details=nothing,
        execution_type=StateMachineType.STANDARD,
        context=described,
        event_history_context=EventHistoryContext.of_program_start(),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    # moto evaluates only in a running state.
    environment.next_state_name = context["State"]["Name"]
    environment.stack.append(data)
    try:
        _parsed(expression).eval(environment)
    except Exception as error:  # moto raises many errors where AWS has one
        raise PathError(f"{expression} has no value: {error!r}") from error
    return environment.stack.pop()
