"""The product's own stack, built and deployed to the local cloud by the real SAM CLI."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pymysql

from localcloud import build_output, client_environment
from localcloud.cloud import LocalCloud
from localcloud.kept import contents, kept

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import CapacityReservationTypeDef
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

ROOT = Path(__file__).parents[1]
"""The checkout, where the template is."""

OWNER_TAG = "odcr:stack"


class StackFailed(Exception):  # noqa: N818 - says what happened
    """The SAM CLI did not build or deploy; the message is what it printed, of a build only why."""


_SAM = str(Path(sys.executable).with_name("sam"))


def _run(command: list[str], environment: Mapping[str, str], told: Callable[[str], str] = str) -> None:
    # The functions' Makefile calls python3, which is to be the one that runs this.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    # It leaves a temporary folder behind for each function that it uploads.
    with tempfile.TemporaryDirectory(prefix="localcloud-sam-") as scratch:
        result = subprocess.run(  # noqa: S603 - the SAM CLI beside this Python, with our own arguments
            command,
            cwd=ROOT,
            env={**environment, "PATH": path, "TMPDIR": scratch},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if result.returncode:
        raise StackFailed(f"{shlex.join(command)} ended with {result.returncode}:\n{told(result.stdout)}")


def build(folder: Path | None = None) -> None:
    """Builds the artifacts, as `sam build` does, unless what they are made from is as it was the last time.

    `sam build` asks the package index each time. One by hand empties the folder, so its work is never taken for ours.

    Args:
        folder: where to, if not to where `Stack.deploy` takes them from.

    Raises:
        StackFailed: if that fails.
    """
    sources = contents(ROOT / "functions", ROOT / "template.yaml")

    def make(unfinished: Path) -> None:
        command = [_SAM, "build", "--build-dir", str(unfinished)]
        _run(command, client_environment.building(os.environ), build_output.cause)

    kept(folder or ROOT / ".aws-sam" / "build", f"{metadata.version('aws-sam-cli')}\n{sources}", make)


class Stack:
    """A deployed stack, and the ways that people look at it.

    Args:
        cloud: the running local cloud.
        name: the stack's name.
        built: the folder that `build` built to, if it was told one.
    """

    def __init__(self, cloud: LocalCloud, name: str = "odcr", built: Path | None = None) -> None:
        self.cloud = cloud
        self.name = name
        self._template = ["--template-file", str(built / "template.yaml")] if built else []

    def deploy(self, parameters: Mapping[str, str] | None = None) -> None:
        """Deploys what `build` built, as `sam deploy` does.

        Args:
            parameters: the template's, where they differ from the defaults.

        Raises:
            StackFailed: if that fails.
        """
        overrides = [f"{name}={value}" for name, value in (parameters or {}).items()]
        command = [_SAM, "deploy", "--stack-name", self.name, "--tags", "Project=ODCR", *self._template]
        if overrides:
            command += ["--parameter-overrides", *overrides]
        _run(self.cloud.client_command(command), self.cloud.client_environment())
        self.__dict__.pop("outputs", None)

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of the local cloud."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region or self.cloud.region,
            endpoint_url=self.cloud.endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the local cloud knows no passwords
        )

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @contextmanager
    def database(self) -> "Iterator[Connection[Cursor]]":
        """A connection as the stack's own user, from the secret."""
        secret = self.client("secretsmanager").get_secret_value(SecretId=self.outputs["DatabaseSecretArn"])
        login = json.loads(secret["SecretString"])
        connection = pymysql.connect(
            host=login["host"],
            port=int(login["port"]),
            user=login["username"],
            password=login["password"],
            database=login["dbname"],
            autocommit=True,
        )
        try:
            yield connection
        finally:
            connection.close()

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[Any, ...], ...]:
        """Runs one statement; the rows that it gives."""
        with self.database() as connection, connection.cursor() as cursor:
            # Without arguments a % is a plain character.
            cursor.execute(statement, arguments or None)
            return tuple(cursor.fetchall())

    def start_run(self, name: str | None = None) -> str:
        """Starts an execution, as the schedule does; its ARN."""
        name = name or f"by-hand-{time.time_ns()}"
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], name=name, input="{}"
        )
        return str(started["executionArn"])

    def wait(self, execution: str, seconds: float = 120) -> "DescribeExecutionOutputTypeDef":
        """The execution once it has ended.

        Raises:
            TimeoutError: if it has not after this many seconds.
        """
        states, deadline = self.client("stepfunctions"), time.monotonic() + seconds
        while time.monotonic() < deadline:
            described: DescribeExecutionOutputTypeDef = states.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.1)
        raise TimeoutError(f"{execution} is still running after {seconds} seconds")

    def run(self) -> "DescribeExecutionOutputTypeDef":
        """One execution, from start to end."""
        return self.wait(self.start_run())

    def history(self, execution: str) -> list[dict[str, Any]]:
        """All events of an execution."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def reservations(self, region: str | None = None) -> "list[CapacityReservationTypeDef]":
        """All Capacity Reservations of a Region, in every state, whoever made them."""
        pages = self.client("ec2", region).get_paginator("describe_capacity_reservations").paginate()
        return [reservation for page in pages for reservation in page["CapacityReservations"]]
