"""AWS::Lambda::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

import io
import zipfile
from typing import Any

from moto.awslambda.models import lambda_backends

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class Function(ApiType):
    """A function from a zip in S3, or from text in the template."""

    def create(self, request: Request) -> Physical:
        function = super().create(request)
        self._set_log_group(request, function)
        return function

    def update(self, request: Request, current: Physical) -> Physical:
        defaults = {"Description": "", "Environment": {"Variables": {}}, "MemorySize": 128, "Timeout": 3}
        properties = {**defaults, **_zipped(request.properties), "FunctionName": current.id}
        request.call("lambda.UpdateFunctionCode", **properties, **properties["Code"])
        request.call("lambda.UpdateFunctionConfiguration", **properties)
        self._set_log_group(request, current)
        return current

    def can_update(self, changed: frozenset[str]) -> bool:
        return "FunctionName" not in changed

    def _set_log_group(self, request: Request, function: Physical) -> None:
        # moto's API leaves it out.
        if group := request.properties.get("LoggingConfig", {}).get("LogGroup"):
            backend = lambda_backends[request.stack.account_id][request.stack.region]
            backend.get_function(function.id).logs_group_name = str(group)


def _zipped(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with the code's text as a zip."""
    if "ZipFile" not in properties["Code"]:
        return properties
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", properties["Code"]["ZipFile"])
    return {**properties, "Code": {"ZipFile": content.getvalue()}}


TYPES: tuple[ResourceType, ...] = (
    Function(
        "AWS::Lambda::Function",
        "lambda.CreateFunction",
        "lambda.DeleteFunction",
        "FunctionName",
        arn="FunctionArn",
        prepare=_zipped,
    ),
    ResourceType("AWS::Lambda::Permission"),
)
