"""The rules of a Choice state.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from stepper.expressions import PathError, select

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "Matches": fnmatchcase,
}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Numeric": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "Timestamp": lambda value: _moment(value) is not None,
    "Null": lambda value: value is None,
}


def holds(rule: Mapping[str, Any], data: Any, context: dict[str, Any]) -> bool:
    """Whether a rule holds for the data.

    Raises:
        PathError: if it compares a value that does not exist.
        NotImplementedError: for a comparison that the States Language does not have.
    """
    if "And" in rule:
        return all(holds(part, data, context) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, data, context) for part in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], data, context)
    (name,) = rule.keys() - {"Variable", "Next", "Comment"}
    if name == "IsPresent":
        return _is_present(rule["Variable"], data, context) is rule[name]
    value, expected = select(rule["Variable"], data, context), rule[name]
    if name.startswith("Is") and name.removeprefix("Is") in _TYPES:
        return _TYPES[name.removeprefix("Is")](value) is expected
    if name.endswith("Path"):
        name, expected = name.removesuffix("Path"), select(expected, data, context)
    for kind, is_kind in _TYPES.items():
        comparison = _COMPARISONS.get(name.removeprefix(kind))
        if name.startswith(kind) and comparison is not None:
            if not (is_kind(value) and is_kind(expected)):
                return False
            if kind == "Timestamp":
                value, expected = _moment(value), _moment(expected)
            return comparison(value, expected)
    raise NotImplementedError(f"The comparison {name!r} of a Choice is not supported")


def _is_present(path: str, data: Any, context: dict[str, Any]) -> bool:
    try:
        select(path, data, context)
    except PathError:
        return False
    return True


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
