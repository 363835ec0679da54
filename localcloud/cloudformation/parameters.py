"""Parameter values: defaults, types, constraints, and the Rules that they must satisfy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.intrinsics import Scope
from localcloud.cloudformation.intrinsics import resolve as resolve_functions
from localcloud.cloudformation.template import Template, text


@dataclass(frozen=True)
class Parameters:
    """The parameters of a stack."""

    values: Mapping[str, Any]
    """What `Ref` finds: text, or a list of texts."""
    given: Mapping[str, str]
    """As the caller wrote them, for UsePreviousValue."""
    hidden: frozenset[str]
    """Names with NoEcho."""

    def shown(self) -> list[dict[str, Any]]:
        """As DescribeStacks lists them, NoEcho masked."""
        texts = {name: ",".join(value) if isinstance(value, list) else value for name, value in self.values.items()}
        return [
            {"ParameterKey": name, "ParameterValue": "****" if name in self.hidden else value}
            for name, value in texts.items()
        ]


_CONSTRAINTS: dict[str, tuple[Callable[[str, Any], bool], str]] = {
    "AllowedPattern": (lambda member, bound: re.fullmatch(str(bound), member) is not None, "match {}"),
    "AllowedValues": (lambda member, bound: member in map(text, bound), "be one of AllowedValues"),
    "MinLength": (lambda member, bound: len(member) >= int(bound), "contain at least {} characters"),
    "MaxLength": (lambda member, bound: len(member) <= int(bound), "contain at most {} characters"),
    "MinValue": (lambda member, bound: float(member) >= float(bound), "be a number not less than {}"),
    "MaxValue": (lambda member, bound: float(member) <= float(bound), "be a number not greater than {}"),
}
"""By constraint, whether a value satisfies it, and what it must do."""


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
    values = {name: _checked(name, str(given.get(name, slot.get("Default"))), slot) for name, slot in declared.items()}
    hidden = frozenset(name for name, slot in declared.items() if str(slot.get("NoEcho", "")).lower() == "true")
    return Parameters(values, dict(given), hidden)


def check_rules(template: Template, values: Mapping[str, Any]) -> None:
    """Checks the values, those of pseudo parameters included, against the template's Rules, if it has any.

    Raises:
        ValidationError: an assertion does not hold.
    """
    scope = Scope(template, values)
    for name, rule in (template.get("Rules") or {}).items():
        if "RuleCondition" in rule and not resolve_functions(rule["RuleCondition"], scope):
            continue
        for assertion in rule["Assertions"]:
            if not resolve_functions(assertion["Assert"], scope):
                description = assertion.get("AssertDescription", "an assertion does not hold")
                raise ValidationError(message=f"Template constraint violation: Rule {name} failed: {description}")


def _checked(name: str, value: str, slot: Mapping[str, Any]) -> str | list[str]:
    kind = str(slot.get("Type", "String"))
    if kind.startswith("AWS::SSM::Parameter::"):
        raise ValidationError(message=f"Parameter '{name}': the local cloud has no parameters of type {kind}.")
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    members = ([member.strip() for member in value.split(",")] if value else []) if is_list else [value]
    if kind in ("Number", "List<Number>") and not all(map(_is_number, members)):
        raise ValidationError(message=f"Parameter '{name}' must be a number.")
    for constraint, (holds, says) in _CONSTRAINTS.items():
        bound = slot.get(constraint)
        if bound is not None and not all(holds(member, bound) for member in members):
            if description := slot.get("ConstraintDescription"):
                raise ValidationError(message=f"Parameter {name} failed to satisfy constraint: {description}")
            raise ValidationError(message=f"Parameter '{name}' must {says.format(bound)}")
    return members if is_list else value


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
