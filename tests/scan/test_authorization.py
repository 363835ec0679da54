"""The template's IAM statements agree with AWS's reference, and the check finds faults."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.scan.authorization import findings, reference, statements
from tests.template import expanded_template

Mutate = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def whole_template() -> dict[str, Any]:
    """The expanded template, not to be changed."""
    return expanded_template()


@pytest.fixture
def template(whole_template: dict[str, Any]) -> dict[str, Any]:
    """A copy of the expanded template, to be changed."""
    return copy.deepcopy(whole_template)


def test_every_statement_agrees_with_the_reference(whole_template: dict[str, Any]) -> None:
    assert findings(whole_template) == []


def test_every_policy_is_checked(whole_template: dict[str, Any]) -> None:
    checked = list(statements(whole_template))
    assert {"AlertTopicPolicy", "SecretsManagerEndpoint", "RotateSecretPermission"} <= {
        statement.where for statement in checked
    }
    assert {(statement.effect, bool(statement.resources), bool(statement.keys)) for statement in checked} >= {
        ("Allow", True, True),
        ("Deny", True, True),
        # A role's trust policy.
        ("Allow", False, False),
    }
    roles = {name for name, resource in whole_template["Resources"].items() if resource["Type"] == "AWS::IAM::Role"}
    assert roles <= {statement.where for statement in checked}
    # Statements that conditions leave out by default are included.
    assert any("kms:Decrypt" in statement.actions for statement in checked)


def test_the_reference_has_the_services() -> None:
    assert {"ec2", "kms", "lambda", "logs", "secretsmanager", "sns", "sqs", "states", "sts"} <= set(reference())


def statement(action: str, role: str = "ReserveCapacityRole") -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Finds the statement of a role with an action."""

    def find(template: dict[str, Any]) -> dict[str, Any]:
        policies = template["Resources"][role]["Properties"]["Policies"]
        of_role: list[dict[str, Any]] = [
            statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]
        ]
        return next(statement for statement in of_role if action in statement.get("Action", []))

    return find


def change(action: str, role: str = "ReserveCapacityRole", **elements: Any) -> Mutate:
    return lambda template: statement(action, role)(template).update(elements)


def resource_policy(name: str, document: str, position: int, **elements: Any) -> Mutate:
    return lambda template: template["Resources"][name]["Properties"][document]["Statement"][position].update(elements)


CREATE, CANCEL, TAGS = "ec2:CreateCapacityReservation", "ec2:CancelCapacityReservation", "ec2:CreateTags"
DENIED = "ec2:DescribeSubnets"
INSTANCES = {"Fn::Sub": "arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:instance/*"}


@pytest.mark.parametrize(
    ("mutate", "finding"),
    [
        (change(CREATE, Action="ec2:CreateCapacityReservations"), "no action ec2:CreateCapacityReservations"),
        (change(CREATE, Action="EC2CreateCapacityReservation"), "no action EC2CreateCapacityReservation"),
        (change(DENIED, "LoadTargetsRole", Action=[DENIED, "ec2:DescribeSubnet"]), "no action ec2:DescribeSubnet"),
        (change(CANCEL, Resource=INSTANCES), "ec2:CancelCapacityReservation takes capacity-reservation, not"),
        (change(CANCEL, Resource="*"), "ec2:CancelCapacityReservation on * could name capacity-reservation"),
        (
            change("ec2:DescribeInstanceTypes", Resource=INSTANCES),
            "ec2:DescribeInstanceTypes takes no resource but *",
        ),
        (
            change("sns:Publish", "AcquireCapacityRole", Resource={"Fn::GetAtt": ["LoadTargets", "Arn"]}),
            "sns:Publish takes topic, not arn:x:lambda",
        ),
        (
            change("sns:Publish", "AcquireCapacityRole", Resource={"Fn::GetAtt": ["AlertTopic", "TopicName"]}),
            "which is no known ARN",
        ),
        (
            change("lambda:InvokeFunction", "AcquireCapacityRole", Resource={"Ref": "LoadTargets"}),
            "${LoadTargets}, which is no known ARN",
        ),
        (
            change("sns:Publish", "AcquireCapacityRole", Resource=[{"Ref": "AlertTopic"}, INSTANCES]),
            "instance/x is for none of sns:Publish",
        ),
        (
            change(
                "secretsmanager:GetSecretValue", "LoadTargetsRole", Resource={"Ref": "ExistingDatabaseSecretKeyArn"}
            ),
            "secretsmanager:GetSecretValue takes Secret, not arn:awsx:kms",
        ),
        (
            change(CREATE, Condition={"StringEquals": {"aws:ResourceTag/odcr:stack": "x"}}),
            "ec2:CreateCapacityReservation does not take the condition key aws:ResourceTag/odcr:stack",
        ),
        (
            change(CANCEL, Condition={"StringEquals": {"aws:RequestTag/odcr:stack": "x"}}),
            "ec2:CancelCapacityReservation does not take the condition key aws:RequestTag/odcr:stack",
        ),
        (
            change(TAGS, Condition={"StringEquals": {"ec2:CreatAction": "x"}}),
            "ec2:CreateTags does not take the condition key ec2:CreatAction",
        ),
        (
            change(DENIED, "LoadTargetsRole", Condition={"ArnLike": {"lambda:FunctionArn": "x"}}),
            "ec2:DescribeSubnets does not take the condition key lambda:FunctionArn",
        ),
        (
            change(CREATE, Condition={"ArnLike": {"aws:RequestTag/odcr:stack": "x"}}),
            "ArnLike does not compare aws:RequestTag/odcr:stack, which is of type String",
        ),
        (
            change(CREATE, Condition={"StringEquals": {"aws:TagKeys": "x"}}),
            "aws:TagKeys has several values, and StringEquals does not fit",
        ),
        (
            change(CREATE, Condition={"ForAllValues:StringEquals": {"aws:RequestTag/odcr:stack": "x"}}),
            "aws:RequestTag/odcr:stack has one value, and ForAllValues:StringEquals does not fit",
        ),
        (
            resource_policy("AlertTopicPolicy", "PolicyDocument", 1, Condition={"Bool": {"aws:SecureTransports": "x"}}),
            "sns:Publish does not take the condition key aws:SecureTransports",
        ),
        (
            resource_policy("SecretsManagerEndpoint", "PolicyDocument", 0, Action="secretsmanager:GetSecret"),
            "no action secretsmanager:GetSecret",
        ),
        (
            resource_policy("LoadTargetsRole", "AssumeRolePolicyDocument", 0, Action=["sts:AssumeRoles"]),
            "no action sts:AssumeRoles",
        ),
        (
            lambda template: template["Resources"]["RotateSecretPermission"]["Properties"].update(
                Action="lambda:Invoke"
            ),
            "no action lambda:Invoke",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_found(mutate: Mutate, finding: str, template: dict[str, Any]) -> None:
    mutate(template)
    assert finding in "\n".join(findings(template))


def test_arns_of_several_parts_and_actions_without_a_resource_are_understood(template: dict[str, Any]) -> None:
    execution = {"Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${Name}:*"}
    policy = template["Resources"]["AcquireCapacityRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"] += [
        {"Effect": "Allow", "Action": "states:DescribeExecution", "Resource": execution},
        {"Effect": "Allow", "Action": "ec2:DescribeAvailabilityZones", "Resource": "*"},
    ]
    assert findings(template) == []
    machine = {"Ref": "AcquireCapacity"}
    policy["Statement"].append({"Effect": "Allow", "Action": "states:DescribeExecution", "Resource": machine})
    assert "states:DescribeExecution takes execution, express, not" in "\n".join(findings(template))
