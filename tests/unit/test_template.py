"""The template as CloudFormation sees it, after the SAM transform."""

import json
from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from localcloud.cloudformation.transform import expand

ROOT = Path(__file__).parents[2]

CANNOT_BE_TAGGED = {
    "AWS::EC2::Route",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::Lambda::Permission",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::SecretTargetAttachment",
}
"""Resource types without a Tags property."""


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    # What `sam package` does: the transform takes code and definition from S3.
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://bucket/definition"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    expanded: dict[str, Any] = expand(template, {}, "ap-northeast-1")["Resources"]
    return expanded


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def test_everything_is_tagged(resources: dict[str, Any]) -> None:
    for name, resource in resources.items():
        if resource["Type"] not in CANNOT_BE_TAGGED:
            assert {"Key": "Project", "Value": "ODCR"} in resource["Properties"].get("Tags", []), name


def test_the_originals_network_is_the_default(resources: dict[str, Any]) -> None:
    parameters = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]

    def cidr(properties: dict[str, Any]) -> str:
        return str(parameters[properties["CidrBlock"]["Ref"]]["Default"])

    subnets = {
        tag["Value"]: cidr(subnet)
        for subnet in of_type(resources, "AWS::EC2::Subnet").values()
        for tag in subnet["Tags"]
        if tag["Key"] == "Name"
    }
    assert subnets == {
        "Public_Subnet": "172.18.1.0/24",
        "Private_Subnet_DB_1": "172.18.2.0/24",
        "Private_Subnet_DB_2": "172.18.3.0/24",
        "Private_Subnet_Lambda_1": "172.18.4.0/24",
        "Private_Subnet_Lambda_2": "172.18.5.0/24",
    }
    assert [cidr(vpc) for vpc in of_type(resources, "AWS::EC2::VPC").values()] == ["172.18.0.0/16"]


def test_the_way_to_the_internet_is_there_only_when_asked_for(resources: dict[str, Any]) -> None:
    conditional = {name for name, resource in resources.items() if resource.get("Condition") == "WithNatGateway"}
    assert conditional == {
        "PublicSubnet",
        "InternetGateway",
        "InternetGatewayAttachment",
        "PublicRouteTable",
        "PublicSubnetRoutes",
        "PublicDefaultRoute",
        "NatAddress",
        "NatGateway",
        "PrivateDefaultRoute",
    }
    assert yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]["UseNatGateway"]["Default"] == "no"


SECRET = {"Ref": "DatabaseSecret"}
ADMIN_SECRET = {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}
ROTATING = [
    f"secretsmanager:{action}"
    for action in ("GetSecretValue", "DescribeSecret", "PutSecretValue", "UpdateSecretVersionStage")
]


def rights(resources: dict[str, Any], function: str) -> list[tuple[list[str], Any]]:
    """What a function may do: actions and resource of each statement that the template writes."""
    role = resources[f"{function}Role"]["Properties"]
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    assert {one["Effect"] for one in statements} == {"Allow"}
    return [
        (one["Action"] if isinstance(one["Action"], list) else [one["Action"]], one["Resource"]) for one in statements
    ]


def test_who_has_the_login_never_sees_ec2_and_the_other_way_round(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    assert len(functions) == 6
    for name, function in functions.items():
        actions = str(rights(resources, name))
        with_login = "DATABASE_SECRET_ARN" in function["Environment"]["Variables"]
        assert with_login == ("VpcConfig" in function) == ("secretsmanager:" in actions) != ("ec2:" in actions)


def test_who_reads_which_secret(resources: dict[str, Any]) -> None:
    may = {name: rights(resources, name) for name in of_type(resources, "AWS::Lambda::Function")}
    read = ["secretsmanager:GetSecretValue"]
    assert may["LoadTargets"] == may["RecordResults"] == [(read, SECRET)]
    assert may["PrepareDatabase"] == [(read, [SECRET, ADMIN_SECRET])]
    assert may["RotateSecret"] == [(ROTATING, SECRET)]
    assert [
        name
        for name, function in of_type(resources, "AWS::Lambda::Function").items()
        if "DATABASE_ADMIN_SECRET_ARN" in function["Environment"]["Variables"]
    ] == ["PrepareDatabase"]


def test_the_endpoint_lets_through_what_the_functions_do_and_nothing_else(resources: dict[str, Any]) -> None:
    (endpoint,) = of_type(resources, "AWS::EC2::VPCEndpoint").values()
    assert [(one["Action"], one["Resource"]) for one in endpoint["PolicyDocument"]["Statement"]] == [
        ({"Fn::If": ["WithRotation", ROTATING, "secretsmanager:GetSecretValue"]}, SECRET),
        ("secretsmanager:GetSecretValue", ADMIN_SECRET),
    ]


def test_the_functions_do_not_log_in_as_the_administrator(resources: dict[str, Any]) -> None:
    cluster = resources["Database"]["Properties"]
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster
    login = resources["DatabaseSecret"]["Properties"]["GenerateSecretString"]["SecretStringTemplate"]
    assert json.loads(login)["username"] != cluster["MasterUsername"]


def test_rotation_is_there_only_when_asked_for(resources: dict[str, Any]) -> None:
    conditional = {name for name, resource in resources.items() if resource.get("Condition") == "WithRotation"}
    assert conditional == {
        "DatabaseSecretRotation",
        "RotateSecret",
        "RotateSecretLogs",
        "RotateSecretPermission",
        "RotateSecretRole",
    }
    assert yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]["SecretRotationDays"]["Default"] == 0
    permission = resources["RotateSecretPermission"]["Properties"]
    assert (permission["Principal"], permission["SourceArn"]) == ("secretsmanager.amazonaws.com", SECRET)
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_runtime_and_architecture(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Lambda::Function").values()
    assert {(function["Runtime"], *function["Architectures"]) for function in functions} == {("python3.13", "arm64")}
