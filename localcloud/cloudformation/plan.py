"""What is known of a deployment before something is created: the checked template and its parameters."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.utilities.utils import get_partition

from localcloud.cloudformation import parameters as parameter_values
from localcloud.cloudformation.intrinsics import pseudo_parameters, references
from localcloud.cloudformation.parameters import Parameters
from localcloud.cloudformation.resource_type import StackIdentity
from localcloud.cloudformation.resources import RESOURCE_TYPES
from localcloud.cloudformation.template import Template, expand, parse

RESOURCE_ATTRIBUTES = frozenset(
    {"Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdateReplacePolicy"}
)
IAM_NAMES = frozenset({"GroupName", "InstanceProfileName", "ManagedPolicyName", "RoleName", "UserName"})


class InsufficientCapabilitiesError(CloudFormationError):
    """The caller did not consent to the rights that the template creates."""

    code = "InsufficientCapabilitiesException"

    def __init__(self, capability: str) -> None:
        super().__init__(f"Requires capabilities : [{capability}]")


class Plan:
    """A checked template with its parameters: all that can be known before something is created.

    Raises:
        InsufficientCapabilitiesError: the caller does not consent to the rights that the template creates.
        ValidationError: the template or a parameter is refused.
    """

    def __init__(self, identity: StackIdentity, text: str, given: Mapping[str, str], capabilities: list[str]) -> None:
        self.text = text
        try:
            self._check(identity, given)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A section that is not a dict, an assertion without Assert: whatever the checks did not expect.
            raise ValidationError(message=f"Template format error: {type(error).__name__}: {error}") from error
        self._require(capabilities)

    def _check(self, identity: StackIdentity, given: Mapping[str, str]) -> None:
        written = parse(self.text)
        self.parameters: Parameters = parameter_values.resolve(written, given)
        partition = get_partition(identity.region)
        pseudo = pseudo_parameters(
            identity.account_id, identity.region, partition, identity.stack_id, identity.stack_name
        )
        self.values = {**pseudo, **self.parameters.values}
        parameter_values.check_rules(written, self.values)
        self.template: Template = expand(written, dict(given), identity.region)
        _check_expanded(self.template, frozenset(self.values))

    def _require(self, capabilities: list[str]) -> None:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
        rights = [one for one in self.template["Resources"].values() if str(one["Type"]).startswith("AWS::IAM::")]
        if any(IAM_NAMES & set(one.get("Properties", {})) for one in rights) and (
            "CAPABILITY_NAMED_IAM" not in capabilities
        ):
            raise InsufficientCapabilitiesError("CAPABILITY_NAMED_IAM")
        if rights and not {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"} & set(capabilities):
            raise InsufficientCapabilitiesError("CAPABILITY_IAM")


def _check_expanded(template: Template, names: frozenset[str]) -> None:
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
