"""AWS::Lambda::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

import base64
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.handler import Handler, Physical, Request, required, tags_as_dict

SETTINGS = (
    "Architectures",
    "Description",
    "EphemeralStorage",
    "Handler",
    "KmsKeyArn",
    "MemorySize",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)


def backend_of(request: Request) -> LambdaBackend:
    """moto's Lambda in the stack's account and Region."""
    backend: LambdaBackend = lambda_backends[request.account_id][request.region]
    return backend


class Function(Handler):
    """A function from a zip in S3, or from text in the template."""

    type_name = "AWS::Lambda::Function"
    create_only = frozenset({"FunctionName", "PackageType"})

    def create(self, request: Request) -> Physical:
        name = str(request.properties.get("FunctionName", request.name))
        if any(function.function_name == name for function in backend_of(request).list_functions()):
            raise ValidationError(message=f"Function already exist: {name}")
        function = backend_of(request).create_function({"FunctionName": name, **_spec(request)})
        _set_log_group(request, function)
        return Physical(name, {"Arn": _arn(request, name)}, function)

    def update(self, request: Request, current: Physical) -> Physical:
        # Made anew, it forgets the settings that the template no longer has. It takes the old one's place without a
        # deletion, which would end the invocations under way.
        storage = backend_of(request)._lambdas
        spec = {"FunctionName": current.id, **_spec(request)}
        function = _new_function(request.account_id, spec, request.region)
        storage._functions[current.id]["latest"] = function
        storage._arns[function.function_arn] = function
        _set_log_group(request, function)
        return Physical(current.id, current.attributes, function)

    def delete(self, request: Request, current: Physical) -> None:
        if any(function.function_name == current.id for function in backend_of(request).list_functions()):
            backend_of(request).delete_function(current.id)


_new_function: Any = LambdaFunction
"""As moto makes it, though its unused methods are abstract."""


def _spec(request: Request) -> dict[str, Any]:
    properties = request.properties
    code = dict(required(request, "Code"))
    if "ImageUri" in code or properties.get("PackageType") == "Image":
        raise ValidationError(message="The local cloud runs functions from a zip, not from an image")
    if "ZipFile" in code:
        zipped = LambdaFunction._create_zipfile_from_plaintext_code(code["ZipFile"])
        code["ZipFile"] = base64.b64encode(zipped)
    runtime, handler = str(required(request, "Runtime")), str(required(request, "Handler"))
    if not runtime.startswith("python"):
        raise ValidationError(message=f"The local cloud runs Python functions, not {runtime}")
    if properties.get("Layers"):
        raise ValidationError(message="The local cloud runs functions without layers: put the layer into the artifact")
    required(request, "Role")
    variables = properties.get("Environment", {}).get("Variables", {})
    settings = {name: properties[name] for name in SETTINGS if name in properties}
    return {
        **settings,
        "Handler": handler,
        "Code": code,
        "Environment": {"Variables": {name: _text(value) for name, value in variables.items()}},
        "Tags": tags_as_dict(properties),
    }


def _set_log_group(request: Request, function: LambdaFunction) -> None:
    if group := request.properties.get("LoggingConfig", {}).get("LogGroup"):
        function.logs_group_name = str(group)


def _arn(request: Request, name: str) -> str:
    return f"arn:aws:lambda:{request.region}:{request.account_id}:function:{name}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Permission(Handler):
    """A right that nobody asks for."""

    type_name = "AWS::Lambda::Permission"

    def must_replace(self, changed: frozenset[str]) -> bool:
        return bool(changed)


HANDLERS: tuple[Handler, ...] = (Function(), Permission())
