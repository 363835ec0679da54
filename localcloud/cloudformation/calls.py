"""Calls to the local cloud's own APIs, with a template's properties as parameters.

A resource type's properties are mostly the parameters of the call that creates it. botocore's models say how the API
spells and types them.
"""

from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from localcloud.cloudformation.template import text
from localcloud.services import Services


def call(services: Services, region: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The API's answer.

    Args:
        services: the running cloud.
        region: where to call.
        operation: such as `ec2.CreateVpc`.
        parameters: properties as a template has them. What the operation does not take is left out.

    Raises:
        ClientError: the API refuses.
        ParamValidationError: a required parameter is missing.
    """
    service, name = operation.split(".")
    client = services.client(service, region)
    shape = client.meta.service_model.operation_model(name).input_shape
    answer: dict[str, Any] = getattr(client, xform_name(name))(**_shaped(shape, parameters))
    return answer


def is_gone(error: ClientError) -> bool:
    """Whether the call failed because the resource does not exist."""
    code = error.response["Error"]["Code"]
    return any(word in code for word in ("NotFound", "NotExist", "NonExist", "NoSuch"))


def _shaped(shape: Shape | None, value: Any) -> Any:
    """The value as the API wants it: `Name` may be `name` there, a number text, a document JSON."""
    if isinstance(shape, StructureShape):
        members = {name.lower(): name for name in shape.members}
        known = {members[key.lower()]: part for key, part in value.items() if key.lower() in members}
        return {name: _shaped(shape.members[name], part) for name, part in known.items() if part is not None}
    if isinstance(shape, ListShape):
        return [_shaped(shape.member, part) for part in (value if isinstance(value, list) else [value])]
    if isinstance(shape, MapShape):
        pairs = {tag["Key"]: tag["Value"] for tag in value} if isinstance(value, list) else value
        return {str(key): _shaped(shape.value, part) for key, part in pairs.items()}
    kind = shape.type_name if shape else ""
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return text(value) == "true"
    return text(value) if kind == "string" else value
