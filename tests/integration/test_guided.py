"""`make deploy` asks three questions, and samconfig.toml survives the guide of the real SAM CLI."""

import os
import pty
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from deployment.build import ROOT
from localcloud.clients.environment import CREDENTIAL
from localcloud.cloud import LocalCloud

TEMPLATE = """
Parameters:
  Greeting: {Type: String, Default: hello}
  AlertEmail: {Type: String, Default: ""}
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as cloud:
        yield cloud


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small template, with this project's samconfig.toml."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "samconfig.toml", folder)
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder


def types(
    cloud: LocalCloud, project: Path, command: list[str], answers: list[str]
) -> "subprocess.CompletedProcess[str]":
    environment = cloud.client_environment()
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    environment["PYTHONPATH"], environment["HOME"] = str(ROOT), str(project.parent)
    # A terminal, from which each program reads no more than its own lines.
    keyboard, terminal = pty.openpty()
    os.write(keyboard, "\n".join([*answers, ""]).encode())
    try:
        return subprocess.run(
            command,
            cwd=project,
            env=environment,
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(keyboard)
        os.close(terminal)


def cloudformation(cloud: LocalCloud) -> Any:
    return boto3.client(
        "cloudformation",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=CREDENTIAL,
        aws_secret_access_key=CREDENTIAL,
    )


def parameters_of(cloud: LocalCloud, stack: str) -> dict[str, str]:
    (found,) = cloudformation(cloud).describe_stacks(StackName=stack)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}


def test_three_answers_and_two_times_yes_deploy(cloud: LocalCloud, project: Path) -> None:
    command = [sys.executable, "-m", "scripts.deploy"]

    wrong = types(cloud, project, command, ["1st", "by-make", "", "nobody", "me@example.com", "n"])
    assert "Error: Enter something like odcr" in wrong.stdout + wrong.stderr
    assert "Error: Enter something like name@example.com" in wrong.stdout + wrong.stderr
    assert "Nothing was done." in wrong.stderr
    assert "by-make" not in str(cloudformation(cloud).list_stacks()["StackSummaries"])

    done = types(cloud, project, command, ["by-make", "", "me@example.com", "y", "y"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Region   {cloud.region}" in done.stderr
    parameters = parameters_of(cloud, "by-make")
    assert (parameters["AlertEmail"], parameters["Greeting"]) == ("me@example.com", "hello")

    (project / "template.yaml").write_text(TEMPLATE + "  Another: {Type: AWS::SNS::Topic}\n")
    again = types(cloud, project, command, ["by-make", "", "", "y", "y"])
    assert again.returncode == 0, again.stdout + again.stderr
    assert parameters_of(cloud, "by-make")["AlertEmail"] == "me@example.com"
    cloudformation(cloud).delete_stack(StackName="by-make")


def test_samconfig_survives_the_guide(cloud: LocalCloud, project: Path) -> None:
    before = (project / "samconfig.toml").read_text()
    # Stack, Region, two parameters, confirm, roles, rollback, save, file, environment, and the change set.
    answers = ["guided", "", "moin", "", "y", "y", "n", "y", "", "", "y"]
    done = types(cloud, project, ["sam", "deploy", "--guided"], answers)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "samconfig.toml").read_text()
    old = tomllib.loads(before)["default"]["deploy"]["parameters"]
    new = tomllib.loads(text)["default"]["deploy"]["parameters"]
    changed = {name for name in old if new.get(name) != old[name]}
    assert changed <= {"stack_name", "tags"}
    assert new["parameter_overrides"] == 'Greeting="moin" AlertEmail=""'
    # A comment would end up above what it is not about: there is none.
    assert "#" not in text
    headings = [line for line in text.splitlines() if line.startswith("[")]
    assert headings == ["[default.deploy.parameters]", "[default.global.parameters]"]
    cloudformation(cloud).delete_stack(StackName="guided")
