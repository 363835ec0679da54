"""What creates, updates and deletes one type of resource.

The contract is CloudFormation's own between itself and a resource type:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from moto.cloudformation.exceptions import ValidationError

from localcloud.services import Services


@dataclass(frozen=True)
class Request:
    """What a handler is asked to do."""

    services: Services
    account_id: str
    region: str
    stack_id: str
    stack_name: str
    logical_id: str
    name: str
    """For the resource whose template gives none; unique."""
    properties: dict[str, Any]
    """Resolved, dynamic references included."""
    changed: frozenset[str] = frozenset()
    """In an update, the names of the top-level properties that differ; none of them is create-only."""


@dataclass
class Physical:
    """A resource that exists."""

    id: str
    """What Ref returns."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """What Fn::GetAtt returns, by attribute."""
    model: Any = None
    """moto's object, where moto made it."""


class Handler:
    """One resource type. Subclasses make it; the default is a resource that exists only in the stack's list.

    Every method raises what the service would raise; the stack then fails with that reason.
    """

    type_name: ClassVar[str]
    create_only: ClassVar[frozenset[str]] = frozenset()
    """Properties whose change makes a new physical resource in the place of the old."""

    def create(self, request: Request) -> Physical:
        """Makes the resource."""
        return Physical(request.name)

    def update(self, request: Request, current: Physical) -> Physical:
        """Changes the resource in place: the request has the new properties, `current` is the resource as it is."""
        del request
        return current

    def delete(self, request: Request, current: Physical) -> None:
        """Takes the resource away; a resource that is already gone is no error."""

    def must_replace(self, changed: frozenset[str]) -> bool:
        """Whether a change of these properties needs a new physical resource."""
        return bool(changed & self.create_only)


def required(request: Request, name: str) -> Any:
    """The named property.

    Raises:
        ValidationError: the template leaves it out.
    """
    if name not in request.properties:
        raise ValidationError(message=f"Properties validation failed: required key [{name}] not found")
    return request.properties[name]


def tags_as_dict(properties: dict[str, Any]) -> dict[str, str]:
    """`Tags` of a template, a list of Key and Value or a map, as a map."""
    tags = properties.get("Tags") or []
    if isinstance(tags, dict):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}
