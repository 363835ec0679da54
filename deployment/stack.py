"""The deployed stack on a local cloud, and the ways to look at it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pymysql

from deployment.build import SAM, run
from localcloud.cloud import LocalCloud

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import CapacityReservationTypeDef
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

OWNER_TAG = "odcr:stack"
"""On every reservation of a stack; its value is the stack's name."""


class Stack:
    """A stack that the real SAM CLI deploys.

    Args:
        cloud: the running local cloud.
        name: the stack's name.
        built: the folder that `build` built to, if it was given one.
    """

    def __init__(self, cloud: LocalCloud, name: str = "odcr", built: Path | None = None) -> None:
        self.cloud = cloud
        self.name = name
        self._clients: dict[tuple[str, str], Any] = {}
        self._template = ["--template-file", str(built / "template.yaml")] if built else []

    def deploy(self, parameters: Mapping[str, str] | None = None) -> None:
        """Deploys what `build` built.

        Args:
            parameters: those of the template that are not to have their defaults.

        Raises:
            StackFailed: it failed.
        """
        overrides = [f"{name}={value}" for name, value in (parameters or {}).items()]
        command = [SAM, "deploy", "--stack-name", self.name, "--tags", "Project=ODCR", *self._template]
        if overrides:
            command += ["--parameter-overrides", *overrides]
        run(self.cloud.client_command(command), self.cloud.client_environment())
        self.__dict__.pop("outputs", None)

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of the local cloud."""
        key = service, region or self.cloud.region
        # A client of EC2 costs more than what it is asked, and the demo asks twice a second.
        if key not in self._clients:
            self._clients[key] = boto3.client(  # type: ignore[call-overload]
                service,
                region_name=key[1],
                endpoint_url=self.cloud.endpoint,
                aws_access_key_id="local",
                aws_secret_access_key="local",  # noqa: S106 - the local cloud knows no passwords
            )
        return self._clients[key]

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
            ssl=self.cloud.database.trust,
        )
        try:
            yield connection
        finally:
            connection.close()

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[Any, ...], ...]:
        """Runs one statement; its rows."""
        with self.database() as connection, connection.cursor() as cursor:
            # Without arguments a % is a plain character.
            cursor.execute(statement, arguments or None)
            return tuple(cursor.fetchall())

    def start_run(self) -> str:
        """Starts an execution, as a person does; its ARN."""
        name = f"by-hand-{time.time_ns()}"
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], name=name, input="{}"
        )
        return str(started["executionArn"])

    def wait(self, execution: str, seconds: float = 120) -> "DescribeExecutionOutputTypeDef":
        """The execution once it has ended.

        Raises:
            TimeoutError: it has not ended after this many seconds.
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
