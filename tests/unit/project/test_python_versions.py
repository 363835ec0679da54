"""Each Python version is decided in one place, and every copy of it agrees."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tests.paths import ROOT, TEMPLATE
from tests.runtime.template import Template

LAMBDA_PYTHON = Template.read(TEMPLATE).python


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]
    return jobs


def test_artifacts_are_built_for_the_templates_runtime() -> None:
    assert re.findall(r"--python-version (\S+)", (ROOT / "functions/Makefile").read_text()) == [LAMBDA_PYTHON]


def test_the_functions_lock_is_for_the_templates_runtime() -> None:
    lock = r"--python-version (\S+) --output-file functions/requirements\.txt"
    assert re.findall(lock, (ROOT / "Makefile").read_text()) == [LAMBDA_PYTHON]


def test_the_workflow_tests_every_version_that_is_supported(workflow: dict[str, Any]) -> None:
    supported = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"])
    versions = [f"3.{minor}" for minor in range(100) if f"3.{minor}" in supported]
    assert workflow["test"]["strategy"]["matrix"]["python"] == versions


def test_the_workflow_runs_what_ci_runs_with_lambdas_python_beside_it(workflow: dict[str, Any]) -> None:
    *_, setup, _, last = workflow["test"]["steps"]
    assert setup["with"]["python-version"].split("\n")[0] == LAMBDA_PYTHON
    assert last["run"] == ".ci/run"
    assert workflow["once"]["steps"][-1]["run"] == f"make {last['env']['WITHOUT']}"
