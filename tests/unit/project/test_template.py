"""The template's resources and parameters. Rights are in test_rights.py."""

import json
import re
from typing import Any

from tests.paths import TEMPLATE
from tests.template import written_template

CANNOT_BE_TAGGED = {
    "AWS::CloudWatch::Dashboard",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::Lambda::Permission",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::SecretTargetAttachment",
}
"""Resource types without a Tags property."""


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def test_every_resource_is_tagged(resources: dict[str, Any]) -> None:
    for name, resource in resources.items():
        if resource["Type"] not in CANNOT_BE_TAGGED:
            assert {"Key": "Project", "Value": "ODCR"} in resource["Properties"].get("Tags", []), name


def test_the_default_network_is_that_of_the_original(resources: dict[str, Any]) -> None:
    parameters = written_template()["Parameters"]

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


def test_only_nat_opens_the_network_to_the_internet(resources: dict[str, Any]) -> None:
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
        "LambdaDefaultRoute",
    }
    parameters = written_template()["Parameters"]
    assert parameters["SecretsManagerAccess"]["Default"] == "endpoint"


def test_functions_do_not_log_in_as_the_administrator(resources: dict[str, Any]) -> None:
    cluster = resources["Database"]["Properties"]
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster
    login = resources["DatabaseSecret"]["Properties"]["GenerateSecretString"]["SecretStringTemplate"]
    assert json.loads(login)["username"] != cluster["MasterUsername"]


def test_rotation_is_off_by_default(resources: dict[str, Any]) -> None:
    conditional = {name for name, resource in resources.items() if resource.get("Condition") == "WithRotation"}
    assert conditional == {
        "DatabaseSecretRotation",
        "RotateSecret",
        "RotateSecretLogs",
        "RotateSecretPermission",
        "RotateSecretRole",
    }
    assert written_template()["Parameters"]["SecretRotationDays"]["Default"] == 0
    permission = resources["RotateSecretPermission"]["Properties"]
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceArn"] == {"Ref": "DatabaseSecret"}
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_functions_have_one_runtime_and_architecture(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Lambda::Function").values()
    assert {function["Runtime"] for function in functions} == {"python3.13"}
    assert all(function["Architectures"] == [{"Ref": "FunctionArchitecture"}] for function in functions)
    architecture = written_template()["Parameters"]["FunctionArchitecture"]
    assert (architecture["Default"], architecture["AllowedValues"]) == ("arm64", ["arm64", "x86_64"])


def test_nothing_is_released_by_default(resources: dict[str, Any]) -> None:
    releases = {
        name: function["Environment"]["Variables"].get("RELEASE_ON_LOWERED_TARGET")
        for name, function in of_type(resources, "AWS::Lambda::Function").items()
    }
    assert releases.pop("FindShortfalls") == {"Ref": "ReleaseOnLoweredTarget"}
    assert set(releases.values()) == {None}
    assert written_template()["Parameters"]["ReleaseOnLoweredTarget"]["Default"] == "no"


def test_parameters_are_declared_in_the_order_of_their_labelled_groups() -> None:
    text, template = TEMPLATE.read_text(), written_template()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    # The console asks in the order of the groups, `sam deploy --guided` in that of the parameters.
    assert [name for group in groups for name in group["Parameters"]] == list(template["Parameters"])
    assert groups[0]["Parameters"][0] == "AlertEmail"
    labels = [group["Label"]["default"] for group in groups]
    assert len(set(labels)) == len(labels)
    for label, group in zip(labels, groups, strict=True):
        assert f"\n  # {label}\n  {group['Parameters'][0]}:\n" in text


def test_every_parameter_is_described_and_bounded() -> None:
    for name, parameter in written_template()["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        if parameter["Type"] == "Number":
            assert "AllowedValues" in parameter or {"MinValue", "MaxValue"} <= set(parameter), name
        elif "AllowedValues" not in parameter:
            assert parameter["ConstraintDescription"].startswith("must "), name
            assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"]), name
