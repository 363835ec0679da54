"""What the template's roles allow, and the rules that this has to keep; test_rights.py breaks each."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

Resources = dict[str, Any]

OWNER = "${AWS::StackName}/${AWS::Region}"
"""The value of the tag odcr:stack, by which reservations belong to a stack."""

NO_NARROWER_RESOURCE = (
    # Lists and descriptions.
    "*:Describe*",
    "*:List*",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    "secretsmanager:GetRandomPassword",
    # The log delivery of a state machine: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html
    "tag:GetResources",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awspricelist.html
    "pricing:GetProducts",
)
"""Actions that may have the resource `*`, because their services document that they know no other."""

TO_RUN = (
    # A function's logs, and its network interfaces in the VPC.
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    # A state machine's traces.
    "AWSXrayWriteOnlyAccess",
)
"""The managed policies that SAM attaches, by the roles' purposes."""


@dataclass(frozen=True)
class Allow:
    """An Allow of a role."""

    role: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Any

    def grants(self, *patterns: str) -> bool:
        """Whether it allows an action that matches one of the patterns, or has a pattern that does."""
        return any(
            fnmatch(action.lower(), pattern.lower()) or fnmatch(pattern.lower(), action.lower())
            for action in self.actions
            for pattern in patterns
        )


def of_type(resources: Resources, kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def branches(value: Any) -> list[Any]:
    """Everything that a value can be, and the members of lists in it: both sides of an Fn::If."""
    if isinstance(value, list):
        return [branch for member in value for branch in branches(member)]
    if isinstance(value, dict) and set(value) == {"Fn::If"}:
        return branches(value["Fn::If"][1:])
    return [] if value == {"Ref": "AWS::NoValue"} else [value]


def text(value: Any) -> str:
    """A value as text, with `${...}` for what is known only when deployed."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Fn::Sub":
        return str(argument[0] if isinstance(argument, list) else argument)
    if function == "Fn::Join":
        return str(argument[0]).join(text(part) for part in argument[1])
    return "${" + (".".join(argument) if isinstance(argument, list) else str(argument)) + "}"


def statements(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in branches(role.get("Policies", [])):
            for statement in branches(policy["PolicyDocument"]["Statement"]):
                yield name, statement


def allows(resources: Resources) -> Iterator[Allow]:
    for role, statement in statements(resources):
        if statement["Effect"] == "Allow":
            actions, where = branches(statement.get("Action", [])), branches(statement.get("Resource", []))
            yield Allow(role, tuple(actions), tuple(text(one) for one in where), statement.get("Condition", {}))


def functions_of(resources: Resources, allow: Allow) -> list[str]:
    """The functions with the role of this Allow."""
    functions = of_type(resources, "AWS::Lambda::Function")
    return [name for name, function in functions.items() if text(function["Role"]) == f"${{{allow.role}.Arn}}"]


def has_login(function: dict[str, Any]) -> bool:
    return "DATABASE_SECRET_ARN" in function.get("Environment", {}).get("Variables", {})


# ---- The rules: each gives what breaks it, one line each -----------------------------------------------------------


def actions_are_named(resources: Resources) -> list[str]:
    wild = [f"{one.role}: {action}" for one in allows(resources) for action in one.actions if "*" in action]
    not_said = [role for role, given in statements(resources) if {"NotAction", "NotResource"} & set(given)]
    return wild + not_said


def resources_are_named(resources: Resources) -> list[str]:
    return [
        f"{one.role}: {action} on {resource}"
        for one in allows(resources)
        for resource in one.resources
        # Everything of a service is no better than everything.
        if resource.rsplit(":", 1)[-1] == "*"
        for action in one.actions
        if not any(fnmatch(action, pattern) for pattern in NO_NARROWER_RESOURCE)
    ]


def only_sams_managed_policies(resources: Resources) -> list[str]:
    return [
        f"{name}: {text(policy)}"
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for policy in branches(role.get("ManagedPolicyArns", []))
        if text(policy).rsplit("/", 1)[-1] not in TO_RUN
    ]


def rights_are_in_the_roles(resources: Resources) -> list[str]:
    """Where the other rules look."""
    kinds = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
    return [name for kind in kinds for name in of_type(resources, kind)]


def who_has_the_login_stays_inside(resources: Resources) -> list[str]:
    functions = of_type(resources, "AWS::Lambda::Function")
    calls_outside = {
        name for one in allows(resources) if one.grants("ec2:*", "pricing:*") for name in functions_of(resources, one)
    }
    with_login = {name for name, function in functions.items() if has_login(function)}
    outside = {name for name in with_login if "VpcConfig" not in functions[name]}
    return sorted(with_login & calls_outside | outside)


def who_calls_ec2_sees_no_secret(resources: Resources) -> list[str]:
    functions = of_type(resources, "AWS::Lambda::Function")
    granted = list(allows(resources))
    reserving = {
        name for one in granted if one.grants("ec2:*CapacityReservation*") for name in functions_of(resources, one)
    }
    reading = {name for one in granted if one.grants("secretsmanager:*") for name in functions_of(resources, one)}
    return sorted(name for name in reserving if name in reading or "VpcConfig" in functions[name])


def reservations_are_made_with_the_tag(resources: Resources) -> list[str]:
    return _without(resources, {"aws:RequestTag/odcr:stack": OWNER}, "ec2:CreateCapacityReservation")


def only_tagged_reservations_are_changed(resources: Resources) -> list[str]:
    changes = ("ec2:ModifyCapacityReservation", "ec2:CancelCapacityReservation")
    return _without(resources, {"aws:ResourceTag/odcr:stack": OWNER}, *changes)


def only_own_reservations_are_tagged_and_stay_own(resources: Resources) -> list[str]:
    """Tags come with the reservation, or are those of one that is the stack's; whose it is cannot be changed."""
    with_it = _without(resources, {"ec2:CreateAction": "CreateCapacityReservation"}, "ec2:CreateTags")
    later = _without(resources, {"aws:ResourceTag/odcr:stack": OWNER}, "ec2:CreateTags", "ec2:DeleteTags")
    unguarded = [
        f"{one.role}: {', '.join(one.actions)}"
        for one in allows(resources)
        if one.grants("ec2:CreateTags", "ec2:DeleteTags")
        and "ec2:CreateAction" not in one.condition.get("StringEquals", {})
        and not {"odcr:stack", "odcr:made", "odcr:group"}
        <= set(one.condition.get("ForAllValues:StringNotEquals", {}).get("aws:TagKeys", []))
    ]
    return [one for one in later if one in with_it] + unguarded


def _without(resources: Resources, condition: dict[str, str], *actions: str) -> list[str]:
    """Allows of these actions without this condition, or on more than reservations."""
    found = []
    for one in allows(resources):
        given = {key: text(value) for key, value in one.condition.get("StringEquals", {}).items()}
        is_bound = condition.items() <= given.items()
        if one.grants(*actions) and not (
            is_bound and all(":capacity-reservation/" in where for where in one.resources)
        ):
            found.append(f"{one.role}: {', '.join(one.actions)}")
    return found


RULES = (
    actions_are_named,
    resources_are_named,
    only_sams_managed_policies,
    rights_are_in_the_roles,
    who_has_the_login_stays_inside,
    who_calls_ec2_sees_no_secret,
    reservations_are_made_with_the_tag,
    only_tagged_reservations_are_changed,
    only_own_reservations_are_tagged_and_stay_own,
)
