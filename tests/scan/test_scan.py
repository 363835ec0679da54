"""`make scan`: the scanners find nothing in the template but what is skipped, and do find faults."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import TEMPLATE
from tests.scan.checkov import Finding, findings, skipped_everywhere, skipped_in
from tests.template import expanded_template


@pytest.fixture(scope="module")
def template_findings(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """The findings in the template without its own skips."""
    template = expanded_template()
    for resource in template["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    return findings(template, tmp_path_factory.mktemp("checkov"))


@pytest.fixture(scope="module")
def faulty_findings(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """The findings in some resources with serious faults."""
    template = expanded_template()
    names = ("Database", "DatabaseInstance", "LambdaSecurityGroup", "FindShortfallsRole")
    template["Resources"] = {name: template["Resources"][name] for name in names}
    database, instance, group, role = (resource["Properties"] for resource in template["Resources"].values())
    # Encrypted by default, so a scan of the defaults alone would miss it.
    database["StorageEncrypted"] = {"Fn::If": ["ProtectDatabase", True, False]}
    instance["PubliclyAccessible"] = True
    everybody = {"Description": "All", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    group["SecurityGroupIngress"] = [everybody]
    role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] = "*"
    return findings(template, tmp_path_factory.mktemp("checkov"))


def test_checkov_finds_nothing_but_what_is_skipped(template_findings: set[Finding]) -> None:
    everywhere, in_template = dict(skipped_everywhere()), dict(skipped_in(expanded_template()))
    assert (
        sorted(
            finding for finding in template_findings if finding.check not in everywhere and finding not in in_template
        )
        == []
    )


def test_checkov_finds_faults(template_findings: set[Finding], faulty_findings: set[Finding]) -> None:
    assert faulty_findings - template_findings >= {
        Finding("CKV_AWS_96", "Database"),
        Finding("CKV_AWS_17", "DatabaseInstance"),
        Finding("CKV_AWS_24", "LambdaSecurityGroup"),
        Finding("CKV_AWS_63", "FindShortfallsRole"),
    }


def test_every_skip_has_a_reason_and_is_still_needed(template_findings: set[Finding]) -> None:
    everywhere, in_template = dict(skipped_everywhere()), dict(skipped_in(expanded_template()))
    assert everywhere
    assert in_template
    assert [skip for skip, reason in (*everywhere.items(), *in_template.items()) if len(reason.split()) < 6] == []
    assert everywhere.keys() - {finding.check for finding in template_findings} == set()
    assert in_template.keys() - template_findings == set()


def test_sam_accepts_the_template() -> None:
    completed = subprocess.run(
        [Path(sys.executable).with_name("sam"), "validate", "--lint", "--template", TEMPLATE, "--region", "us-east-1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
