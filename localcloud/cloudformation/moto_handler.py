"""A resource type whose model moto has itself."""

from collections.abc import Callable
from typing import Any

from moto.cloudformation.parsing import resource_class_from_type
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from localcloud.cloudformation.handler import Handler, Physical, Request, tags_as_dict

Delete = Callable[[Request, Physical], None]
_IN_PLACE = frozenset({"Tags"})


class MotoHandler(Handler):
    """Creates, updates and deletes through moto's own CloudFormation methods, as far as it has them.

    A change of anything but tags replaces the resource where moto's model has no update of its own.

    Args:
        type_name: the resource type.
        delete: for the models that moto cannot delete.
        attributes: Fn::GetAtt attributes that moto lacks, by name, from moto's object.
    """

    def __init__(
        self,
        type_name: str,
        *,
        delete: Delete | None = None,
        attributes: dict[str, Callable[[Any], Any]] | None = None,
        physical_id: Callable[[Any], str] | None = None,
    ) -> None:
        self.type_name = type_name  # type: ignore[misc]  # one class serves many types
        self._delete = delete
        self._attributes = attributes or {}
        self._physical_id = physical_id

    def create(self, request: Request) -> Physical:
        model = self._model()
        made = model.create_from_cloudformation_json(
            self._name(request),
            {"Type": self.type_name, "Properties": request.properties},
            request.account_id,
            request.region,
            LogicalId=request.logical_id,
            StackId=request.stack_id,
            ResourceType=self.type_name,
        )
        return self._physical(request, made)

    def must_replace(self, changed: frozenset[str]) -> bool:
        return bool(changed - _IN_PLACE) and not self._can_update()

    def update(self, request: Request, current: Physical) -> Physical:
        model = current.model
        if request.changed - _IN_PLACE:
            model = self._model().update_from_cloudformation_json(
                original_resource=current.model,
                new_resource_name=current.id,
                cloudformation_json={"Type": self.type_name, "Properties": request.properties},
                account_id=request.account_id,
                region_name=request.region,
            )
        return self._physical(request, model)

    def delete(self, request: Request, current: Physical) -> None:
        if self._delete is not None:
            self._delete(request, current)
        elif _has(self._model(), "delete_from_cloudformation_json"):
            self._model().delete_from_cloudformation_json(
                current.id,
                {"Type": self.type_name, "Properties": request.properties},
                request.account_id,
                request.region,
            )
        else:
            current.model.delete(request.account_id, request.region)

    def _can_update(self) -> bool:
        return _has(self._model(), "update_from_cloudformation_json")

    def _model(self) -> Any:
        return resource_class_from_type(self.type_name)

    def _name(self, request: Request) -> str:
        name_property = self._model().cloudformation_name_type()
        return str(request.properties.get(name_property, request.name)) if name_property else request.name

    def _physical(self, request: Request, model: Any) -> Physical:
        if isinstance(model, TaggedEC2Resource):
            tags = {**stack_tags(request), **tags_as_dict(request.properties)}
            ec2_backends[request.account_id][request.region].create_tags([_ec2_id(model)], tags)
        attributes = {name: read(model) for name, read in self._attributes.items()}
        physical_id = (
            self._physical_id(model) if self._physical_id else getattr(model, "physical_resource_id", request.name)
        )
        return Physical(str(physical_id), attributes, model)


def stack_tags(request: Request) -> dict[str, str]:
    """The tags that CloudFormation puts on what it makes."""
    return {
        "aws:cloudformation:logical-id": request.logical_id,
        "aws:cloudformation:stack-id": request.stack_id,
        "aws:cloudformation:stack-name": request.stack_name,
    }


def _ec2_id(model: Any) -> str:
    # An Elastic IP's physical id is its address; it is tagged by its allocation.
    return str(getattr(model, "allocation_id", None) or model.physical_resource_id)


def _has(model: type[CloudFormationModel], method: str) -> bool:
    return not hasattr(getattr(model, method), "__isabstractmethod__")
