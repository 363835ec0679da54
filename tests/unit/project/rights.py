"""What the template's roles allow, and the rules for it. test_rights.py breaks each rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

Resources = dict[str, Any]

OWNER = "${AWS::StackName}/${AWS::Region}"
"""The value of the tag odcr:stack, which says whose a reservation is."""

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
"""Actions that may have the resource `*`, because their services document no other."""

SAMS_POLICIES = (
    # A function's logs, and its network interfaces in the VPC.
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    # A state machine's traces.
    "AWSXrayWriteOnlyAccess",
)
"""The managed policies that SAM attaches to the roles."""


@dataclass(frozen=True)
class Allow:
    """A statement of a role that allows something."""

    role: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Any

    def grants(self, *patterns: str) -> bool:
        """Whether it allows an action that matches one of the patterns, or that may match."""
        return any(
            fnmatch(action.lower(), pattern.lower()) or fnmatch(pattern.lower(), action.lower())
            for action in self.actions
            for pattern in patterns
        )


def of_type(resources: Resources, kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def branches(value: Any) -> list[Any]:
    """Everything that a value, or each member of a list, can be: both sides of each Fn::If."""
    if isinstance(value, list):
        return [branch for member in value for branch in branches(member)]
    if isinstance(value, dict) and set(value) == {"Fn::If"}:
        return branches(value["Fn::If"][1:])
    return [] if value == {"Ref": "AWS::NoValue"} else [value]


def text(value: Any) -> str:
    """A value as text, with `${...}` for a part that is known only after the deployment."""
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
            yield Allow(
                role, tuple(actions), tuple(text(resource) for resource in where), statement.get("Condition", {})
            )


def functions_of(resources: Resources, allow: Allow) -> list[str]:
    """The functions with the role of a statement."""
    functions = of_type(resources, "AWS::Lambda::Function")
    return [name for name, function in functions.items() if text(function["Role"]) == f"${{{allow.role}.Arn}}"]


def has_login(function: dict[str, Any]) -> bool:
    return "DATABASE_SECRET_ARN" in function.get("Environment", {}).get("Variables", {})


# ---- The rules. Each returns a line for each thing that breaks it ---------------------------------------------------


def actions_are_named(resources: Resources) -> list[str]:
    wild = [f"{allow.role}: {action}" for allow in allows(resources) for action in allow.actions if "*" in action]
    inverted = [role for role, statement in statements(resources) if {"NotAction", "NotResource"} & set(statement)]
    return wild + inverted


def resources_are_named(resources: Resources) -> list[str]:
    return [
        f"{allow.role}: {action} on {resource}"
        for allow in allows(resources)
        for resource in allow.resources
        # An ARN that ends with `*` covers a whole service.
        if resource.rsplit(":", 1)[-1] == "*"
        for action in allow.actions
        if not any(fnmatch(action, pattern) for pattern in NO_NARROWER_RESOURCE)
    ]


def only_sams_managed_policies(resources: Resources) -> list[str]:
    return [
        f"{name}: {text(policy)}"
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for policy in branches(role.get("ManagedPolicyArns", []))
        if text(policy).rsplit("/", 1)[-1] not in SAMS_POLICIES
    ]


def rights_are_in_the_roles(resources: Resources) -> list[str]:
    """The other rules look only there."""
    kinds = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
    return [name for kind in kinds for name in of_type(resources, kind)]


def functions_with_the_login_stay_inside(resources: Resources) -> list[str]:
    functions = of_type(resources, "AWS::Lambda::Function")
    calls_outside = {
        name
        for allow in allows(resources)
        if allow.grants("ec2:*", "pricing:*")
        for name in functions_of(resources, allow)
    }
    with_login = {name for name, function in functions.items() if has_login(function)}
    outside = {name for name in with_login if "VpcConfig" not in functions[name]}
    return sorted(with_login & calls_outside | outside)


def functions_that_reserve_see_no_secret(resources: Resources) -> list[str]:
    functions = of_type(resources, "AWS::Lambda::Function")
    granted = list(allows(resources))
    reserving = {
        name
        for allow in granted
        if allow.grants("ec2:*CapacityReservation*")
        for name in functions_of(resources, allow)
    }
    reading = {name for allow in granted if allow.grants("secretsmanager:*") for name in functions_of(resources, allow)}
    return sorted(name for name in reserving if name in reading or "VpcConfig" in functions[name])


def reservations_are_created_with_the_tag(resources: Resources) -> list[str]:
    return _without(resources, {"aws:RequestTag/odcr:stack": OWNER}, "ec2:CreateCapacityReservation")


def only_tagged_reservations_are_changed(resources: Resources) -> list[str]:
    changes = ("ec2:ModifyCapacityReservation", "ec2:CancelCapacityReservation")
    return _without(resources, {"aws:ResourceTag/odcr:stack": OWNER}, *changes)


def only_own_reservations_are_tagged_and_stay_own(resources: Resources) -> list[str]:
    """Only the stack's own reservations get tags, on creation or later, and the owner's tags never change later."""
    on_creation = _without(resources, {"ec2:CreateAction": "CreateCapacityReservation"}, "ec2:CreateTags")
    later = _without(resources, {"aws:ResourceTag/odcr:stack": OWNER}, "ec2:CreateTags", "ec2:DeleteTags")
    unguarded = [
        f"{allow.role}: {', '.join(allow.actions)}"
        for allow in allows(resources)
        if allow.grants("ec2:CreateTags", "ec2:DeleteTags")
        and "ec2:CreateAction" not in allow.condition.get("StringEquals", {})
        and not {"odcr:stack", "odcr:made", "odcr:group"}
        <= set(allow.condition.get("ForAllValues:StringNotEquals", {}).get("aws:TagKeys", []))
    ]
    return [line for line in later if line in on_creation] + unguarded


def _without(resources: Resources, condition: dict[str, str], *actions: str) -> list[str]:
    """Allows of these actions without this condition, or on more than reservations."""
    unbound = []
    for allow in allows(resources):
        conditions = {key: text(value) for key, value in allow.condition.get("StringEquals", {}).items()}
        is_bound = condition.items() <= conditions.items()
        if allow.grants(*actions) and not (
            is_bound and all(":capacity-reservation/" in where for where in allow.resources)
        ):
            unbound.append(f"{allow.role}: {', '.join(allow.actions)}")
    return unbound


RULES = (
    actions_are_named,
    resources_are_named,
    only_sams_managed_policies,
    rights_are_in_the_roles,
    functions_with_the_login_stay_inside,
    functions_that_reserve_see_no_secret,
    reservations_are_created_with_the_tag,
    only_tagged_reservations_are_changed,
    only_own_reservations_are_tagged_and_stay_own,
)
