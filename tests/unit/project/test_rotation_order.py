"""What exists before the rotation is switched on: Secrets Manager then calls the function at once.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

from collections.abc import Mapping

import pytest

from localcloud.cloudformation import parameters
from localcloud.cloudformation.intrinsics import Scope, pseudo_parameters, references
from localcloud.cloudformation.plan import in_dependency_order
from tests.scan.branches import chosen
from tests.template import expanded_template

OWN_VPC = {
    "VpcId": "vpc-01234567",
    "LambdaSubnetIds": "subnet-01234567,subnet-89abcdef",
    "DatabaseSubnetIds": "subnet-01234567,subnet-89abcdef",
}
DATABASE = {"DatabaseInstance", "DatabaseSecretAttachment", "DatabaseFromFunctions", "LambdaSecurityGroup"}
ENDPOINT = {"SecretsManagerEndpoint", "EndpointFromFunctions"}
NAT = {
    "InternetGatewayAttachment",
    "PublicDefaultRoute",
    "PublicSubnetRoutes",
    "NatGateway",
    "LambdaDefaultRoute",
    "LambdaSubnet1Routes",
    "LambdaSubnet2Routes",
}


def waited_for(parameter_values: Mapping[str, str]) -> set[str]:
    """All resources that exist before the rotation, with these parameters.

    A resource waits for those that it refers to, also in its Metadata, and for those in its DependsOn. All of them must
    exist.
    """
    template = expanded_template()
    values = parameters.resolve(template, {"SecretRotationDays": "30", **parameter_values}).values
    pseudo = pseudo_parameters("123456789012", "ap-northeast-1", "aws", "arn", "odcr")
    scope = Scope(template, {**pseudo, **values})
    truth = {name: scope.holds(name) for name in template["Conditions"]}
    existing = {
        name for name, resource in template["Resources"].items() if truth.get(resource.get("Condition", ""), True)
    }
    earlier: set[str] = set()
    waiting = ["DatabaseSecretRotation"]
    while waiting:
        name = waiting.pop()
        resource = chosen(template["Resources"][name], truth)
        referred = set(references([resource["Properties"], resource.get("Metadata", {})])) & set(template["Resources"])
        assert referred <= existing, name
        explicit = resource.get("DependsOn", [])
        explicit = {explicit} if isinstance(explicit, str) else set(explicit)
        assert explicit <= existing, name
        waiting.extend((referred | explicit) - earlier)
        earlier |= referred | explicit
    return earlier


@pytest.mark.parametrize(
    ("parameter_values", "path", "absent"),
    [
        ({"SecretsManagerAccess": "endpoint"}, ENDPOINT, NAT - {"LambdaSubnet1Routes", "LambdaSubnet2Routes"}),
        ({"SecretsManagerAccess": "nat"}, NAT, ENDPOINT),
        ({"SecretsManagerAccess": "existing", **OWN_VPC}, set(), ENDPOINT | NAT),
    ],
    ids=["endpoint", "nat", "existing"],
)
def test_the_rotation_waits_for_the_network_path_to_secrets_manager(
    parameter_values: dict[str, str], path: set[str], absent: set[str]
) -> None:
    earlier = waited_for(parameter_values)
    assert DATABASE | path | {"RotateSecret", "RotateSecretPermission"} <= earlier
    assert not earlier & absent


def test_the_local_cloud_creates_the_rotation_last() -> None:
    order = in_dependency_order(expanded_template())
    assert {name for name in ENDPOINT | NAT if order.index(name) > order.index("DatabaseSecretRotation")} == set()
