"""Writes a rule of a Choice as a short text."""

import json
from typing import Any

from odcr_cli.execution_graph.text import clean

# https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "\u2264",
    "GreaterThanEquals": "\u2265",
    "Matches": "like",
}
_TYPES = ("String", "Numeric", "Timestamp", "Boolean")


def condition_text(rule: dict[str, Any]) -> str:
    """The condition as text, for example `status = "SUCCEEDED" and not retries > 3`."""
    return clean(_text(rule))


def _text(rule: dict[str, Any]) -> str:
    if "Condition" in rule:  # JSONata
        return str(rule["Condition"]).strip().removeprefix("{%").removesuffix("%}").strip()
    for word in ("And", "Or"):
        if word in rule:
            return f" {word.lower()} ".join(_bracketed(part) for part in rule[word])
    if "Not" in rule:
        return f"not {_bracketed(rule['Not'])}"
    variable = str(rule.get("Variable", "")).removeprefix("$.")
    for operator, value in rule.items():
        if operator.startswith("Is"):
            return f"{variable} is {'' if value else 'not '}{operator.removeprefix('Is').lower()}"
        base = operator.removesuffix("Path")
        for kind in _TYPES:
            sign = _SIGNS.get(base.removeprefix(kind))
            if base.startswith(kind) and sign:
                compared = str(value).removeprefix("$.") if base != operator else json.dumps(value, ensure_ascii=False)
                return f"{variable} {sign} {compared}"
    return "a condition"


def _bracketed(rule: dict[str, Any]) -> str:
    return f"({_text(rule)})" if "And" in rule or "Or" in rule else _text(rule)
