"""The template section Rules: assertions about parameters, checked before anything is created.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.intrinsics import same
from localcloud.cloudformation.template import Template


def check(template: Template, values: Mapping[str, Any]) -> None:
    """Evaluates every rule.

    Args:
        template: its Rules may be absent.
        values: parameters and pseudo parameters by name.

    Raises:
        ValidationError: an assertion does not hold, or a rule uses a function that the local cloud lacks.
    """
    for name, rule in (template.get("Rules") or {}).items():
        if "RuleCondition" in rule and not _evaluate(rule["RuleCondition"], values, name):
            continue
        for assertion in rule["Assertions"]:
            if not _evaluate(assertion["Assert"], values, name):
                description = assertion.get("AssertDescription", "an assertion does not hold")
                raise ValidationError(message=f"Template constraint violation: Rule {name} failed: {description}")


def _evaluate(expression: Any, values: Mapping[str, Any], rule: str) -> Any:
    if isinstance(expression, list):
        return [_evaluate(member, values, rule) for member in expression]
    if not isinstance(expression, dict):
        return expression
    ((function, argument),) = expression.items()
    if function == "Ref":
        if argument not in values:
            raise ValidationError(message=f"Rule {rule}: there is no parameter {argument}")
        return values[argument]
    if function not in _FUNCTIONS:
        raise ValidationError(message=f"Rule {rule} uses {function}, which the local cloud does not know")
    return _FUNCTIONS[function](*_evaluate(argument, values, rule))


def _contains(members: list[Any], value: Any) -> bool:
    return any(same(member, value) for member in members)


_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "Fn::And": lambda *parts: all(parts),
    "Fn::Or": lambda *parts: any(parts),
    "Fn::Not": lambda part: not part,
    "Fn::Equals": lambda one, other: same(one, other),
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": lambda members, value: all(same(member, value) for member in members),
    "Fn::EachMemberIn": lambda members, choices: all(_contains(choices, member) for member in members),
}
