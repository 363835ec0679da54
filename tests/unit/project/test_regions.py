"""Where the stack can be deployed: in Regions with known certificate authorities of RDS, in every partition."""

import json
import re
import warnings
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore
import botocore.session
import pytest
from cryptography import x509
from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation import parameters
from localcloud.cloudformation.intrinsics import pseudo_parameters
from tests.paths import ROOT
from tests.template import expanded_template, written_template

BUNDLE = ROOT / "functions" / "odcr" / "gateways" / "rds_certificates.pem"
KINDS = {"RSA2048 G1", "RSA4096 G1", "ECC384 G1"}
"""The authorities that RDS has in each Region:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html#UsingWithRDS.SSL.RegionCertificateAuthorities"""

WITHOUT_AUTHORITIES = {
    "cn-north-1",
    "cn-northwest-1",
    "eu-isoe-west-1",
    "eusc-de-east-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
}
"""Regions whose authorities no maintained package has. People supply them by DatabaseCertificatesSecretArn."""

OWN_BUNDLE = {"DatabaseCertificatesSecretArn": "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:roots-AbCdEf"}
OWN_DATABASE = {
    "ExistingDatabaseSecretArn": "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:mysql-AbCdEf",
    "ExistingDatabaseSecurityGroupId": "sg-01234567",
    "VpcId": "vpc-01234567",
    "LambdaSubnetIds": "subnet-01234567,subnet-89abcdef",
    "SecretsManagerAccess": "existing",
}


@cache
def authorities() -> dict[str, set[str]]:
    """The kinds of authorities by Region, as the certificates themselves say."""
    kinds: dict[str, set[str]] = {}
    with warnings.catch_warnings():
        # Some serial numbers are too long.
        warnings.simplefilter("ignore")
        for certificate in x509.load_pem_x509_certificates(BUNDLE.read_bytes()):
            certificate.verify_directly_issued_by(certificate)
            assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
            (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
            region, kind = re.fullmatch(r"Amazon RDS (\S+) Root CA (.+)", str(name.value)).groups()  # type: ignore[union-attr]
            assert kind not in kinds.setdefault(region, set()), name
            kinds[region].add(kind)
    return kinds


@cache
def regions_of_rds() -> set[str]:
    """All Regions of RDS that botocore knows, in every partition."""
    session = botocore.session.get_session()
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("rds", partition)
    }


@cache
def partition_of(region: str) -> str:
    return str(botocore.session.get_session().get_partition_for_region(region))


def check_rules(region: str, values: dict[str, str]) -> None:
    """Evaluates the template's Rules, as CloudFormation does when a stack is created.

    Raises:
        ValidationError: if a rule refuses the deployment.
    """
    pseudo = pseudo_parameters("123456789012", region, partition_of(region), "arn", "odcr")
    parameters.check_rules(written_template(), {**pseudo, **parameters.resolve(written_template(), values).values})


def test_the_bundle_has_all_authorities_of_a_region() -> None:
    bundled = authorities()
    assert {region: kinds for region, kinds in bundled.items() if kinds != KINDS} == {}
    comments = re.findall(r"^# Amazon RDS (\S+) Root CA (.+), until", BUNDLE.read_text(), re.MULTILINE)
    assert sorted(comments) == sorted((region, kind) for region, kinds in bundled.items() for kind in kinds)


def test_every_region_of_rds_has_its_authorities_or_is_known_to_lack_them() -> None:
    """Fails when AWS adds a Region: docs/how-to/own-network-and-database.md, "Certificates", says what to do."""
    bundled = set(authorities())
    assert regions_of_rds() - bundled == WITHOUT_AUTHORITIES


def test_the_template_lists_the_regions_of_the_bundle() -> None:
    (assertion,) = written_template()["Rules"]["WithNewDatabaseAndKnownCertificates"]["Assertions"]
    regions, deployed_to = assertion["Assert"]["Fn::Contains"]
    assert regions == sorted(authorities())
    assert deployed_to == {"Ref": "AWS::Region"}


@pytest.mark.parametrize("region", sorted(regions_of_rds()))
def test_a_deployment_without_authorities_is_refused_with_what_to_do(region: str) -> None:
    check_rules(region, OWN_BUNDLE)
    check_rules(region, OWN_DATABASE)
    if region in authorities():
        check_rules(region, {})
        return
    with pytest.raises(ValidationError) as refused:
        check_rules(region, {})
    assert "give DatabaseCertificatesSecretArn (docs/how-to/own-network-and-database.md" in refused.value.message


def test_the_docs_name_the_regions_without_authorities() -> None:
    page = (ROOT / "docs" / "how-to" / "own-network-and-database.md").read_text()
    assert "\n## Certificates\n" in page
    assert [region for region in sorted(WITHOUT_AUTHORITIES) if f"`{region}`" not in page] == []


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1"])
def test_no_arn_names_another_partition(region: str) -> None:
    # SAM writes the ARNs of managed policies for the Region that it is called for.
    plain = expanded_template(region)
    text = json.dumps(plain["Resources"]) + json.dumps(plain["Outputs"])
    named = set(re.findall(r"arn:(aws[a-z-]*|\$\{[^}]+\})", text))
    assert "${AWS::Partition}" in named
    assert named <= {"${AWS::Partition}", partition_of(region)}
    definition = (ROOT / "statemachine" / "acquire_capacity.asl.json").read_text()
    assert set(re.findall(r"arn:([^:]+):", definition)) <= {"${Partition}"}


def test_principals_are_services_by_their_global_names() -> None:
    """They are `SERVICE.amazonaws.com` in every partition, even where the domain differs:
    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_iam.ServicePrincipalOpts.html"""

    def principals(node: Any) -> list[str]:
        if isinstance(node, list):
            return [name for member in node for name in principals(member)]
        if not isinstance(node, dict):
            return []
        own = node.get("Principal", {})
        services = own.get("Service", []) if isinstance(own, dict) else [own]
        names = [services] if isinstance(services, str) else services
        return [*names, *(name for member in node.values() for name in principals(member))]

    for region in ("ap-northeast-1", "cn-north-1"):
        named = set(principals(expanded_template(region)["Resources"])) - {"*"}
        assert named == {
            f"{service}.amazonaws.com" for service in ("cloudwatch", "lambda", "scheduler", "secretsmanager", "states")
        }


def test_every_pattern_of_an_arn_allows_all_partitions() -> None:
    for name, parameter in written_template()["Parameters"].items():
        if "arn:aws" in (pattern := parameter.get("AllowedPattern", "")):
            assert pattern.startswith("^(arn:aws[a-z-]*:"), name
