"""`make scan`: what the scanners say of the template, and that they would say more of a worse one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cfn_lint import cfn_lint
from tests.scan.checkov import Finding, findings, skipped_everywhere, skipped_in
from tests.translated import TEMPLATE, translated


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    return findings(translated(), tmp_path_factory.mktemp("checkov"))


@pytest.fixture(scope="module")
def found_in_a_worse_one(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """In the template without its own skips, and with faults that nobody would want."""
    template = translated()
    resources = template["Resources"]
    for resource in resources.values():
        resource.get("Metadata", {}).pop("checkov", None)
    resources["Database"]["Properties"]["StorageEncrypted"] = False
    resources["DatabaseInstance"]["Properties"]["PubliclyAccessible"] = True
    everybody = {"Description": "All", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    resources["LambdaSecurityGroup"]["Properties"]["SecurityGroupIngress"] = [everybody]
    return findings(template, tmp_path_factory.mktemp("checkov"))


def test_checkov_finds_nothing_but_what_is_skipped_with_a_reason(found: set[Finding]) -> None:
    skipped = {check for check, _ in skipped_everywhere()}
    assert sorted(finding for finding in found if finding.check not in skipped) == []


def test_checkov_finds_faults(found: set[Finding], found_in_a_worse_one: set[Finding]) -> None:
    assert found_in_a_worse_one - found >= {
        Finding("CKV_AWS_96", "Database"),
        Finding("CKV_AWS_17", "DatabaseInstance"),
        Finding("CKV_AWS_24", "LambdaSecurityGroup"),
    }


def test_every_skip_has_its_reason_and_is_still_needed(found_in_a_worse_one: set[Finding]) -> None:
    skips = [*skipped_everywhere(), *skipped_in(translated())]
    assert [check for check, reason in skips if len(reason.split()) < 6] == []
    assert {check for check, _ in skips} <= {finding.check for finding in found_in_a_worse_one}


def test_cfn_lint_accepts_the_translated_template(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(translated()))
    assert cfn_lint(path) == ""


def test_cfn_lint_would_object(tmp_path: Path) -> None:
    template = translated()
    template["Resources"]["Database"]["Properties"]["Engine"] = "aurora-oracle"
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    assert "'aurora-oracle' is not one of" in cfn_lint(path)


def test_sam_accepts_the_template() -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("sam"), "validate", "--lint", "--template", TEMPLATE, "--region", "us-east-1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
