"""`odcr` itself: help, errors, accounts and packaging."""

import ast
import json
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from click.testing import CliRunner
from moto import mock_aws

from odcr_cli.account import Account, Place
from odcr_cli.main import main
from odcr_cli.trouble import Trouble, aws_errors_as_trouble
from tests.paths import ROOT

PACKAGE = ROOT / "cli" / "odcr_cli"


def call(*arguments: str) -> Any:
    return CliRunner(mix_stderr=False).invoke(main, list(arguments))


def commands(group: click.Command, *names: str) -> list[tuple[tuple[str, ...], click.Command]]:
    """All commands with the words that call them."""
    if not isinstance(group, click.Group):
        return [(names, group)]
    context = click.Context(group)
    subcommands = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    return [path for name, command in subcommands if command for path in commands(command, *names, name)]


def test_every_command_says_what_it_does() -> None:
    every_command = commands(main)
    assert len(every_command) >= 3
    for names, command in every_command:
        assert (command.help or "").strip(), names
        assert call(*names, "--help").exit_code == 0, names


def test_no_command_has_an_option_of_all_commands() -> None:
    common = {opt for option in main.params for opt in option.opts}
    for names, command in commands(main):
        own = {opt for option in command.params for opt in option.opts}
        assert not own & common, names


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    result = call("statsu")
    assert result.exit_code == 2
    assert "Did you mean status" in result.stderr


def test_an_error_is_one_line_and_debug_adds_the_traceback() -> None:
    unreachable = ("status", "--endpoint-url", "http://127.0.0.1:9")
    result = call(*unreachable)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" in call("--debug", *unreachable).stderr


@pytest.mark.parametrize("name", ["", "-x", "a b", "../etc", "x" * 129])
def test_what_is_no_name_of_a_stack_is_refused_before_anything_is_asked(name: str) -> None:
    with pytest.raises(Trouble, match="--stack"):
        Account(Place(name))


@mock_aws
def test_a_stack_that_is_not_there_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with pytest.raises(Trouble, match="There is no stack nowhere in eu-west-1"):
        _ = Account(Place("nowhere", "eu-west-1")).stack


@mock_aws
def test_a_stack_has_its_parameters_and_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    account = Account(Place("mine", "eu-west-1"))
    template = {
        "Parameters": {"Color": {"Type": "String", "Default": "red"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}},
    }
    account.client("cloudformation").create_stack(StackName="mine", TemplateBody=json.dumps(template))
    stack = account.stack
    assert (stack.owner, stack.account, stack.parameters) == ("mine/eu-west-1", "123456789012", {"Color": "red"})
    assert stack.output("Topic").startswith("arn:aws:sns:")
    with pytest.raises(Trouble, match="older than this odcr"):
        stack.output("ManageTargetsFunction")


def test_a_missing_right_is_named() -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "not\nyou"}}, "DescribeStacks")
    with pytest.raises(Trouble) as caught, aws_errors_as_trouble():
        raise error
    assert "the right to DescribeStacks" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_long_botocore_error_becomes_one_line() -> None:
    with pytest.raises(Trouble, match="Nothing answers there"), aws_errors_as_trouble():
        raise EndpointConnectionError(endpoint_url="https://ec2.mars-1.amazonaws.com")


def test_no_proxy_stands_between_the_command_and_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    client = Account(Place(endpoint_url="http://127.0.0.1:9")).client("ec2")
    assert client._endpoint.http_session._proxy_config.proxy_url_for("http://127.0.0.1:9") is None


def test_a_local_cloud_is_never_shown_credentials_of_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    client = Account(Place(endpoint_url="http://127.0.0.1:9")).client("ec2")
    assert client._request_signer._credentials.access_key == "local"


def test_threads_that_ask_at_once_get_the_same_client_which_one_of_them_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, made, collisions = threading.Lock(), [], []

    class Session(boto3.Session):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            made.append("session")
            time.sleep(0.02)
            super().__init__(*arguments, **named)

        def client(self, service: str, *arguments: Any, **named: Any) -> Any:
            if not alone.acquire(blocking=False):
                collisions.append(service)
                return None
            client = super().client(service, *arguments, **named)
            made.append(service)
            time.sleep(0.02)
            alone.release()
            return client

    monkeypatch.setattr("odcr_cli.account.boto3.Session", Session)
    account = Account(Place(endpoint_url="http://127.0.0.1:9"))
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(account.client, ["ec2", "sts", "ec2", "sts", "ec2", "sts", "ec2", "sts"]))
    assert collisions == []
    assert sorted(made) == ["ec2", "session", "sts"]
    assert len({id(client) for client in clients}) == 2


def test_the_package_says_what_it_imports_and_nothing_of_the_product_or_the_local_cloud() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {name.split(">")[0] for name in project["dependencies"]}
    imported = {name for file in PACKAGE.rglob("*.py") for name in imports(file)}
    assert imported - {"odcr_cli", "botocore", "markupsafe"} <= declared
    assert not imported & {"odcr", "localcloud", "demo", "stepper"}


def imports(file: Path) -> set[str]:
    """The packages outside the standard library that a file imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
