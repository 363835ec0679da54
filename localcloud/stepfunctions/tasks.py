"""How the tasks of a state machine call other services: clients that reach this cloud, and two integrations.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_events import (
    SfnFailedEntryCountException,
    StateTaskServiceEvents,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from localcloud.iam.roles import credentials_of
from localcloud.services import ACCOUNT_ID, Services

_START_PARAMETERS = {"Input": "input", "Name": "name", "StateMachineArn": "stateMachineArn"}

_services: Services
"""The running cloud, once it is installed."""
_moto_start = StateTaskServiceSfn._eval_service_task


def install(services: Services) -> None:
    """From now on tasks call this cloud."""
    global _services
    _services = services
    # moto makes a client for each task, which takes tens of milliseconds, and calls `localhost`, which may mean ::1,
    # where nothing listens.
    boto_client.__dict__["boto3"] = SimpleNamespace(
        client=lambda *, service_name, region_name, **_: services.client(service_name, region_name, checked=False)
    )


def _start_execution(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
) -> None:
    """`states:startExecution`, whose parameters and result are in PascalCase, unlike the API's."""
    parameters = {_START_PARAMETERS[name]: value for name, value in normalised_parameters.items()}
    _moto_start(self, env, resource_runtime_part, parameters, state_credentials)
    started = env.stack.pop()
    date = started["startDate"].astimezone(UTC)
    env.stack.append({"ExecutionArn": started["executionArn"], "StartDate": iso(date)})


def _put_events(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
) -> None:
    """`events:putEvents` with the rights of the state machine's role, which moto ignores."""
    del state_credentials
    self._normalised_request_parameters(env=env, parameters=normalised_parameters)
    region = resource_runtime_part.region
    role = env.states.context_object.context_object_data["Execution"]["RoleArn"]
    client = _services.client_of(credentials_of(role, "states", ACCOUNT_ID, region), "events", region)
    response = client.put_events(**normalised_parameters)
    answer = {"Entries": response["Entries"], "FailedEntryCount": response["FailedEntryCount"]}
    if answer["FailedEntryCount"]:
        raise SfnFailedEntryCountException(json.dumps(answer))  # type: ignore[arg-type] # a cause is a text
    env.stack.append(answer)


def iso(date: datetime) -> str:
    """A date as Step Functions writes it: `2026-11-11T00:00:00.123Z`."""
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")


PATCHES: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (StateTaskServiceSfn, "_eval_service_task", _start_execution),
    (StateTaskServiceEvents, "_eval_service_task", _put_events),
)
