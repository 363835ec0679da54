"""What a template may contain, and what is refused before anything is created."""

import json
from typing import Any

import pytest

from tests.integration.localcloud_deploy.conftest import Cloud
from tests.integration.localcloud_deploy.stacks import QUEUE, create, refused, value_of


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "AWS::Region"}, "ap-northeast-1"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Fn::Sub": "arn:${AWS::Partition}:x:${!Literal}"}, "arn:aws:x:${Literal}"),
        ({"Fn::Sub": ["${A}-${AWS::StackName}", {"A": {"Ref": "AWS::URLSuffix"}}]}, "amazonaws.com-expression"),
        ({"Fn::Join": [",", {"Fn::GetAZs": ""}]}, "ap-northeast-1a,ap-northeast-1c,ap-northeast-1d"),
        ({"Fn::Select": [1, {"Fn::GetAZs": "us-west-2"}]}, "us-west-2b"),
        ({"Fn::Join": ["", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "ab"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b"]}]}, "b"),
        ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "K"]}, "mapped"),
        ({"Fn::If": ["Yes", "so", "not so"]}, "so"),
        ({"Fn::If": ["Both", "so", "not so"]}, "not so"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:aws:sqs:ap-northeast-1:123456789012:q"),
    ],
)
def test_expressions(cloud: Cloud, expression: Any, value: str) -> None:
    resources = {"Queue": {**QUEUE, "Properties": {"QueueName": "q"}}}
    conditions = {
        "Yes": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Or": [{"Fn::Equals": [1, "2"]}, {"Fn::Equals": ["a", "b"]}]}]},
    }
    mappings = {"M": {"ap-northeast-1": {"K": "mapped"}}}
    found = value_of(cloud, "expression", expression, Resources=resources, Conditions=conditions, Mappings=mappings)
    assert found == value


def test_a_secret_is_read_into_a_property_but_not_kept(cloud: Cloud) -> None:
    secret = cloud.client("secretsmanager").create_secret(Name="looked-up", SecretString='{"key": "hidden value"}')
    reference = f"{{{{resolve:secretsmanager:{secret['ARN']}:SecretString:key}}}}"
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t", "DisplayName": reference}}
    arn = create(cloud, "dynamic", {"Resources": {"Topic": topic}, "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}}})[
        "Outputs"
    ][0]["OutputValue"]
    attributes = cloud.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["DisplayName"] == "hidden value"
    template = cloud.client("cloudformation").get_template(StackName="dynamic")["TemplateBody"]
    assert "hidden" not in json.dumps(template)


@pytest.mark.parametrize(
    ("slot", "value", "message"),
    [
        ({"AllowedPattern": "[a-z]+"}, "abC", "Parameter 'P' must match [a-z]+"),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "must be lower case"},
            "A",
            "Parameter P failed to satisfy constraint: must be lower case",
        ),
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
        ({"MaxLength": 1}, "ab", "Parameter 'P' must contain at most 1 characters"),
        ({"Type": "Number", "MinValue": 1}, "0", "Parameter 'P' must be a number not less than 1"),
        ({"Type": "Number", "MaxValue": 1}, "1.5", "Parameter 'P' must be a number not greater than 1"),
        ({"Type": "Number"}, "many", "Parameter 'P' must be a number."),
        ({"Type": "List<Number>", "MaxValue": 4}, "3,5", "Parameter 'P' must be a number not greater than 4"),
    ],
)
def test_a_parameter_that_violates_its_constraint(cloud: Cloud, slot: dict[str, Any], value: str, message: str) -> None:
    template = {"Parameters": {"P": {"Type": "String", **slot}}, "Resources": {"Queue": QUEUE}}
    assert refused(cloud, template, P=value) == message


def test_parameters_that_are_missing_or_unknown(cloud: Cloud) -> None:
    template = {"Parameters": {"P": {"Type": "String"}}, "Resources": {"Queue": QUEUE}}
    assert refused(cloud, template) == "Parameters: [P] must have values"
    assert refused(cloud, template, P="", Q="") == "Parameters: [Q] do not exist in the template"


def test_rules(cloud: Cloud) -> None:
    rules = {
        "InProduction": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "Assertions": [
                {"Assert": {"Fn::Contains": [["big", "huge"], {"Ref": "Size"}]}, "AssertDescription": "think big"}
            ],
        },
        "Zones": {"Assertions": [{"Assert": {"Fn::Contains": [{"Ref": "Zones"}, "a"]}}]},
    }
    parameters = {"Stage": {"Type": "String"}, "Size": {"Type": "String"}, "Zones": {"Type": "CommaDelimitedList"}}
    template = {"Parameters": parameters, "Rules": rules, "Resources": {"Queue": QUEUE}}
    assert "Rule InProduction failed: think big" in refused(cloud, template, Stage="prod", Size="small", Zones="a")
    assert "Rule Zones failed" in refused(cloud, template, Stage="test", Size="small", Zones="b,c")
    stack = create(cloud, "ruled", template, Stage="prod", Size="huge", Zones="b,a")
    assert stack["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            {"Resources": {"It": {"Type": "AWS::Timestream::Table"}}},
            "Unrecognized resource types: [AWS::Timestream::Table]",
        ),
        ({"Resources": {"Queue": QUEUE}, "Hooks": {}}, "Invalid template property or properties [Hooks]"),
        (
            {"Resources": {"Queue": QUEUE}, "Outputs": {"Out": {"Value": "shared", "Export": {"Name": "n"}}}},
            "Output Out: the local cloud has no exports",
        ),
        ({"Resources": {}}, "At least one Resources member must be defined"),
        ({"Resources": {"Queue": {**QUEUE, "Propertys": {}}}}, "Invalid template resource property 'Propertys'"),
        (
            {"Resources": {"Queue": {**QUEUE, "Properties": {"QueueName": {"Ref": "Nobody"}}}}},
            "Unresolved resource dependencies [Nobody] in the Resources block",
        ),
        (
            {
                "Resources": {
                    "One": {**QUEUE, "DependsOn": "Other"},
                    "Other": {**QUEUE, "Properties": {"QueueName": {"Fn::Sub": "${One}"}}},
                }
            },
            "Circular dependency between resources: [One, Other]",
        ),
        (
            {"Resources": {"Queue": QUEUE}, "Transform": "AWS::LanguageExtensions"},
            "No transform named AWS::LanguageExtensions",
        ),
        (
            {
                "Transform": "AWS::Serverless-2016-10-31",
                "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Runtime": "python3.13"}}},
            },
            "Resource with id [F] is invalid",
        ),
    ],
)
def test_templates_that_are_refused(cloud: Cloud, template: dict[str, Any], message: str) -> None:
    assert message in refused(cloud, template)


def test_rights_need_the_caller_s_consent(cloud: Cloud) -> None:
    role: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    client = cloud.client("cloudformation")
    with pytest.raises(client.exceptions.InsufficientCapabilitiesException, match="CAPABILITY_IAM"):
        client.create_stack(StackName="rights", TemplateBody=json.dumps({"Resources": {"Role": role}}))
    named = {**role, "Properties": {**role["Properties"], "RoleName": "named"}}
    with pytest.raises(client.exceptions.InsufficientCapabilitiesException, match="CAPABILITY_NAMED_IAM"):
        client.create_stack(
            StackName="rights", TemplateBody=json.dumps({"Resources": {"Role": named}}), Capabilities=["CAPABILITY_IAM"]
        )


def test_templates_that_no_check_expected(cloud: Cloud) -> None:
    assert "Template format error" in refused(cloud, {"Resources": {"Queue": QUEUE}, "Parameters": {"P": 5}})
    select = {"Out": {"Value": {"Fn::Select": ["first", ["a"]]}}}
    stack = create(cloud, "misused", {"Resources": {"Queue": QUEUE}, "Outputs": select})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Fn::Select is misused" in stack["StackStatusReason"]
