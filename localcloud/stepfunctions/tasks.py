"""How the tasks of a state machine call other services: clients that reach this cloud, and two integrations.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_events import (
    SfnFailedEntryCountException,
    StateTaskServiceEvents,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from localcloud.iam import credentials
from localcloud.services import ACCOUNT_ID

_CONNECTIONS = 64
"""More than the 40 items that an inline Map runs at once."""
_START_PARAMETERS = {"Input": "input", "Name": "name", "StateMachineArn": "stateMachineArn"}

_moto_start = StateTaskServiceSfn._eval_service_task


class TaskClients:
    """Replaces `boto3` where moto creates a client for each task: creates each kind once.

    Creating one takes tens of milliseconds, which 40 Map items at once would spend many times over. Threads may share
    them. They call 127.0.0.1, since `localhost` may mean ::1, where nothing listens.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service_name: str, region_name: str, config: Config, **options: Any) -> Any:
        """`boto3.client`, as moto calls it."""
        with self._lock:
            kind = (service_name, region_name)
            if kind not in self._clients:
                self._clients[kind] = boto3.Session().client(
                    service_name,  # type: ignore[call-overload]
                    region_name=region_name,
                    config=config.merge(Config(max_pool_connections=_CONNECTIONS, proxies={})),
                    **options | {"endpoint_url": self.endpoint},
                )
            return self._clients[kind]


def install(endpoint: str) -> None:
    """From now on tasks call `endpoint`."""
    boto_client.__dict__["boto3"] = TaskClients(endpoint)
    setattr(StateTaskServiceSfn, "_eval_service_task", _start_execution)  # noqa: B010 - mypy minds the assignment
    setattr(StateTaskServiceEvents, "_eval_service_task", _put_events)  # noqa: B010 - mypy minds the assignment


def uninstall() -> None:
    """Gives moto its `boto3` back."""
    boto_client.__dict__["boto3"] = boto3


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
    of_role = credentials.of_role(role, "states", ACCOUNT_ID, region)
    client = boto3.Session().client(
        "events",
        region_name=region,
        endpoint_url=boto_client.__dict__["boto3"].endpoint,
        aws_access_key_id=of_role.access_key_id,
        aws_secret_access_key=of_role.secret_access_key,
        aws_session_token=of_role.session_token,
        # As in moto's own clients: the task's Retry decides on repeats.
        config=Config(proxies={}, parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    response = client.put_events(**normalised_parameters)
    answer = {"Entries": response["Entries"], "FailedEntryCount": response["FailedEntryCount"]}
    if answer["FailedEntryCount"]:
        raise SfnFailedEntryCountException(json.dumps(answer))  # type: ignore[arg-type] # a cause is a text
    env.stack.append(answer)


def iso(date: datetime) -> str:
    """A date as Step Functions writes it: `2026-11-11T00:00:00.123Z`."""
    return date.isoformat(timespec="milliseconds").replace("+00:00", "Z")
