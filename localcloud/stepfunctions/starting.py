"""The integration `states:startExecution`, whose parameters and result are in PascalCase, not in the API's own case.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)

_moto_eval = StateTaskServiceSfn._eval_service_task
_NAMES = {"Input": "input", "Name": "name", "StateMachineArn": "stateMachineArn"}


def install() -> None:
    """Lets tasks start executions."""
    setattr(StateTaskServiceSfn, "_eval_service_task", _eval)  # noqa: B010 - what mypy lets nobody assign


def _eval(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any) -> None:
    """StateTaskServiceSfn._eval_service_task with the parameters and the result as the documentation has them."""
    parameters = {_NAMES[name]: value for name, value in normalised_parameters.items()}
    _moto_eval(self, env, resource_runtime_part, parameters, state_credentials)
    started = env.stack.pop()
    env.stack.append({"ExecutionArn": started["executionArn"], "StartDate": _iso(started["startDate"])})


def _iso(date: datetime) -> str:
    return date.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
