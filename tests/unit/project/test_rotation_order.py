"""What is there before the rotation is switched on: Secrets Manager tries the function as soon as it is.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

from collections.abc import Mapping

import pytest

from localcloud.cloudformation import parameters
from localcloud.cloudformation.intrinsics import Scope, pseudo_parameters, references
from localcloud.cloudformation.validation import in_dependency_order
from tests.scan.branches import chosen
from tests.translated import translated

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


def waited_for(given: Mapping[str, str]) -> set[str]:
    """All that exists before the rotation, with these parameters; a reference to what never will fails.

    A resource waits for what it refers to, in its Metadata as well, and for what it depends on.
    """
    template = translated()
    values = parameters.resolve(template, {"SecretRotationDays": "30", **given}).values
    pseudo = pseudo_parameters("123456789012", "ap-northeast-1", "aws", "arn", "odcr")
    scope = Scope(template, {**pseudo, **values})
    truth = {name: scope.holds(name) for name in template["Conditions"]}
    existing = {name for name, one in template["Resources"].items() if truth.get(one.get("Condition", ""), True)}
    found: set[str] = set()
    left = ["DatabaseSecretRotation"]
    while left:
        name = left.pop()
        resource = chosen(template["Resources"][name], truth)
        referred = set(references([resource["Properties"], resource.get("Metadata", {})])) & set(template["Resources"])
        assert referred <= existing, name
        explicit = resource.get("DependsOn", [])
        explicit = {explicit} if isinstance(explicit, str) else set(explicit)
        assert explicit <= existing, name
        left.extend((referred | explicit) - found)
        found |= referred | explicit
    return found


@pytest.mark.parametrize(
    ("given", "way", "not_there"),
    [
        ({"SecretsManagerAccess": "endpoint"}, ENDPOINT, NAT - {"LambdaSubnet1Routes", "LambdaSubnet2Routes"}),
        ({"SecretsManagerAccess": "nat"}, NAT, ENDPOINT),
        ({"SecretsManagerAccess": "existing", **OWN_VPC}, set(), ENDPOINT | NAT),
    ],
    ids=["endpoint", "nat", "existing"],
)
def test_the_rotation_waits_for_the_way_to_secrets_manager(
    given: dict[str, str], way: set[str], not_there: set[str]
) -> None:
    found = waited_for(given)
    assert DATABASE | way | {"RotateSecret", "RotateSecretPermission"} <= found
    assert not found & not_there


def test_the_local_cloud_makes_it_wait_as_well() -> None:
    order = in_dependency_order(translated())
    assert {name for name in ENDPOINT | NAT if order.index(name) > order.index("DatabaseSecretRotation")} == set()
