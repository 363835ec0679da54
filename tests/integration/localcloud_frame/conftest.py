"""What the tests of the local cloud's frame share."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend

from localcloud.clock import Clock
from localcloud.mariadb import MariaDB
from localcloud.schedule_target import TargetInvoker
from localcloud.schedules import Schedules
from localcloud.server import Server
from localcloud.stepfunctions import execution

REGION = "ap-northeast-1"
_SESSION = boto3.Session()


def eventually(condition: Callable[[], Any], what: str, seconds: float = 15) -> Any:
    """Polls until the condition is true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} seconds: {what}")


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A server that the tests may stop, if they start it again."""
    with MariaDB(tmp_path_factory.mktemp("mariadb") / "server") as server:
        yield server


class Frame:
    """The server and the schedules, without what other parts of the local cloud add."""

    def __init__(self, speed: float) -> None:
        moto_api_backend.reset()
        self.said: list[str] = []
        self.server = Server(0, [])
        execution.install(self.server.endpoint)
        self.server.start()
        clock = Clock(speed)
        invoker = TargetInvoker(self.server.endpoint, clock, self.said.append)
        self.schedules = Schedules(clock, invoker, self.said.append)
        self.schedules.start()

    def close(self) -> None:
        """Ends both."""
        self.schedules.stop()
        execution.shutdown()
        self.server.stop()

    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client of this server."""
        return _SESSION.client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.server.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )

    def state_machine(self, name: str = "pass", region: str = REGION) -> str:
        """Creates one with a single Pass state; its ARN."""
        definition = '{"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": true}}}'
        role = "arn:aws:iam::123456789012:role/any"
        created = self.client("stepfunctions", region).create_state_machine(
            name=name, definition=definition, roleArn=role
        )
        return str(created["stateMachineArn"])

    def schedule(self, name: str, expression: str, target: str, **options: Any) -> str:
        """Creates a schedule; options under `Target` go to the target, the others beside it. Its ARN."""
        target_options = options.pop("Target", {})
        created = self.client("scheduler").create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=options.pop("FlexibleTimeWindow", {"Mode": "OFF"}),
            Target={"Arn": target, "RoleArn": "arn:aws:iam::123456789012:role/any", **target_options},
            **options,
        )
        return str(created["ScheduleArn"])

    def inputs(self, state_machine: str) -> list[str]:
        """The inputs of the executions so far, oldest first."""
        states = self.client("stepfunctions")
        executions = states.list_executions(stateMachineArn=state_machine)["executions"]
        described = [states.describe_execution(executionArn=each["executionArn"]) for each in executions]
        return [each["input"] for each in sorted(described, key=lambda each: each["startDate"])]


@pytest.fixture
def frame() -> Iterator[Callable[..., Frame]]:
    """Makes a frame: `frame(speed)`."""
    made: list[Frame] = []

    def make(speed: float = 600) -> Frame:
        made.append(Frame(speed))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def checkout() -> Path:
    """The folder in which `python -m localcloud` finds the package."""
    return Path(__file__).parents[3]
