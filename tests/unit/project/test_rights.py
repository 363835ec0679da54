"""Each role of the template has the least rights. The rules hold, and each rule finds what breaks it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.project.rights import (
    OWNER,
    RULES,
    Resources,
    actions_are_named,
    allows,
    branches,
    functions_of,
    functions_that_reserve_see_no_secret,
    functions_with_the_login_stay_inside,
    has_login,
    of_type,
    only_own_reservations_are_tagged_and_stay_own,
    only_sams_managed_policies,
    only_tagged_reservations_are_changed,
    reservations_are_created_with_the_tag,
    resources_are_named,
    rights_are_in_the_roles,
    statements,
    text,
)

Mutate = Callable[[Resources], object]


@pytest.mark.parametrize("rule", RULES)
def test_the_template_keeps_the_rule(rule: Callable[[Resources], list[str]], resources: Resources) -> None:
    assert rule(resources) == []


def test_the_rules_have_something_to_look_at(resources: Resources) -> None:
    granted, functions = list(allows(resources)), of_type(resources, "AWS::Lambda::Function").values()
    assert {text(function["Role"]) for function in functions} <= {
        f"${{{name}.Arn}}" for name in of_type(resources, "AWS::IAM::Role")
    }
    for action in ("CreateCapacityReservation", "ModifyCapacityReservation", "CancelCapacityReservation", "CreateTags"):
        assert any(allow.grants(f"ec2:{action}") for allow in granted), action
    assert any(has_login(function) for function in functions)


def test_only_find_shortfalls_sees_the_accounts_instances(resources: Resources) -> None:
    assert [(allow.role, allow.resources) for allow in allows(resources) if allow.grants("ec2:DescribeInstances")] == [
        ("FindShortfallsRole", ("*",))
    ]


OWN, EXISTING, ADMINISTRATORS, CERTIFICATES = (
    "${DatabaseSecretAttachment}",
    "${ExistingDatabaseSecretArn}",
    "${Database.MasterUserSecret.SecretArn}",
    "${DatabaseCertificatesSecretArn}",
)
READ = "secretsmanager:GetSecretValue"
ROTATE = tuple(
    f"secretsmanager:{action}"
    for action in ("GetSecretValue", "DescribeSecret", "PutSecretValue", "UpdateSecretVersionStage")
)


def test_each_function_reads_only_its_secrets(resources: Resources) -> None:
    may: dict[str, list[tuple[Any, ...]]] = {}
    for allow in allows(resources):
        if allow.grants("secretsmanager:*"):
            may.setdefault(allow.role, []).append((allow.actions, allow.resources))
    certificates = ((READ,), (CERTIFICATES,))
    assert may == {
        "LoadTargetsRole": [((READ,), (OWN, EXISTING)), certificates],
        "RecordResultsRole": [((READ,), (OWN, EXISTING)), certificates],
        "PrepareDatabaseRole": [((READ,), (OWN, EXISTING)), ((READ,), (ADMINISTRATORS,)), certificates],
        "RecordPricesRole": [((READ,), (OWN, EXISTING)), certificates],
        "ManageTargetsRole": [((READ,), (OWN, EXISTING)), certificates],
        "RotateSecretRole": [(ROTATE, ("${DatabaseSecret}",)), certificates],
    }
    with_administrator = [
        name
        for name, function in of_type(resources, "AWS::Lambda::Function").items()
        if "DATABASE_ADMIN_SECRET_ARN" in function["Environment"]["Variables"]
    ]
    assert with_administrator == ["PrepareDatabase"]
    # A function that logs in has to know which certificates to trust.
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        certificates_arn = function["Environment"]["Variables"].get("DATABASE_CERTIFICATES_SECRET_ARN")
        assert certificates_arn == ({"Ref": "DatabaseCertificatesSecretArn"} if has_login(function) else None), name


def test_only_these_roles_count_requests_read_the_schedule_and_start_runs(resources: Resources) -> None:
    """Each in the stack's own table, schedule or state machine."""
    own = "${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
    may = {
        (allow.role, *allow.actions, *allow.resources)
        for allow in allows(resources)
        if allow.grants("dynamodb:*", "scheduler:*", "states:*")
    }
    machine = next(iter(of_type(resources, "AWS::StepFunctions::StateMachine")))
    assert may == {
        ("ReserveCapacityRole", "dynamodb:UpdateItem", "${RequestBuckets.Arn}"),
        ("FindShortfallsRole", "dynamodb:UpdateItem", "${RequestBuckets.Arn}"),
        (
            "FindShortfallsRole",
            "scheduler:GetSchedule",
            "arn:" + own % ("scheduler", "schedule/default/${AWS::StackName}"),
        ),
        # The schedule's role.
        ("AcquireCapacityEveryPeriodRole", "states:StartExecution", "${AcquireCapacity}"),
        (
            "AcquireCapacityRole",
            "states:StartExecution",
            "arn:" + own % ("states", "stateMachine:${AWS::StackName}"),
            "${UpdatePrices}",
        ),
        ("UpdatePricesEveryDayRole", "states:StartExecution", "${UpdatePrices}"),
    }
    assert resources[machine]["Properties"]["StateMachineName"] == {"Ref": "AWS::StackName"}
    (schedule,) = (
        schedule
        for schedule in of_type(resources, "AWS::Scheduler::Schedule").values()
        if "AcquireCapacity" in str(schedule["Target"])
    )
    assert schedule["Name"] == {"Ref": "AWS::StackName"}
    # It is in the default group.
    assert "GroupName" not in schedule


def test_fetch_prices_may_only_ask_for_prices(resources: Resources) -> None:
    (asking,) = (allow for allow in allows(resources) if allow.grants("pricing:*"))
    assert (asking.actions, functions_of(resources, asking)) == (("pricing:GetProducts",), ["FetchPrices"])
    assert [allow for allow in allows(resources) if allow.role == asking.role] == [asking]
    assert "VpcConfig" not in of_type(resources, "AWS::Lambda::Function")["FetchPrices"]


def test_the_endpoint_lets_through_only_what_the_functions_do(resources: Resources) -> None:
    (endpoint,) = of_type(resources, "AWS::EC2::VPCEndpoint").values()
    endpoint_statements = branches(endpoint["PolicyDocument"]["Statement"])
    assert [
        (statement["Effect"], branches(statement["Action"]), [text(where) for where in branches(statement["Resource"])])
        for statement in endpoint_statements
    ] == [
        ("Allow", [*ROTATE], [OWN]),
        ("Allow", [READ], [ADMINISTRATORS]),
        ("Allow", [READ], [CERTIFICATES]),
    ]
    assert all(
        statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
        for statement in endpoint_statements
    )


# ---- Changes that break the rules ------------------------------------------------------------------------------------


def statement_of(resources: Resources, action: str) -> dict[str, Any]:
    """The statement that allows an action."""
    return next(statement for _, statement in statements(resources) if action in branches(statement.get("Action", [])))


def also(role: str, *actions: str, resource: Any = "*", **more: Any) -> Mutate:
    """Adds a statement to a role."""

    def mutate(resources: Resources) -> None:
        policy = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]
        policy["Statement"].append({"Effect": "Allow", "Action": list(actions), "Resource": resource, **more})

    return mutate


def with_change(action: str, **elements: Any) -> Mutate:
    """Changes elements of the statement that allows an action; None removes an element."""

    def mutate(resources: Resources) -> None:
        statement = statement_of(resources, action)
        statement.update(elements)
        for name in [name for name, value in elements.items() if value is None]:
            del statement[name]

    return mutate


def with_properties(name: str, **properties: Any) -> Mutate:
    """Changes properties of a resource."""
    return lambda resources: resources[name]["Properties"].update(properties)


def with_policy(resources: Resources) -> None:
    resources["More"] = {"Type": "AWS::IAM::Policy", "Properties": {}}


def on(key: str, value: Any = OWNER, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {key: {"Fn::Sub": value}}}


CREATE, MODIFY, CANCEL = (f"ec2:{verb}CapacityReservation" for verb in ("Create", "Modify", "Cancel"))
REQUEST, RESOURCE = "aws:RequestTag/odcr:stack", "aws:ResourceTag/odcr:stack"


@pytest.mark.parametrize(
    ("rule", "mutate"),
    [
        (actions_are_named, also("FindShortfallsRole", "ec2:*", resource="arn:aws:ec2:::x")),
        (actions_are_named, also("FindShortfallsRole", "ec2:Describe*")),
        (actions_are_named, with_change(MODIFY, Action=None, NotAction="ec2:CreateCapacityReservation")),
        (actions_are_named, with_change(MODIFY, Resource=None, NotResource="arn:aws:ec2:::x")),
        (actions_are_named, with_change(MODIFY, Action={"Fn::If": ["Any", "ec2:*", MODIFY]})),
        (resources_are_named, with_change(CREATE, Resource="*")),
        (resources_are_named, with_change(CREATE, Resource={"Fn::Sub": "arn:${AWS::Partition}:ec2:*:*:*"})),
        (resources_are_named, with_change("lambda:InvokeFunction", Resource={"Fn::If": ["Any", "*", "x"]})),
        (resources_are_named, with_change("secretsmanager:GetSecretValue", Resource=["*"])),
        (resources_are_named, with_change("dynamodb:UpdateItem", Resource="*")),
        (resources_are_named, with_change("scheduler:GetSchedule", Resource="*")),
        (resources_are_named, with_change("states:StartExecution", Resource="*")),
        (
            only_sams_managed_policies,
            with_properties("LoadTargetsRole", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        ),
        (rights_are_in_the_roles, with_policy),
        (functions_with_the_login_stay_inside, also("LoadTargetsRole", "ec2:DescribeCapacityReservations")),
        (functions_with_the_login_stay_inside, also("RecordResultsRole", "*")),
        (
            functions_with_the_login_stay_inside,
            with_properties("FindShortfalls", Environment={"Variables": {"DATABASE_SECRET_ARN": "x"}}),
        ),
        (
            functions_with_the_login_stay_inside,
            lambda resources: resources["LoadTargets"]["Properties"].pop("VpcConfig"),
        ),
        (
            functions_that_reserve_see_no_secret,
            also("ReserveCapacityRole", "secretsmanager:GetSecretValue", resource="x"),
        ),
        (
            functions_that_reserve_see_no_secret,
            also("FindShortfallsRole", "secretsmanager:DescribeSecret", resource="x"),
        ),
        (functions_that_reserve_see_no_secret, with_properties("FindShortfalls", VpcConfig={})),
        (reservations_are_created_with_the_tag, with_change(CREATE, Condition=None)),
        (reservations_are_created_with_the_tag, with_change(CREATE, Condition=on(RESOURCE))),
        (reservations_are_created_with_the_tag, with_change(CREATE, Condition=on(REQUEST, "*", "StringLike"))),
        (
            reservations_are_created_with_the_tag,
            with_change(CREATE, Condition=on(REQUEST, OWNER, "StringEqualsIfExists")),
        ),
        (reservations_are_created_with_the_tag, with_change(CREATE, Condition=on(REQUEST, "${AWS::StackName}"))),
        (reservations_are_created_with_the_tag, also("FindShortfallsRole", "ec2:Create*")),
        (only_tagged_reservations_are_changed, with_change(MODIFY, Condition=None)),
        (only_tagged_reservations_are_changed, with_change(CANCEL, Condition=on(REQUEST))),
        (only_tagged_reservations_are_changed, with_change(CANCEL, Resource=["*"])),
        (only_tagged_reservations_are_changed, also("LoadTargetsRole", CANCEL)),
        (only_own_reservations_are_tagged_and_stay_own, with_change("ec2:CreateTags", Condition=None)),
        (only_own_reservations_are_tagged_and_stay_own, with_change("ec2:CreateTags", Condition=on(REQUEST))),
        (only_own_reservations_are_tagged_and_stay_own, also("ReserveCapacityRole", "ec2:DeleteTags", resource="x")),
    ],
)
def test_the_rule_finds_what_breaks_it(
    rule: Callable[[Resources], list[str]], mutate: Mutate, resources: Resources
) -> None:
    broken = copy.deepcopy(resources)
    mutate(broken)
    assert rule(broken)
