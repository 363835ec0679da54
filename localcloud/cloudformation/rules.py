"""The template section Rules: assertions about parameters, checked before anything is created.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.intrinsics import Scope, resolve
from localcloud.cloudformation.template import Template


def check(template: Template, values: Mapping[str, Any]) -> None:
    """Evaluates every rule.

    Args:
        template: its Rules may be absent.
        values: parameters and pseudo parameters by name.

    Raises:
        ValidationError: an assertion does not hold.
    """
    scope = Scope(template, values)
    for name, rule in (template.get("Rules") or {}).items():
        if "RuleCondition" in rule and not resolve(rule["RuleCondition"], scope):
            continue
        for assertion in rule["Assertions"]:
            if not resolve(assertion["Assert"], scope):
                description = assertion.get("AssertDescription", "an assertion does not hold")
                raise ValidationError(message=f"Template constraint violation: Rule {name} failed: {description}")
