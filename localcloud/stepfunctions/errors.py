"""The names of errors, and which of them `States.ALL` covers.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType, LambdaFunctionFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.eval.environment import Environment

TERMINAL = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""Not covered by States.ALL."""

_moto_error_equals = ErrorEqualsDecl._eval_body
_moto_from_error = StateTaskLambda._from_error


def _from_error(self: Any, env: Environment, ex: Exception) -> FailureEvent:
    """StateTaskLambda._from_error, where the Lambda API's errors are `Lambda.<code>`; moto says `Exception`."""
    if isinstance(ex, ClientError):
        error, cause = f"Lambda.{ex.response['Error']['Code']}", ex.response["Error"]["Message"]
    elif isinstance(ex, BotoCoreError):
        error, cause = "Lambda.SdkClientException", str(ex)
    else:
        return _moto_from_error(self, env, ex)
    details: Any = {"lambdaFunctionFailedEventDetails": LambdaFunctionFailedEventDetails(error=error, cause=cause)}
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error),
        event_type=HistoryEventType.LambdaFunctionFailed,
        event_details=details,
    )


def _error_equals(self: Any, env: Environment) -> None:
    name = getattr(env.stack[-1], "error_name", None)
    if name in TERMINAL and name not in {one.error_name for one in self.error_names}:
        env.stack.pop()
        env.stack.append(False)
    else:
        _moto_error_equals(self, env)


PATCHES: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (StateTaskLambda, "_from_error", _from_error),
    (ErrorEqualsDecl, "_eval_body", _error_equals),
)
"""Name and match errors as AWS does."""
