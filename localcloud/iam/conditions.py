"""The Condition element of a statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEYS = frozenset(
    {
        "aws:requestedregion",
        "aws:tagkeys",
        "ec2:availabilityzone",
        "ec2:createaction",
        "ec2:instancetype",
        "ec2:placementgroup",
        "secretsmanager:resource/allowrotationlambdaarn",
    }
)
"""The condition keys that the local cloud knows, in lower case: IAM ignores their case."""

KEYS_WITH_TAG = ("aws:requesttag/", "aws:resourcetag/", "ec2:resourcetag/", "secretsmanager:resourcetag/")
"""How those begin that end with a tag's key."""

MULTIVALUED = frozenset({"aws:tagkeys"})
"""The keys that may have more than one value in a request."""

_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?String(Not)?(Equals|Like)")


class UnsupportedPolicyError(Exception):
    """A policy about a checked action has something that the local cloud does not understand."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The local cloud cannot judge a policy with {what}. Write it differently, or add it to localcloud/iam"
        )


@dataclass(frozen=True)
class Condition:
    """One operator on one key."""

    key: str
    patterns: tuple[re.Pattern[str], ...]
    quantifier: str = ""
    """ForAllValues, ForAnyValue or nothing."""
    is_negated: bool = False

    def holds(self, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether it holds for a request with these values by key."""
        values = context.get(self.key, ())
        if not values:
            # An absent key differs from every value, and ForAllValues holds where there are none.
            return {"ForAllValues": True, "ForAnyValue": False}.get(self.quantifier, self.is_negated)
        each = [self._fits(value) for value in values]
        return any(each) if self.quantifier == "ForAnyValue" else all(each)

    def _fits(self, value: str) -> bool:
        return any(pattern.fullmatch(value) for pattern in self.patterns) != self.is_negated


def parse(element: Mapping[str, Mapping[str, Any]]) -> tuple[Condition, ...]:
    """The conditions of a Condition element, one for each operator and key; all must hold.

    Raises:
        UnsupportedPolicyError: the local cloud does not know the operator or the key.
    """
    return tuple(
        _condition(operator, key, as_texts(values))
        for operator, keys in element.items()
        for key, values in keys.items()
    )


def as_texts(value: Any) -> tuple[str, ...]:
    """A value of a policy, which may be a list, as texts.

    Raises:
        UnsupportedPolicyError: one of them has a policy variable.
    """
    values = value if isinstance(value, list) else [value]
    texts = tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
    for text in texts:
        if "${" in text:
            raise UnsupportedPolicyError(f"policy variables, as in {text}")
    return texts


def _condition(operator: str, given_key: str, values: tuple[str, ...]) -> Condition:
    key = given_key.lower()
    if key not in KEYS and not any(key.startswith(prefix) and key != prefix for prefix in KEYS_WITH_TAG):
        raise UnsupportedPolicyError(f"the condition key {given_key}")
    parts = _OPERATOR.fullmatch(operator)
    if parts is None:
        raise UnsupportedPolicyError(f"the condition operator {operator}")
    quantifier, negation, kind = parts.groups()
    if key in MULTIVALUED and not quantifier:
        raise UnsupportedPolicyError(f"{operator} without ForAllValues or ForAnyValue on {given_key}")
    patterns = tuple(wildcards(value) if kind == "Like" else re.compile(re.escape(value)) for value in values)
    return Condition(key, patterns, quantifier or "", bool(negation))


def wildcards(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern such as `ec2:Describe*`: `*` for any text and `?` for one character."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), flags | re.DOTALL)
