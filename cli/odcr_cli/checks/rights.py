"""Rights: what the caller may do, by dry runs, and what the function's role may do, by IAM's policy simulator.

A dry run says what the one may do who sends it, and not what the function may. But what an organization denies, it
denies both, and a Region that is not enabled refuses both.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from odcr_cli.answers import plain
from odcr_cli.checks.line import DENIED, Level, Line, NotAsked, ask
from odcr_cli.checks.look import Look, Wanted

NAME = "rights"
_MOST_DRY_RUNS = 10
"""They take from the same bucket as the runs: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""
_TOKEN = "0" * 64
_KIND = "stringList"


@dataclass(frozen=True)
class Case:
    """A request of ReserveCapacity, as IAM sees it."""

    action: str
    context: Mapping[str, str]


def tags_of(look: Look, one: Wanted) -> dict[str, str]:
    """The tags that a reservation of this pool is made with: docs/how-to/hand-over.md."""
    own: Any = {}
    # If it is no JSON, the check `rows` says so.
    with contextlib.suppress(ValueError):
        own = json.loads(str(one.option.get("Tags") or "{}"))
    text = look.parameters.get("ReservationTags", "")
    given = {key: value for key, _, value in (part.partition("=") for part in text.split(",") if part)}
    given |= {str(key): str(value) for key, value in own.items()} if isinstance(own, dict) else {}
    group = {"odcr:group": one.demand.name} if one.demand.is_group else {}
    made = f"{_TOKEN}/{one.demand.name}" if one.demand.is_group else _TOKEN
    criteria = one.option.get("Match_Criteria") or "open"
    system = {"odcr:stack": look.source.stack.owner, "odcr:made": made, "odcr:asked": f"{criteria}/none"}
    return {**given, **system, **group, "Project": "ODCR"}


def cases(owner: str) -> list[Case]:
    """What ReserveCapacity needs to be allowed, with the conditions of its role in template.yaml."""
    return [
        Case("ec2:CreateCapacityReservation", {"aws:RequestTag/odcr:stack": owner}),
        Case("ec2:CreateTags", {"aws:RequestTag/odcr:stack": owner, "ec2:CreateAction": "CreateCapacityReservation"}),
        Case("ec2:ModifyCapacityReservation", {"aws:ResourceTag/odcr:stack": owner}),
        Case("ec2:CancelCapacityReservation", {"aws:ResourceTag/odcr:stack": owner}),
    ]


def check(look: Look) -> Iterator[Line]:
    """Yours, Region by Region, then the role's."""
    yield from _yours(look)
    yield from _of_role(look)


def _yours(look: Look) -> Iterator[Line]:
    asked = 0
    for region, pools in sorted(look.pools_by_region.items()):
        seen: set[str] = set()
        lines = []
        for one in pools:
            tags = tags_of(look, one)
            text = json.dumps({key: value for key, value in tags.items() if not key.startswith("odcr:")})
            if text in seen or asked >= _MOST_DRY_RUNS:
                continue
            seen.add(text)
            asked += 1
            lines.append(dry_run(look, region, one, tags))
        # What is the same for all tags is said once.
        yield from dict.fromkeys(lines)


def dry_run(look: Look, region: str, one: Wanted, tags: Mapping[str, str]) -> Line:
    """Asks EC2 whether the caller might reserve an instance of a pool now, and reserves none."""
    zone = "AvailabilityZoneId" if "-az" in one.pool.zone else "AvailabilityZone"
    request: dict[str, Any] = {
        "DryRun": True,
        "InstanceType": one.pool.instance_type,
        "InstancePlatform": one.platform,
        "Tenancy": one.tenancy,
        "InstanceCount": 1,
        zone: one.pool.zone,
        "TagSpecifications": [
            {"ResourceType": "capacity-reservation", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        ],
    }
    try:
        look.account.client("ec2", region).create_capacity_reservation(**request)
    except ClientError as error:
        code, message = error.response["Error"].get("Code", ""), plain(error.response["Error"].get("Message", ""))
        if code == "DryRunOperation":
            return Line(NAME, Level.OK, f"{region}: your dry run of a reservation with the demands' tags is allowed.")
        if "service control policy" in message or "resource control policy" in message:
            seen = f"{region}: your organization denies reservations: {message[:200]}"
            return Line(NAME, Level.ERROR, seen, "Ask those who manage its policies; it denies the function as well.")
        if code in DENIED:
            seen = f"{region}: you may not reserve yourself (ec2:CreateCapacityReservation, ec2:CreateTags)."
            return Line(NAME, Level.WARNING, seen, "That says nothing of the function's role; see below.")
        if code in ("OptInRequired", "AuthFailure"):
            seen = f"{region}: EC2 answers {code}: {message[:200]}"
            return Line(NAME, Level.ERROR, seen, "Enable the Region for the account.")
        advice = "Correct the row, if the message is about it; the function would be told the same."
        return Line(NAME, Level.ERROR, f"{plain(one.pool.name)}: EC2 answers {code}: {message[:200]}", advice)
    except BotoCoreError as error:
        return Line(NAME, Level.WARNING, f"{region}: EC2 did not answer: {plain(str(error))[:200]}", "Try again.")
    return Line(NAME, Level.ERROR, f"{region}: EC2 took a dry run for a request.", "Look for a reservation of one.")


def _of_role(look: Look) -> Iterator[Line]:
    function = f"{look.source.stack.name}-ReserveCapacity"
    try:
        role = role_of(look, function)
        regions = sorted(look.pools_by_region) or [look.source.stack.region]
        denied = [
            (region, case, why)
            for region in regions
            for case in cases(look.source.stack.owner)
            if (why := denial(look, role, case, region))
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


def role_of(look: Look, function: str) -> str:
    """The ARN of a function's role.

    Raises:
        NotAsked: if Lambda does not say.
    """
    client = look.account.client("lambda")
    answer = ask("lambda:GetFunctionConfiguration", lambda: client.get_function_configuration(FunctionName=function))
    return str(answer["Role"])


def denial(look: Look, role: str, case: Case, region: str) -> str:
    """Why a role may not do something; empty if it may.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html; service control policies that
    have conditions are not simulated.

    Raises:
        NotAsked: if IAM does not say.
    """
    stack, partition = look.source.stack, role.split(":")[1]
    context = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in case.context.items()
    ]
    keys = [key.partition("/")[2] for key in case.context if key.startswith("aws:RequestTag/")]
    if keys:
        context.append({"ContextKeyName": "aws:TagKeys", "ContextKeyValues": keys, "ContextKeyType": _KIND})
    answer = ask(
        "iam:SimulatePrincipalPolicy",
        lambda: look.account.client("iam").simulate_principal_policy(
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
