"""What creates, updates and deletes one type of resource.

The contract is CloudFormation's own between itself and a resource type:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from localcloud.cloudformation.template import text
from localcloud.services import Services


@dataclass(frozen=True)
class StackIdentity:
    """Which stack."""

    account_id: str
    region: str
    stack_id: str
    stack_name: str


@dataclass(frozen=True)
class Request:
    """What to create, update or delete."""

    services: Services
    stack: StackIdentity
    logical_id: str
    name: str
    """A unique name, for a resource that the template gives none."""
    properties: dict[str, Any]
    """Resolved, dynamic references included."""
    changed: frozenset[str] = frozenset()
    """In an update, the names of the properties that differ."""

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """An API's answer.

        Args:
            operation: such as `ec2.CreateVpc`.
            parameters: properties as a template has them. What the operation does not take is left out.

        Raises:
            ClientError: the API refuses.
            ParamValidationError: a required parameter is missing.
        """
        service, name = operation.split(".")
        client = self.services.client(service, self.stack.region)
        shape = client.meta.service_model.operation_model(name).input_shape
        answer: dict[str, Any] = getattr(client, xform_name(name))(**_shaped(shape, parameters))
        return answer


@dataclass(frozen=True)
class Physical:
    """A resource that exists."""

    id: str
    """What Ref returns."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """What Fn::GetAtt returns, by attribute; `A.B` may be B within A."""

    def attribute(self, name: str) -> Any:
        """The value of the attribute.

        Raises:
            KeyError: there is none.
        """
        if name in self.attributes:
            return self.attributes[name]
        value: Any = self.attributes
        for part in name.split("."):
            value = value[part]
        return value


@dataclass(frozen=True)
class ResourceType:
    """One resource type. By default its resources exist only in the stack's list.

    Every method raises what the API raises; the stack then fails with that reason.
    """

    name: str

    def create(self, request: Request) -> Physical:
        """Creates the resource."""
        return Physical(request.name)

    def can_update(self, changed: frozenset[str]) -> bool:
        """Whether the resource can stay when these properties change; otherwise it is deleted and created anew."""
        del changed
        return False

    def update(self, request: Request, current: Physical) -> Physical:
        """Changes the resource: the request has the new properties, `current` is the resource as it is."""
        raise NotImplementedError

    def delete(self, request: Request, current: Physical) -> None:
        """Deletes the resource; the error of the API that it does not exist is none."""


@dataclass(frozen=True)
class ApiType(ResourceType):
    """A type whose properties are the parameters of the call that creates it."""

    create_call: str
    """Such as `ec2.CreateVpc`."""
    delete_call: str
    key: str
    """The identifier in the first call's answer, and (or its plural) the parameter of the second."""
    named: str = ""
    """The property for a name; by default the key."""
    within: str = ""
    """The member of the answer with the resource; by default the whole answer."""
    update_call: str = ""
    """By default there is none."""
    arn: str = ""
    """The member of the answer that Fn::GetAtt calls Arn."""
    prepare: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """Turns properties into parameters where the two differ."""

    def create(self, request: Request) -> Physical:
        named = self.named or self.key
        properties = {named: request.name, **request.properties}
        answer = request.call(self.create_call, **self.prepare(properties))
        about = answer[self.within] if self.within else answer
        attributes = {named: properties[named], **about}
        if self.arn:
            attributes["Arn"] = about[self.arn]
        return Physical(str(about.get(self.key) or properties.get(self.key, request.name)), attributes)

    def can_update(self, changed: frozenset[str]) -> bool:
        return bool(self.update_call) and (self.named or self.key) not in changed

    def update(self, request: Request, current: Physical) -> Physical:
        request.call(self.update_call, **self.prepare({**request.properties, self.key: current.id}))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        request.call(self.delete_call, **{**request.properties, self.key: current.id, f"{self.key}s": current.id})


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
