"""Policy documents, as far as they concern checked actions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.iam.access_control import PermissionResult

from localcloud.iam import conditions
from localcloud.iam.accesses import ACTIONS, Access
from localcloud.iam.conditions import Condition, UnsupportedPolicyError, as_texts, wildcards

_ELEMENTS = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})


@dataclass(frozen=True)
class Statement:
    """One statement."""

    is_deny: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]
    conditions: tuple[Condition, ...]

    def matches(self, access: Access) -> bool:
        """Whether it applies to this access."""
        return (
            any(pattern.fullmatch(access.action) for pattern in self.actions)
            and any(pattern.fullmatch(access.resource) for pattern in self.resources)
            and all(condition.holds(access.context) for condition in self.conditions)
        )


def judge(statements: Iterable[Statement], access: Access) -> PermissionResult:
    """The verdict of all statements: a Deny outweighs every Allow; NEUTRAL if none applies.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    verdict = PermissionResult.NEUTRAL
    for statement in statements:
        if statement.matches(access):
            if statement.is_deny:
                return PermissionResult.DENIED
            verdict = PermissionResult.PERMITTED
    return verdict


# The key is the whole text, so a cached policy is never out of date.
@lru_cache(maxsize=256)
def parse(document: str) -> tuple[Statement, ...]:
    """The statements about checked actions; the others are left out.

    Args:
        document: JSON.

    Raises:
        UnsupportedPolicyError: such a statement has something that the local cloud cannot judge by.
    """
    given = json.loads(document)["Statement"]
    statements = [_statement(one) for one in (given if isinstance(given, list) else [given])]
    return tuple(statement for statement in statements if statement is not None)


def _statement(given: dict[str, Any]) -> Statement | None:
    if "Action" in given:
        actions = tuple(wildcards(pattern, flags=re.IGNORECASE) for pattern in as_texts(given["Action"]))
        if not any(pattern.fullmatch(action) for pattern in actions for action in ACTIONS):
            return None
    if unknown := sorted(set(given) - _ELEMENTS):
        raise UnsupportedPolicyError(f"the element {unknown[0]}")
    if missing := sorted({"Effect", "Action", "Resource"} - set(given)):
        raise UnsupportedPolicyError(f"a statement without {missing[0]}")
    if given["Effect"] not in ("Allow", "Deny"):
        raise UnsupportedPolicyError(f"the effect {given['Effect']}")
    return Statement(
        is_deny=given["Effect"] == "Deny",
        actions=actions,
        resources=tuple(_resource(pattern) for pattern in as_texts(given["Resource"])),
        conditions=conditions.parse(given.get("Condition") or {}),
    )


def _resource(pattern: str) -> re.Pattern[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    if pattern == "*":
        return wildcards(pattern)
    if pattern.count(":") < 5:
        raise UnsupportedPolicyError(f"the resource {pattern}, which is neither * nor an ARN")
    # Only a `*` that ends its part reaches over a colon.
    regex = re.sub(r"\\\*(?=:|$)", ".*", re.escape(pattern))
    return re.compile(regex.replace(r"\*", "[^:]*").replace(r"\?", "[^:]"), re.DOTALL)
