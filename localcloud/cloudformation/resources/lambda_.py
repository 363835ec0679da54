"""AWS::Lambda::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

import io
import zipfile
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class Function(ApiType):
    """A function from a zip in S3, or from text in the template."""

    def create(self, request: Request) -> Physical:
        function = super().create(request)
        self._set_others(request, function)
        return function

    def update(self, request: Request, current: Physical) -> Physical:
        defaults = {"Description": "", "Environment": {}, "MemorySize": 128, "Timeout": 3}
        properties = {**defaults, **_prepared(request.properties), "FunctionName": current.id}
        request.call("lambda.UpdateFunctionCode", **properties, **properties["Code"])
        request.call("lambda.UpdateFunctionConfiguration", **properties)
        self._set_others(request, current)
        return current

    def can_update(self, changed: frozenset[str]) -> bool:
        return not changed & {"FunctionName", "PackageType"}

    def _set_others(self, request: Request, function: Physical) -> None:
        """What the calls of moto's API leave out."""
        if group := request.properties.get("LoggingConfig", {}).get("LogGroup"):
            backend = lambda_backends[request.stack.account_id][request.stack.region]
            backend.get_function(function.id).logs_group_name = str(group)
        reserved = request.properties.get("ReservedConcurrentExecutions")
        if reserved is None:
            request.call("lambda.DeleteFunctionConcurrency", FunctionName=function.id)
        else:
            properties = {"FunctionName": function.id, "ReservedConcurrentExecutions": reserved}
            request.call("lambda.PutFunctionConcurrency", **properties)


def _prepared(properties: dict[str, Any]) -> dict[str, Any]:
    code = dict(properties["Code"])
    if "ImageUri" in code or properties.get("PackageType") == "Image":
        raise ValidationError(message="The local cloud runs functions from a zip, not from an image")
    if not str(properties["Runtime"]).startswith("python"):
        raise ValidationError(message=f"The local cloud runs Python functions, not {properties['Runtime']}")
    if properties.get("Layers"):
        raise ValidationError(message="The local cloud runs functions without layers: put the layer into the artifact")
    if "ZipFile" in code:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("index.py", code["ZipFile"])
        code["ZipFile"] = content.getvalue()
    return {**properties, "Code": code}


TYPES: tuple[ResourceType, ...] = (
    Function(
        "AWS::Lambda::Function",
        "lambda.CreateFunction",
        "lambda.DeleteFunction",
        "FunctionName",
        arn="FunctionArn",
        prepare=_prepared,
    ),
    ResourceType("AWS::Lambda::Permission"),
)
