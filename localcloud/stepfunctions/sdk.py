"""The `aws-sdk` integrations, whose parameters and results are in PascalCase, whatever the service's API has.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from datetime import UTC, datetime
from typing import Any

from botocore.session import Session
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

_moto_eval = StateTaskServiceAwsSdk._eval_service_task
_models = Session()


def install() -> None:
    """Has the integrations speak the services' own case, which moto leaves to whoever wrote the definition."""
    setattr(StateTaskServiceAwsSdk, "_eval_service_task", _eval)  # noqa: B010 - what mypy lets nobody assign


def _eval(self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any) -> None:
    """StateTaskServiceAwsSdk._eval_service_task with the parameters and the result as the documentation has them."""
    action = self.resource.api_action
    model = _models.get_service_model(self._get_boto_service_name())
    operation = model.operation_model(action[:1].upper() + action[1:])
    if operation.input_shape is not None:
        self._to_boto_request(normalised_parameters, operation.input_shape)
    _moto_eval(self, env, resource_runtime_part, normalised_parameters, state_credentials)
    if operation.output_shape is not None:
        self._from_boto_response(env.stack[-1], operation.output_shape)
    env.stack[-1] = _in_json(env.stack[-1])


def _in_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_in_json(member) for member in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
