"""Rights: the caller's, by dry runs, and those of the function's role, by IAM's policy simulator.

A dry run tells what its sender may do, not what the function may. But a denial by the organization, or a Region that is
not enabled, affects both.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from odcr_cli.checks.inputs import CheckInputs, WantedPool
from odcr_cli.checks.line import DENIED, Level, Line, NotAsked, ask_aws
from odcr_cli.formatting import printable

NAME = "rights"
_MOST_DRY_RUNS = 10
"""Dry runs take from the same token bucket as the runs: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""
_TOKEN = "0" * 64
_KIND = "stringList"


@dataclass(frozen=True)
class Case:
    """An action of ReserveCapacity with the condition keys that IAM checks."""

    action: str
    context: Mapping[str, str]


def tags_of(inputs: CheckInputs, pool: WantedPool) -> dict[str, str]:
    """The tags that ReserveCapacity gives a reservation in this pool: docs/how-to/hand-over.md."""
    own: Any = {}
    # The check `rows` reports invalid JSON.
    with contextlib.suppress(ValueError):
        own = json.loads(str(pool.option.get("Tags") or "{}"))
    text = inputs.parameters.get("ReservationTags", "")
    given = {key: value for key, _, value in (part.partition("=") for part in text.split(",") if part)}
    given |= {str(key): str(value) for key, value in own.items()} if isinstance(own, dict) else {}
    group = {"odcr:group": pool.demand.name} if pool.demand.is_group else {}
    made = f"{_TOKEN}/{pool.demand.name}" if pool.demand.is_group else _TOKEN
    criteria = pool.option.get("Match_Criteria") or "open"
    system = {"odcr:stack": inputs.source.stack.owner, "odcr:made": made, "odcr:asked": f"{criteria}/none"}
    return {**given, **system, **group, "Project": "ODCR"}


def cases(owner: str) -> list[Case]:
    """The actions that ReserveCapacity needs, with the conditions of its role in template.yaml."""
    return [
        Case("ec2:CreateCapacityReservation", {"aws:RequestTag/odcr:stack": owner}),
        Case("ec2:CreateTags", {"aws:RequestTag/odcr:stack": owner, "ec2:CreateAction": "CreateCapacityReservation"}),
        Case("ec2:ModifyCapacityReservation", {"aws:ResourceTag/odcr:stack": owner}),
        Case("ec2:CancelCapacityReservation", {"aws:ResourceTag/odcr:stack": owner}),
    ]


def check(inputs: CheckInputs) -> Iterator[Line]:
    """The caller's rights by Region, then the role's."""
    yield from _yours(inputs)
    yield from _of_role(inputs)


def _yours(inputs: CheckInputs) -> Iterator[Line]:
    asked = 0
    for region, pools in sorted(inputs.pools_by_region.items()):
        seen: set[str] = set()
        lines = []
        for pool in pools:
            tags = tags_of(inputs, pool)
            text = json.dumps({key: value for key, value in tags.items() if not key.startswith("odcr:")})
            if text in seen or asked >= _MOST_DRY_RUNS:
                continue
            seen.add(text)
            asked += 1
            lines.append(dry_run(inputs, region, pool, tags))
        # Identical results for different tags are reported once.
        yield from dict.fromkeys(lines)


def dry_run(inputs: CheckInputs, region: str, pool: WantedPool, tags: Mapping[str, str]) -> Line:
    """Asks EC2, by a dry run, whether the caller may reserve an instance in a pool."""
    zone = "AvailabilityZoneId" if "-az" in pool.pool.zone else "AvailabilityZone"
    request: dict[str, Any] = {
        "DryRun": True,
        "InstanceType": pool.pool.instance_type,
        "InstancePlatform": pool.platform,
        "Tenancy": pool.tenancy,
        "InstanceCount": 1,
        zone: pool.pool.zone,
        "TagSpecifications": [
            {"ResourceType": "capacity-reservation", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        ],
    }
    try:
        inputs.account.client("ec2", region).create_capacity_reservation(**request)
    except ClientError as error:
        code, message = error.response["Error"].get("Code", ""), printable(error.response["Error"].get("Message", ""))
        if code == "DryRunOperation":
            return Line(NAME, Level.OK, f"{region}: your dry run of a reservation with the demands' tags is allowed.")
        if "service control policy" in message or "resource control policy" in message:
            seen = f"{region}: your organization denies reservations: {message[:200]}"
            return Line(NAME, Level.ERROR, seen, "Ask those who manage its policies; it denies the function as well.")
        if code in DENIED:
            seen = f"{region}: you may not reserve yourself (ec2:CreateCapacityReservation, ec2:CreateTags)."
            return Line(NAME, Level.WARNING, seen, "This says nothing about the function's role; see below.")
        if code in ("OptInRequired", "AuthFailure"):
            seen = f"{region}: EC2 answers {code}: {message[:200]}"
            return Line(NAME, Level.ERROR, seen, "Enable the Region for the account.")
        advice = "If the message is about the row, correct it: the function would get the same answer."
        return Line(NAME, Level.ERROR, f"{printable(pool.pool.name)}: EC2 answers {code}: {message[:200]}", advice)
    except BotoCoreError as error:
        return Line(NAME, Level.WARNING, f"{region}: EC2 did not answer: {printable(str(error))[:200]}", "Try again.")
    return Line(NAME, Level.ERROR, f"{region}: EC2 carried out a dry run.", "Look for a new reservation of 1 instance.")


def _of_role(inputs: CheckInputs) -> Iterator[Line]:
    function = f"{inputs.source.stack.name}-ReserveCapacity"
    try:
        role = role_of(inputs, function)
        regions = sorted(inputs.pools_by_region) or [inputs.source.stack.region]
        denied = [
            (region, case, why)
            for region in regions
            for case in cases(inputs.source.stack.owner)
            if (why := denial(inputs, role, case, region))
        ]
    except NotAsked as error:
        advice = f"Ask for the right {error.right}, or let somebody check who has it." if error.right else ""
        yield Line(NAME, Level.WARNING, f"The role of {function} was not asked: {error}.", advice)
        return
    for region, case, why in denied:
        seen = f"{region}: the role of {function} may not {case.action}: {why}."
        yield Line(NAME, Level.ERROR, seen, "Deploy the stack again; a permissions boundary or a policy may deny it.")
    if not denied:
        yield Line(NAME, Level.OK, f"The role of {function} may make, tag, change and cancel the stack's reservations.")


def role_of(inputs: CheckInputs, function: str) -> str:
    """The ARN of a function's role.

    Raises:
        NotAsked: if Lambda does not answer.
    """
    client = inputs.account.client("lambda")
    answer = ask_aws(
        "lambda:GetFunctionConfiguration", lambda: client.get_function_configuration(FunctionName=function)
    )
    return str(answer["Role"])


def denial(inputs: CheckInputs, role: str, case: Case, region: str) -> str:
    """Why a role may not perform an action; empty if it may.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html; service control policies that
    have conditions are not simulated.

    Raises:
        NotAsked: if IAM does not answer.
    """
    stack, partition = inputs.source.stack, role.split(":")[1]
    context = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in case.context.items()
    ]
    keys = [key.partition("/")[2] for key in case.context if key.startswith("aws:RequestTag/")]
    if keys:
        context.append({"ContextKeyName": "aws:TagKeys", "ContextKeyValues": keys, "ContextKeyType": _KIND})
    answer = ask_aws(
        "iam:SimulatePrincipalPolicy",
        lambda: inputs.account.client("iam").simulate_principal_policy(
            PolicySourceArn=role,
            ActionNames=[case.action],
            ResourceArns=[f"arn:{partition}:ec2:{region}:{stack.account}:capacity-reservation/*"],
            ContextEntries=context,
        ),
    )
    (result,) = answer["EvaluationResults"]
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        return "the organization denies it"
    if not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
        return "its permissions boundary does not allow it"
    decision = str(result["EvalDecision"])
    return "" if decision == "allowed" else decision
