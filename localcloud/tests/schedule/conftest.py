"""A server and its schedules, without the rest of the local cloud."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localcloud import stepfunctions
from localcloud.clock import Clock
from localcloud.schedule.schedules import Schedules
from localcloud.server import Server
from localcloud.services import Services

REGION = "ap-northeast-1"


class Frame:
    """The server and the schedules."""

    def __init__(self, speed: float) -> None:
        moto_api_backend.reset()
        self.said: list[str] = []
        self.server = Server(0, [])
        no_database: Any = None
        self._services = services = Services(self.server.endpoint, Clock(speed), no_database, self.said.append)
        stepfunctions.install(services)
        self.server.start()
        self.schedules = Schedules(services)
        self.schedules.start()

    def close(self) -> None:
        """Ends both."""
        self.schedules.stop()
        stepfunctions.shutdown()
        self.server.stop()

    def client(self, service: str, region: str = REGION) -> Any:
        """A boto3 client of this server."""
        return self._services.client(service, region)

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
