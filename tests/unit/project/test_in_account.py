"""Where scripts/in-account finds the Region and the profile, and which commands it asks about."""

from pathlib import Path

import pytest

from scripts.in_account import Place, changes, option, pinned, saved_options

WHERE = Place("123456789012", "arn:aws:iam::123456789012:user/me", "eu-west-1", "https://sts", None)
SAVED = """
version = 0.1
[default.global.parameters]
region = "eu-west-1"
[default.deploy.parameters]
profile = "ours"
[other.deploy.parameters]
region = "us-east-1"
"""


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["ec2", "--region", "eu-west-1"], "eu-west-1"),
        (["--region=eu-west-1", "ec2"], "eu-west-1"),
        (["--region", "us-east-1", "--region", "eu-west-1"], "eu-west-1"),
        (["ec2", "--regional", "x"], None),
        (["ec2", "--region"], None),
    ],
)
def test_option(arguments: list[str], value: str | None) -> None:
    assert option(arguments, "region") == value


@pytest.mark.parametrize(
    ("arguments", "configured"),
    [
        (["deploy"], {"region": "eu-west-1", "profile": "ours"}),
        (["delete"], {"region": "eu-west-1"}),
        (["deploy", "--config-env", "other"], {"region": "us-east-1"}),
        (["deploy", "--config-env", "none"], {}),
    ],
)
def test_saved_options(
    arguments: list[str], configured: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert saved_options(arguments) == {}
    (tmp_path / "samconfig.toml").write_text(SAVED)
    assert saved_options(arguments) == configured


def test_command_uses_the_region_and_profile_that_were_shown() -> None:
    assert pinned(["aws", "ec2", "x"], WHERE) == ["aws", "--region", "eu-west-1", "ec2", "x"]
    assert pinned(["aws", "--region", "eu-west-1", "ec2"], WHERE) == ["aws", "--region", "eu-west-1", "ec2"]
    ours = Place(WHERE.account, WHERE.caller, WHERE.region, WHERE.endpoint, "ours")
    options = ["--region", "eu-west-1", "--profile", "ours"]
    assert pinned(["sam", "deploy", "--guided"], ours) == ["sam", "deploy", *options, "--guided"]


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ("aws ec2 describe-capacity-reservations", False),
        ("aws ec2 cancel-capacity-reservation --capacity-reservation-id cr-1", True),
        ("aws --region eu-west-1 ec2 create-tags", True),
        ("aws --profile list-things ec2 create-tags", True),
        ("aws ec2 create-tags --tags Key=a,Value=b --resources list-x", True),
        ("aws s3 ls", False),
        ("aws stepfunctions start-execution", True),
        ("sam deploy --guided", True),
        ("sam delete", True),
        ("sam logs", False),
        ("sam list resources", False),
    ],
)
def test_only_commands_that_change_something_are_asked_about(command: str, asks: bool) -> None:
    assert changes(command.split()) is asks
