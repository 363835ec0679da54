"""What tests of templates have in common."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud_deploy.conftest import Cloud

QUEUE = {"Type": "AWS::SQS::Queue"}


def create(cloud: Cloud, name: str, template: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """The stack, complete or rolled back."""
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    client = cloud.client("cloudformation")
    client.create_stack(
        StackName=name, TemplateBody=json.dumps(template), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    stack: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    return stack


def update(cloud: Cloud, name: str, template: dict[str, Any]) -> dict[str, Any]:
    """The stack, updated or rolled back."""
    client, names = cloud.client("cloudformation"), {"StackName": name, "ChangeSetName": f"set-{uuid.uuid4()}"}
    client.create_change_set(
        **names, ChangeSetType="UPDATE", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    client.execute_change_set(**names)
    stack: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    return stack


def refused(cloud: Cloud, template: dict[str, Any], **parameters: str) -> str:
    """The message with which the template is refused; nothing is left of it."""
    with pytest.raises(ClientError) as error:
        create(cloud, "refused", template, **parameters)
    answer = error.value.response["Error"]
    assert answer["Code"] == "ValidationError"
    with pytest.raises(ClientError):
        cloud.client("cloudformation").describe_stacks(StackName="refused")
    return str(answer["Message"])


def value_of(cloud: Cloud, name: str, expression: Any, **template: Any) -> str:
    """What CloudFormation makes of an expression."""
    parts = {"Resources": {"Queue": QUEUE}, "Outputs": {"Value": {"Value": expression}}, **template}
    stack = create(cloud, name, parts)
    cloud.client("cloudformation").delete_stack(StackName=name)
    return str(stack["Outputs"][0]["OutputValue"])
