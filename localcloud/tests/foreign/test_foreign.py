"""A copy of this package alone, outside of its repository, serves a template that has nothing to do with it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pymysql
import pytest

from localcloud.clients.environment import CREDENTIAL
from localcloud.tests.commands.command_line import CommandLine
from localcloud.tests.probes import eventually


@pytest.fixture
def commands(parent: Path, tmp_path: Path) -> Iterator[CommandLine]:
    """The copy's commands."""
    copy = tmp_path / "copy"
    shutil.copytree(parent / "localcloud", copy / "localcloud", ignore=shutil.ignore_patterns("__pycache__"))
    made = CommandLine(copy, tmp_path / "work")
    yield made
    made.close()


def client(commands: CommandLine, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=commands.state["endpoint"],
        region_name=commands.state["region"],
        aws_access_key_id=CREDENTIAL,
        aws_secret_access_key=CREDENTIAL,
    )


def succeeded(commands: CommandLine, machine: str) -> list[str]:
    """The inputs of the state machine's successful executions."""
    states = client(commands, "stepfunctions")
    executions = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
    return [states.describe_execution(executionArn=each["executionArn"])["input"] for each in executions]


def test_a_copy_deploys_runs_and_takes_down_a_foreign_template(commands: CommandLine) -> None:
    # given that Python finds the copy, and nothing of the repository
    where = [sys.executable, "-c", "import localcloud; print(localcloud.__file__); import demo"]
    looked = subprocess.run(where, cwd=commands.folder, env=commands.environment, capture_output=True, text=True)
    package = Path(looked.stdout.strip()).parent
    assert package.parents[1] == commands.folder.parent
    assert "No module named 'demo'" in looked.stderr

    # when it is deployed
    commands.ready()
    template = str(package / "tests" / "foreign" / "template.yaml")
    options = ("--template-file", template, "--parameter-overrides", "Shop=corner")
    deployed = commands.run("exec", "--", "sam", "deploy", "--stack-name", "bookshop", *options)
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    (stack,) = client(commands, "cloudformation").describe_stacks(StackName="bookshop")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    # then the schedule runs the state machine, and people can, too
    (of_schedule,) = eventually(lambda: succeeded(commands, outputs["Daily"]), "the schedule's execution", 60)
    given = {"day": "yesterday"}
    client(commands, "stepfunctions").start_execution(stateMachineArn=outputs["Daily"], input=json.dumps(given))
    eventually(lambda: len(succeeded(commands, outputs["Daily"])) == 2, "the second execution", 60)
    stored = client(commands, "s3").list_objects_v2(Bucket=outputs["Bucket"])["Contents"]
    days = [json.loads(of_schedule)["day"], "yesterday"]
    assert sorted(each["Key"] for each in stored) == sorted(f"corner/{day}" for day in days)
    told = client(commands, "sqs").receive_message(QueueUrl=outputs["Inbox"], MaxNumberOfMessages=10)["Messages"]
    assert {message["Body"] for message in told} == {f"corner/{day}" for day in days}

    # and the database knows the login of the secret
    secret = client(commands, "secretsmanager").get_secret_value(SecretId=outputs["Login"])["SecretString"]
    login = {"user": json.loads(secret)["username"], "password": json.loads(secret)["password"]}
    host, port = outputs["Books"].split(":")
    with pymysql.connect(host=host, port=int(port), database="corner", **login) as connection:
        connection.cursor().execute("CREATE TABLE book (title TEXT)")

    # when it is taken down, then nothing is left
    client(commands, "s3").delete_objects(
        Bucket=outputs["Bucket"], Delete={"Objects": [{"Key": each["Key"]} for each in stored]}
    )
    deleted = commands.run("exec", "--", "sam", "delete", "--stack-name", "bookshop", "--no-prompts")
    assert deleted.returncode == 0, deleted.stdout + deleted.stderr
    assert client(commands, "stepfunctions").list_state_machines()["stateMachines"] == []
    assert client(commands, "sqs").list_queues().get("QueueUrls", []) == []
    with pytest.raises(pymysql.OperationalError, match="1045"):
        pymysql.connect(host=host, port=int(port), database="corner", **login)
    assert commands.run("down").returncode == 0
    assert list(commands.temporary.glob("localcloud-*")) == []
