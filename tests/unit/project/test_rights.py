"""Each role's rights in the template are the least: the rules hold, and each is seen to find what breaks it."""

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
    has_login,
    of_type,
    only_own_reservations_are_tagged_and_stay_own,
    only_sams_managed_policies,
    only_tagged_reservations_are_changed,
    reservations_are_made_with_the_tag,
    resources_are_named,
    rights_are_in_the_roles,
    statements,
    text,
    who_calls_ec2_sees_no_secret,
    who_has_the_login_stays_inside,
)

Mutate = Callable[[Resources], object]


@pytest.mark.parametrize("rule", RULES)
def test_the_template_keeps_the_rule(rule: Callable[[Resources], list[str]], resources: Resources) -> None:
    assert rule(resources) == []


def test_the_rules_look_at_something(resources: Resources) -> None:
    granted, functions = list(allows(resources)), of_type(resources, "AWS::Lambda::Function").values()
    assert {text(one["Role"]) for one in functions} <= {
        f"${{{name}.Arn}}" for name in of_type(resources, "AWS::IAM::Role")
    }
    for action in ("CreateCapacityReservation", "ModifyCapacityReservation", "CancelCapacityReservation", "CreateTags"):
        assert any(one.grants(f"ec2:{action}") for one in granted), action
    assert any(has_login(function) for function in functions)


def test_only_who_compares_sees_the_accounts_instances(resources: Resources) -> None:
    assert [(one.role, one.resources) for one in allows(resources) if one.grants("ec2:DescribeInstances")] == [
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


def test_who_reads_which_secret(resources: Resources) -> None:
    may: dict[str, list[tuple[Any, ...]]] = {}
    for one in allows(resources):
        if one.grants("secretsmanager:*"):
            may.setdefault(one.role, []).append((one.actions, one.resources))
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
    # Whoever logs in has to know whom to trust.
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        told = function["Environment"]["Variables"].get("DATABASE_CERTIFICATES_SECRET_ARN")
        assert told == ({"Ref": "DatabaseCertificatesSecretArn"} if has_login(function) else None), name


def test_who_counts_requests_reads_the_schedule_and_starts_runs(resources: Resources) -> None:
    """Each on the stack's own: the one table, the one schedule, the one state machine."""
    own = "${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
    may = {
        (one.role, *one.actions, *one.resources)
        for one in allows(resources)
        if one.grants("dynamodb:*", "scheduler:*", "states:*")
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
        # The schedule's.
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
        one
        for one in of_type(resources, "AWS::Scheduler::Schedule").values()
        if "AcquireCapacity" in str(one["Target"])
    )
    assert schedule["Name"] == {"Ref": "AWS::StackName"}
    # In the default group.
    assert "GroupName" not in schedule


def test_who_asks_for_prices_does_nothing_else(resources: Resources) -> None:
    (asking,) = (one for one in allows(resources) if one.grants("pricing:*"))
    assert (asking.actions, functions_of(resources, asking)) == (("pricing:GetProducts",), ["FetchPrices"])
    assert [one for one in allows(resources) if one.role == asking.role] == [asking]
    assert "VpcConfig" not in of_type(resources, "AWS::Lambda::Function")["FetchPrices"]


def test_the_endpoint_lets_through_what_the_functions_do_and_nothing_else(resources: Resources) -> None:
    (endpoint,) = of_type(resources, "AWS::EC2::VPCEndpoint").values()
    given = branches(endpoint["PolicyDocument"]["Statement"])
    assert [
        (one["Effect"], branches(one["Action"]), [text(where) for where in branches(one["Resource"])]) for one in given
    ] == [
        ("Allow", [*ROTATE], [OWN]),
        ("Allow", [READ], [ADMINISTRATORS]),
        ("Allow", [READ], [CERTIFICATES]),
    ]
    assert all(
        one["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}} for one in given
    )


# ---- What breaks them ----------------------------------------------------------------------------------------------


def statement_of(resources: Resources, action: str) -> dict[str, Any]:
    """The statement that allows an action."""
    return next(given for _, given in statements(resources) if action in branches(given.get("Action", [])))


def also(role: str, *actions: str, resource: Any = "*", **more: Any) -> Mutate:
    """Gives a role one more statement."""

    def mutate(resources: Resources) -> None:
        policy = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]
        policy["Statement"].append({"Effect": "Allow", "Action": list(actions), "Resource": resource, **more})

    return mutate


def with_change(action: str, **elements: Any) -> Mutate:
    """Changes elements of the statement that allows an action; None takes one away."""

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
        (who_has_the_login_stays_inside, also("LoadTargetsRole", "ec2:DescribeCapacityReservations")),
        (who_has_the_login_stays_inside, also("RecordResultsRole", "*")),
        (
            who_has_the_login_stays_inside,
            with_properties("FindShortfalls", Environment={"Variables": {"DATABASE_SECRET_ARN": "x"}}),
        ),
        (who_has_the_login_stays_inside, lambda resources: resources["LoadTargets"]["Properties"].pop("VpcConfig")),
        (who_calls_ec2_sees_no_secret, also("ReserveCapacityRole", "secretsmanager:GetSecretValue", resource="x")),
        (who_calls_ec2_sees_no_secret, also("FindShortfallsRole", "secretsmanager:DescribeSecret", resource="x")),
        (who_calls_ec2_sees_no_secret, with_properties("FindShortfalls", VpcConfig={})),
        (reservations_are_made_with_the_tag, with_change(CREATE, Condition=None)),
        (reservations_are_made_with_the_tag, with_change(CREATE, Condition=on(RESOURCE))),
        (reservations_are_made_with_the_tag, with_change(CREATE, Condition=on(REQUEST, "*", "StringLike"))),
        (reservations_are_made_with_the_tag, with_change(CREATE, Condition=on(REQUEST, OWNER, "StringEqualsIfExists"))),
        (reservations_are_made_with_the_tag, with_change(CREATE, Condition=on(REQUEST, "${AWS::StackName}"))),
        (reservations_are_made_with_the_tag, also("FindShortfallsRole", "ec2:Create*")),
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
