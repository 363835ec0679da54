"""`python -m localcloud exec` in the hands of someone whose every setting leads to a real account."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.tests.commands.command_line import CommandLine
from localcloud.tests.escape import PROFILE, Proxy, person, programs

AWS = programs("aws")
ASKED = (
    ("ec2", "describe-capacity-reservations"),
    ("s3", "ls"),
    ("sts", "get-caller-identity"),
    ("stepfunctions", "list-state-machines"),
)
ALL_ENDPOINTS = """
import botocore.session
from botocore.configprovider import ConfiguredEndpointProvider

session = botocore.session.Session()
config, scoped = session.full_config, session.get_scoped_config()
services = session.get_available_services()
assert len(services) > 300, services
print({ConfiguredEndpointProvider(config, scoped, service).provide() for service in services})
"""
IGNORANT = """
import boto3
from botocore.config import Config

once = {"total_max_attempts": 1}
boto3.client("ec2", config=Config(ignore_configured_endpoint_urls=True, retries=once)).describe_regions()
"""
WHO = ("sts", "get-caller-identity")
ONCE = "AWS_MAX_ATTEMPTS=1"
"""aws would try again for seconds."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        yield proxy


@pytest.fixture
def someone(running: CommandLine, proxy: Proxy, tmp_path: Path) -> CommandLine:
    """A person whose commands find the running cloud, and would find an account without `exec`."""
    return running.of(person(tmp_path, proxy))


def test_aws_is_here_to_be_tried() -> None:
    assert AWS, "install an AWS CLI, for example with: apt-get install awscli"


@pytest.mark.parametrize("aws", AWS)
@pytest.mark.parametrize("command", ASKED, ids=" ".join)
def test_aws_of_any_version_asks_the_local_cloud(
    someone: CommandLine, proxy: Proxy, aws: str, command: tuple[str, ...]
) -> None:
    done = someone.run("exec", "--", aws, *command)
    assert (done.returncode, done.stderr) == (0, "")
    assert proxy.asked == []
    if command[0] == "sts":
        assert json.loads(done.stdout)["Account"] == "123456789012"


@pytest.mark.parametrize("aws", AWS)
def test_without_exec_the_same_person_would_have_left(someone: CommandLine, proxy: Proxy, aws: str) -> None:
    done = subprocess.run(
        [aws, "sts", "get-caller-identity"], env=someone.environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert proxy.asked


@pytest.mark.parametrize("aws", AWS)
def test_a_profile_of_ones_own_is_not_there(someone: CommandLine, proxy: Proxy, aws: str) -> None:
    done = someone.run("exec", "--", aws, "--profile", PROFILE, "sts", "get-caller-identity")
    assert done.returncode != 0
    assert f"({PROFILE}) could not be found" in done.stderr
    assert proxy.asked == []


def test_every_service_that_botocore_knows_is_asked_here(someone: CommandLine, running: CommandLine) -> None:
    done = someone.run("exec", "python", "-c", ALL_ENDPOINTS)
    assert done.stdout == f"{{'{running.state['endpoint']}'}}\n", done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("python", "-c", IGNORANT),
        ("python", "-c", "import urllib.request; urllib.request.urlopen('https://sts.amazonaws.com')"),
        *(("env", ONCE, aws, *WHO, "--endpoint-url", "https://sts.amazonaws.com") for aws in AWS),
        *(("env", "-u", "AWS_ENDPOINT_URL", ONCE, aws, *WHO) for aws in AWS),
    ],
)
def test_a_client_that_ignores_the_endpoint_reaches_nothing(
    someone: CommandLine, proxy: Proxy, command: tuple[str, ...]
) -> None:
    done = someone.run("exec", "--", *command)
    assert done.returncode != 0
    assert "127.0.0.1:1" in done.stderr or "Connection refused" in done.stderr
    assert proxy.asked == []


@pytest.mark.parametrize("program", programs("mysql") + programs("mariadb"))
def test_mysql_asks_the_local_database(someone: CommandLine, running: CommandLine, program: str) -> None:
    done = someone.run("exec", "--", program, "--batch", "--execute", "SELECT @@port AS port")
    assert (done.returncode, done.stdout) == (0, f"port\n{running.database_port}\n"), done.stderr


def test_mysql_begins_in_the_only_database(running: CommandLine) -> None:
    def mysql(*arguments: str) -> list[str]:
        done = running.run("exec", "--", "mysql", "--skip-column-names", "--batch", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    assert mysql("--execute", "CREATE DATABASE one; SELECT DATABASE()") == ["NULL"]
    try:
        assert mysql("--execute", "SELECT DATABASE()") == ["one"]
        assert mysql("mysql", "--execute", "SELECT DATABASE()") == ["mysql"]
        mysql("--execute", "CREATE DATABASE two")
        assert mysql("--execute", "SELECT DATABASE()") == ["NULL"]
    finally:
        mysql("--execute", "DROP DATABASE IF EXISTS one; DROP DATABASE IF EXISTS two")


def test_the_files_of_the_clients_are_their_owners(running: CommandLine) -> None:
    folder = Path(str(running.state["client_folder"]))
    files = list(folder.iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)} == {0o700}


def test_sam_does_not_read_what_was_saved_for_an_account(someone: CommandLine, proxy: Proxy, tmp_path: Path) -> None:
    saved = f'profile = "{PROFILE}"\nstack_name = "saved"\nregion = "us-east-1"\n'
    (tmp_path / "samconfig.toml").write_text(f"version = 0.1\n[default.deploy.parameters]\n{saved}")
    (tmp_path / "template.yaml").write_text("Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n")
    template = str(tmp_path / "template.yaml")
    done = someone.run("exec", "--", "sam", "deploy", "--stack-name", "topic", "--template-file", template)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Successfully created/updated stack - topic in ap-northeast-1" in done.stdout
    assert proxy.asked == []


def test_what_cannot_be_run_is_an_error(running: CommandLine) -> None:
    done = running.run("exec", "--", "no-such-program")
    assert done.returncode == 1
    assert done.stderr == "Error: no-such-program cannot be run (No such file or directory)\n"


def test_the_exit_code_is_the_commands(running: CommandLine) -> None:
    assert running.run("exec", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
