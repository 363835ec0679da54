"""What is checked of a whole template before anything is created."""

from graphlib import CycleError, TopologicalSorter
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.intrinsics import references
from localcloud.cloudformation.resources import RESOURCE_TYPES
from localcloud.cloudformation.template import Template

RESOURCE_ATTRIBUTES = frozenset(
    {"Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"}
)


def check(template: Template, names: frozenset[str]) -> None:
    """Refuses a template that could only fail later.

    Args:
        template: plain, the transform done.
        names: parameters and pseudo parameters that Ref may name.

    Raises:
        ValidationError: an unknown resource type or attribute, a reference to nothing, or a circle of references.
    """
    resources: dict[str, dict[str, Any]] = template["Resources"]
    unknown = sorted({str(resource["Type"]) for resource in resources.values()} - set(RESOURCE_TYPES))
    if unknown:
        raise ValidationError(
            message=f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]. The local cloud "
            "cannot create them; those that it can are in localcloud/cloudformation/resources"
        )
    conditions = template.get("Conditions") or {}
    for logical_id, resource in resources.items():
        if wrong := sorted(set(resource) - RESOURCE_ATTRIBUTES):
            raise ValidationError(message=f"Invalid template resource property '{wrong[0]}' of {logical_id}")
        if (condition := resource.get("Condition")) not in {None, *conditions}:
            raise ValidationError(message=f"Template format error: Unresolved condition {condition} of {logical_id}")
    exported = sorted(name for name, output in (template.get("Outputs") or {}).items() if "Export" in output)
    if exported:
        raise ValidationError(
            message=f"Output {exported[0]}: the local cloud has no exports; leave Export out, and give other "
            "stacks the value as a parameter"
        )
    known = names | set(resources)
    for section in ("Resources", "Outputs", "Conditions"):
        missing = sorted(set(references(template.get(section) or {})) - known)
        if missing:
            raise ValidationError(
                message=f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the "
                f"{section} block of the template"
            )
    in_dependency_order(template)


def in_dependency_order(template: Template) -> list[str]:
    """Logical ids, each after those that it refers to or depends on.

    Raises:
        ValidationError: they form a circle.
    """
    resources: dict[str, dict[str, Any]] = template["Resources"]
    graph: dict[str, list[str]] = {}
    for logical_id, resource in resources.items():
        explicit = resource.get("DependsOn", [])
        # References in Metadata count as well, so that a resource can wait for one that is not always there.
        implied = references([resource.get("Properties", {}), resource.get("Metadata", {})])
        needed = [*implied, *([explicit] if isinstance(explicit, str) else explicit)]
        graph[logical_id] = [name for name in needed if name in resources]
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise ValidationError(message=f"Circular dependency between resources: [{circle}]") from error
