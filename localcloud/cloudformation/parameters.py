"""Parameter values: defaults, types and constraints.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.template import Template


@dataclass(frozen=True)
class Parameters:
    """The values that `Ref` finds.

    A Number is an int or a float here, where CloudFormation keeps its text: moto's models want numbers.
    """

    values: Mapping[str, Any]
    given: Mapping[str, str]
    """As the caller wrote them, for UsePreviousValue."""
    hidden: frozenset[str]
    """Names with NoEcho."""

    def shown(self) -> list[dict[str, Any]]:
        """As DescribeStacks lists them, NoEcho masked."""

        def text(value: Any) -> str:
            return ",".join(map(str, value)) if isinstance(value, list) else str(value)

        return [
            {"ParameterKey": name, "ParameterValue": "****" if name in self.hidden else text(value)}
            for name, value in self.values.items()
        ]


def resolve(template: Template, given: Mapping[str, str]) -> Parameters:
    """Checks the given values against the template's Parameters and fills in the defaults.

    Raises:
        ValidationError: a value is missing, unknown, or violates a constraint.
    """
    declared: dict[str, dict[str, Any]] = template.get("Parameters") or {}
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, slot in declared.items() if name not in given and "Default" not in slot]
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    values: dict[str, Any] = {}
    for name, slot in declared.items():
        text = str(given[name] if name in given else slot["Default"])
        _check(name, text, slot)
        values[name] = _typed(name, text, str(slot.get("Type", "String")))
    hidden = frozenset(name for name, slot in declared.items() if str(slot.get("NoEcho", "")).lower() == "true")
    return Parameters(values, dict(given), hidden)


def _check(name: str, text: str, slot: Mapping[str, Any]) -> None:
    kind = str(slot.get("Type", "String"))
    members = _members(text) if kind == "CommaDelimitedList" or kind.startswith("List<") else [text]
    if kind in ("Number", "List<Number>") and not all(map(_is_number, members)):
        raise ValidationError(message=f"Parameter '{name}' must be a number.")

    def require(holds: Callable[[str], bool], message: str) -> None:
        if not all(holds(member) for member in members):
            description = slot.get("ConstraintDescription")
            says = f"Parameter {name} failed to satisfy constraint: {description}" if description else message
            raise ValidationError(message=says)

    if (pattern := slot.get("AllowedPattern")) is not None:
        require(
            lambda member: re.fullmatch(str(pattern), member) is not None, f"Parameter '{name}' must match {pattern}"
        )
    if (allowed := slot.get("AllowedValues")) is not None:
        choices = {_text(value) for value in allowed}
        require(lambda member: member in choices, f"Parameter '{name}' must be one of AllowedValues")
    if (low := slot.get("MinLength")) is not None:
        require(lambda member: len(member) >= int(low), f"Parameter '{name}' must contain at least {low} characters")
    if (high := slot.get("MaxLength")) is not None:
        require(lambda member: len(member) <= int(high), f"Parameter '{name}' must contain at most {high} characters")
    if (least := slot.get("MinValue")) is not None:
        require(
            lambda member: float(member) >= float(least), f"Parameter '{name}' must be a number not less than {least}"
        )
    if (most := slot.get("MaxValue")) is not None:
        require(
            lambda member: float(member) <= float(most), f"Parameter '{name}' must be a number not greater than {most}"
        )


def _typed(name: str, text: str, kind: str) -> Any:
    if kind.startswith("AWS::SSM::Parameter::"):
        raise ValidationError(message=f"Parameter '{name}': the local cloud has no parameters of type {kind}.")
    if kind == "Number":
        return _number(text)
    if kind == "List<Number>":
        return [_number(member) for member in _members(text)]
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return _members(text)
    return text


def _members(text: str) -> list[str]:
    return [member.strip() for member in text.split(",")] if text else []


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text.strip()) else float(text)
