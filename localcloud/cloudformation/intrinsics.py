"""Intrinsic functions and pseudo parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from localcloud.cloudformation.template import Template, text

VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class _NoValue:
    """What `AWS::NoValue` resolves to; it takes its key or list member away."""


NO_VALUE = _NoValue()


@dataclass
class Scope:
    """All that a template's expressions can refer to."""

    template: Template
    values: Mapping[str, Any]
    """Parameters and pseudo parameters by name."""
    resources: Any = None
    """What has `ref` and `get_att`, as StackResources; None where expressions may refer to parameters only."""
    _conditions: dict[str, bool] = field(default_factory=dict)

    def holds(self, condition: str) -> bool:
        """Whether the named condition is true."""
        if condition not in self._conditions:
            declared = (self.template.get("Conditions") or {}).get(condition)
            if declared is None:
                raise ValidationError(message=f"Template format error: Unresolved condition {condition}")
            self._conditions[condition] = bool(resolve(declared, self))
        return self._conditions[condition]

    def has(self, part: Mapping[str, Any]) -> bool:
        """Whether a resource or an output is there: it has no condition, or one that is true."""
        return "Condition" not in part or self.holds(part["Condition"])


def pseudo_parameters(account_id: str, region: str, partition: str, stack_id: str, stack_name: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"""
    return {
        "AWS::AccountId": account_id,
        "AWS::NoValue": NO_VALUE,
        "AWS::NotificationARNs": [],
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every intrinsic function in it replaced by its result.

    Raises:
        ValidationError: a function is unknown, misused, or refers to something that is not there.
    """
    if isinstance(value, list):
        return [result for member in value if (result := resolve(member, scope)) is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name in _OF_VALUES or name in _OF_EXPRESSIONS:
            try:
                if name in _OF_VALUES:
                    return _OF_VALUES[name](*resolve(argument, scope))
                return _OF_EXPRESSIONS[name](argument, scope)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise ValidationError(message=f"Template error: {name} is misused: {error}") from error
        if name == "Condition" and isinstance(argument, str):
            return scope.holds(argument)
        if name.startswith("Fn::"):
            raise ValidationError(message=f"Template error: the local cloud does not know {name}")
    return {key: result for key, part in value.items() if (result := resolve(part, scope)) is not NO_VALUE}


def references(value: Any) -> Iterator[str]:
    """The names that Ref, Fn::GetAtt and Fn::Sub in the value refer to."""
    if isinstance(value, list):
        for member in value:
            yield from references(member)
    elif isinstance(value, dict):
        for name, argument in value.items():
            if name == "Ref" and isinstance(argument, str):
                yield argument
            elif name == "Fn::GetAtt":
                yield (argument.split(".", 1) if isinstance(argument, str) else argument)[0]
            elif name == "Fn::Sub":
                pattern, local = argument if isinstance(argument, list) else (argument, {})
                yield from references(local)
                names = (match[2].strip().split(".", 1)[0] for match in VARIABLE.finditer(pattern) if not match[1])
                yield from (found for found in names if found not in local)
            else:
                yield from references(argument)


def _ref(name: Any, scope: Scope) -> Any:
    if name in scope.values:
        return scope.values[name]
    if scope.resources is None:
        raise ValidationError(message=f"Template error: there is no parameter {name}")
    return scope.resources.ref(str(name))


def _get_att(argument: Any, scope: Scope) -> Any:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.resources.get_att(logical_id, str(resolve(attribute, scope)))


def _if(argument: Any, scope: Scope) -> Any:
    condition, when_true, when_false = argument
    return resolve(when_true if scope.holds(condition) else when_false, scope)


def _sub(argument: Any, scope: Scope) -> str:
    pattern, local = argument if isinstance(argument, list) else (argument, {})

    def value(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return "${" + match[2] + "}"
        if name in local:
            return text(resolve(local[name], scope))
        return text(_get_att(name, scope) if "." in name else _ref(name, scope))

    return VARIABLE.sub(value, pattern)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = (text(part) for part in resolve(argument, scope))
    return scope.template["Mappings"][name][first][second]


def _get_azs(argument: Any, scope: Scope) -> list[str]:
    region = str(resolve(argument, scope) or scope.values["AWS::Region"])
    return [str(zone.name) for zone in RegionsAndZonesBackend.zones.get(region, [])]


_OF_EXPRESSIONS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Sub": _sub,
}
_OF_VALUES: Mapping[str, Callable[..., Any]] = {
    "Fn::And": lambda *values: all(values),
    "Fn::Contains": lambda members, value: text(value) in map(text, members),
    "Fn::Equals": lambda one, other: text(one) == text(other),
    "Fn::Join": lambda delimiter, members: str(delimiter).join(map(text, members)),
    "Fn::Not": lambda value: not value,
    "Fn::Or": lambda *values: any(values),
    "Fn::Select": lambda index, members: members[int(index)],
    "Fn::Split": lambda delimiter, joined: str(joined).split(delimiter),
}
