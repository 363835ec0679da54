"""How executions end: they stop or time out at once, and so does their history.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import (
    ExecutionAbortedEventDetails,
    ExecutionStatus,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from localcloud.services import ACCOUNT_ID

_START_SECONDS = 5.0

_moto_add_event = EventManager.add_event
_moto_describe = StepFunctionResponse.describe_execution
_moto_reflect: Callable[[Any], None] = BaseExecutionWorkerCommunication._reflect_execution_status
_moto_set_error = Environment.set_error
_moto_set_timed_out = Environment.set_timed_out


def abort_all() -> None:
    """Aborts every running execution."""
    for backend in list(stepfunctions_parser_backends[ACCOUNT_ID].values()):
        for execution in backend._get_executions(ExecutionStatus.RUNNING):
            worker = getattr(execution, "exec_worker", None)
            if worker is not None and worker.env is not None:
                execution.stop(stop_date=datetime.now(UTC), error="LocalCloud.Stopped", cause="The local cloud stops")


def _stop(self: Any, stop_date: datetime | None, error: str | None, cause: str | None) -> None:
    """Execution.stop: aborted when this returns."""
    if self.exec_status != ExecutionStatus.RUNNING:
        return
    # Between its start and its first state, an execution has nothing that could be stopped.
    deadline = time.monotonic() + _START_SECONDS
    while self.exec_worker.env is None and time.monotonic() < deadline:
        time.sleep(0.005)
    self.stop_date = stop_date or datetime.now(UTC)
    self.exec_status, self.error, self.cause = ExecutionStatus.ABORTED, error or None, cause or None
    details = ExecutionAbortedEventDetails(error=error, cause=cause)
    _end_history(self.exec_worker.env, HistoryEventType.ExecutionAborted, {"executionAbortedEventDetails": details})
    # The items of a Map end with this error. moto passes its name but expects a mapping: threads of a Map within a Map
    # died and left others waiting.
    self.exec_worker.stop(stop_date=self.stop_date, error={"error": error or "", "cause": cause or ""}, cause=cause)


def _set_timed_out(self: Any) -> None:
    """Environment.set_timed_out; moto writes its event only after the task under way."""
    _moto_set_timed_out(self)
    if not self.is_frame():
        details: dict[str, Any] = {"executionTimedOutEventDetails": {}}
        _end_history(self, HistoryEventType.ExecutionTimedOut, details)


def _set_error(self: Any, error: Any) -> None:
    """Environment.set_error; what is torn down after the end is not a failure."""
    if self.program_state() is None or self.is_running():
        _moto_set_error(self, error=error)


def _end_history(env: Any, event_type: HistoryEventType, details: dict[str, Any]) -> None:
    env.event_manager.add_event(context=env.event_history_context, event_type=event_type, event_details=details)
    env.event_manager.localcloud_ended = True


def _add_event(self: Any, *args: Any, **kwargs: Any) -> int:
    return 0 if getattr(self, "localcloud_ended", False) else int(_moto_add_event(self, *args, **kwargs))


def _reflect(self: Any) -> None:
    if self.execution.exec_status == ExecutionStatus.RUNNING:
        _moto_reflect(self)


def _stop_execution(self: Any) -> ActionResult:
    """StopExecution with its error and cause, which moto forgets."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    execution.stop(datetime.now(UTC), self._get_param("error"), self._get_param("cause"))
    return ActionResult({"stopDate": execution.stop_date})


def _describe_execution(self: Any) -> Any:
    """DescribeExecution, with the stopDate of an execution that timed out."""
    answer: Any = _moto_describe(self)
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.status == ExecutionStatus.TIMED_OUT:
        answer.result["stopDate"] = execution.stop_date
    return answer


PATCHES: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (BaseExecutionWorkerCommunication, "_reflect_execution_status", _reflect),
    (Environment, "set_error", _set_error),
    (Environment, "set_timed_out", _set_timed_out),
    (EventManager, "add_event", _add_event),
    (Execution, "stop", _stop),
    (StepFunctionResponse, "describe_execution", _describe_execution),
    (StepFunctionResponse, "stop_execution", _stop_execution),
)
"""Make an execution's end final, though a task under way still ends in its own time, as on AWS."""
