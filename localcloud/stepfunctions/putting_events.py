"""The integration `events:putEvents` with the rights of the state machine's role, and AWS's names for its errors.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
"""

import json
from typing import Any

import boto3
from botocore.config import Config
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_events import (
    SfnFailedEntryCountException,
    StateTaskServiceEvents,
)

from localcloud.iam import credentials
from localcloud.services import ACCOUNT_ID

_endpoint = ""
"""The local cloud's, once it is installed."""


def install(endpoint: str) -> None:
    """Lets tasks put events as their role may."""
    global _endpoint
    _endpoint = endpoint
    setattr(StateTaskServiceEvents, "_eval_service_task", _eval)  # noqa: B010 - what mypy lets nobody assign


def _eval(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any) -> None:
    """StateTaskServiceEvents._eval_service_task; moto's calls with credentials of nobody."""
    del state_credentials
    self._normalised_request_parameters(env=env, parameters=normalised_parameters)
    region = resource_runtime_part.region
    role = env.states.context_object.context_object_data["Execution"]["RoleArn"]
    of_role = credentials.of_role(role, "states", ACCOUNT_ID, region)
    client = boto3.Session().client(
        "events",
        region_name=region,
        endpoint_url=_endpoint,
        aws_access_key_id=of_role.access_key_id,
        aws_secret_access_key=of_role.secret_access_key,
        aws_session_token=of_role.session_token,
        # As moto's own clients: the task's Retry decides on repeats.
        config=Config(proxies={}, parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    response = client.put_events(**normalised_parameters)
    answer = {"Entries": response["Entries"], "FailedEntryCount": response["FailedEntryCount"]}
    if answer["FailedEntryCount"]:
        raise SfnFailedEntryCountException(json.dumps(answer))  # type: ignore[arg-type] # a cause is a text
    env.stack.append(answer)
