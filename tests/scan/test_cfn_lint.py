"""cfn-lint accepts the template, the state machines and the documented rule, and objects to faults in them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT
from tests.scan.cfn_lint import cfn_lint
from tests.template import expanded_template


def machine(name: str) -> dict[str, Any]:
    """A state machine's definition."""
    definition: dict[str, Any] = json.loads((ROOT / "statemachine" / f"{name}.asl.json").read_text())
    return definition


def lint(machine: dict[str, Any], folder: Path) -> str:
    # cfn-lint only checks a definition in the template itself.
    values = {
        "Partition": "aws",
        "AlertTopicArn": "arn:aws:sns:us-east-1:123456789012:changes",
    }
    arn = "arn:aws:lambda:us-east-1:123456789012:function:a"
    text = re.sub(r"\$\{(\w+)\}", lambda name: values.get(name[1], arn), json.dumps(machine))
    inline = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/states", "Definition": json.loads(text)},
            }
        },
    }
    path = folder / "inline.json"
    path.write_text(json.dumps(inline))
    return cfn_lint(path)


@pytest.mark.parametrize("name", ["acquire_capacity", "update_prices"])
def test_cfn_lint_accepts_the_state_machine(tmp_path: Path, name: str) -> None:
    assert lint(machine(name), tmp_path) == ""


def test_cfn_lint_objects_to_a_broken_state_machine(tmp_path: Path) -> None:
    broken = machine("acquire_capacity")
    del broken["States"]["FindShortfalls"]["Resource"]
    assert "'Resource' is a required property" in lint(broken, tmp_path)


@pytest.mark.parametrize("template", ["template.yaml", "docs/events/on-capacity-gained.yaml"])
def test_cfn_lint_accepts_the_template(template: str) -> None:
    assert cfn_lint(ROOT / template) == ""


def test_cfn_lint_accepts_the_expanded_template(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(expanded_template()))
    assert cfn_lint(path) == ""


def test_every_check_that_cfn_lint_ignores_would_object(tmp_path: Path) -> None:
    template = expanded_template()
    ignored = template["Metadata"].pop("cfn-lint")["config"]["ignore_checks"]
    template["Resources"]["Database"]["Properties"]["Engine"] = "aurora-oracle"
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    objections = cfn_lint(path)
    assert "'aurora-oracle' is not one of" in objections
    assert [check for check in ignored if check not in objections] == []
