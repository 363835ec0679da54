"""The Condition element of a statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.iam import wildcards
from localcloud.iam.enforced import MULTIVALUED, is_known
from localcloud.iam.errors import UnsupportedPolicyError

_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?String(Not)?(Equals|Like)(IfExists)?")


@dataclass(frozen=True)
class Condition:
    """One operator on one key."""

    key: str
    patterns: tuple[re.Pattern[str], ...]
    quantifier: str = ""
    """ForAllValues, ForAnyValue or nothing."""
    is_negated: bool = False
    if_exists: bool = False

    def holds(self, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a request with these values by key fulfils it."""
        values = context.get(self.key, ())
        if not values:
            # An absent key is unlike every value, and all of its no values are as they should be.
            absent = {"ForAllValues": True, "ForAnyValue": False}.get(self.quantifier, self.is_negated)
            return absent or self.if_exists
        each = [self._fits(value) for value in values]
        return any(each) if self.quantifier == "ForAnyValue" else all(each)

    def _fits(self, value: str) -> bool:
        return any(pattern.fullmatch(value) for pattern in self.patterns) != self.is_negated


@dataclass(frozen=True)
class NullCondition:
    """Whether a key is absent."""

    key: str
    is_absent: bool

    def holds(self, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a request with these values by key fulfils it."""
        return (not context.get(self.key)) == self.is_absent


def parse(element: Mapping[str, Mapping[str, Any]]) -> tuple[Condition | NullCondition, ...]:
    """Every operator and key of a Condition element; all have to hold.

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


def _condition(operator: str, given_key: str, values: tuple[str, ...]) -> Condition | NullCondition:
    key = given_key.lower()
    if not is_known(key):
        raise UnsupportedPolicyError(f"the condition key {given_key}")
    if operator == "Null":
        return NullCondition(key, is_absent="true" in values)
    parts = _OPERATOR.fullmatch(operator)
    if parts is None:
        raise UnsupportedPolicyError(f"the condition operator {operator}")
    quantifier, negation, kind, if_exists = parts.groups()
    if key in MULTIVALUED and not quantifier:
        raise UnsupportedPolicyError(f"{operator} without ForAllValues or ForAnyValue on {given_key}")
    make = wildcards.anywhere if kind == "Like" else _exactly
    return Condition(key, tuple(make(value) for value in values), quantifier or "", bool(negation), bool(if_exists))


def _exactly(value: str) -> re.Pattern[str]:
    return re.compile(re.escape(value))
