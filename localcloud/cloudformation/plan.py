"""What is known of a deployment before something is created: the checked template and its parameters."""

from collections.abc import Mapping

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.utilities.utils import get_partition

from localcloud.cloudformation import parameters as parameter_values
from localcloud.cloudformation import transform, validation
from localcloud.cloudformation.intrinsics import pseudo_parameters
from localcloud.cloudformation.parameters import Parameters
from localcloud.cloudformation.resource_type import StackIdentity
from localcloud.cloudformation.template import Template, parse

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
            # A section that is no dict, an assertion without Assert: whatever the checks did not expect.
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
        self.template: Template = transform.expand(written, dict(given), identity.region)
        validation.check(self.template, frozenset(self.values))

    def _require(self, capabilities: list[str]) -> None:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
        rights = [one for one in self.template["Resources"].values() if str(one["Type"]).startswith("AWS::IAM::")]
        if any(IAM_NAMES & set(one.get("Properties", {})) for one in rights) and (
            "CAPABILITY_NAMED_IAM" not in capabilities
        ):
            raise InsufficientCapabilitiesError("CAPABILITY_NAMED_IAM")
        if rights and not {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"} & set(capabilities):
            raise InsufficientCapabilitiesError("CAPABILITY_IAM")
