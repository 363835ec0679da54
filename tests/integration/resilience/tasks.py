"""The state machine's tasks: the real handlers, in this process, and small stand-ins for the other services."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stepper.branch import TaskFailed
from stepper.definition import Function, Template
from tests.integration.resilience.calls import Call, Service
from tests.integration.resilience.injector import Killed
from tests.integration.resilience.stepped_clock import TimedOut

if TYPE_CHECKING:
    from tests.integration.resilience.world import World


def tasks(world: "World", template: Template) -> dict[str, Callable[[Any], Any]]:
    """The tasks, by the `Resource` of their states."""
    by_resource: dict[str, Callable[[Any], Any]] = {
        function.arn: _function(world, function) for function in template.functions()
    }
    by_resource["arn:aws:states:::sns:publish"] = lambda payload: world.injector.task(
        Call(Service.NOTIFICATIONS, "Publish"), lambda: _publish(world, payload)
    )
    by_resource["arn:aws:states:::events:putEvents"] = lambda payload: world.injector.task(
        Call(Service.EVENTS, "PutEvents"), lambda: _put(world, payload)
    )
    by_resource["arn:aws:states:::states:startExecution"] = lambda payload: world.injector.task(
        Call(Service.STEP_FUNCTIONS, "StartExecution"), lambda: _start(world, payload)
    )
    return by_resource


def _function(world: "World", function: Function) -> Callable[[Any], Any]:
    module, _, name = function.handler.rpartition(".")
    handler = getattr(import_module(module), name)
    return lambda event: world.injector.task(
        Call(Service.LAMBDA, function.name), lambda: _invoke(world, function, handler, event)
    )


def _invoke(world: "World", function: Function, handler: Callable[..., Any], event: Any) -> Any:
    """One invocation; errors come as Lambda reports them to the state machine."""
    try:
        with world.clock.limited_to(function.timeout) as ends:
            result = handler(event, Context(world, ends))
    except Killed:
        world.start_cold()
        raise TaskFailed("Runtime.ExitError", json.dumps({"errorMessage": "Runtime exited"})) from None
    except TimedOut:
        world.start_cold()
        message = f"Task timed out after {function.timeout:.2f} seconds"
        raise TaskFailed("Sandbox.Timedout", json.dumps({"errorMessage": message})) from None
    except Exception as error:
        answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
        world.answered.append((function.name, event, answer))
        raise TaskFailed(type(error).__name__, json.dumps(answer)) from error
    world.answered.append((function.name, event, result))
    return result


def _publish(world: "World", payload: Any) -> Any:
    world.published.append(payload)
    return {"MessageId": f"message-{len(world.published)}"}


def _put(world: "World", payload: Any) -> Any:
    world.events += payload["Entries"]
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "event"} for _ in payload["Entries"]]}


def _start(world: "World", payload: Any) -> Any:
    if payload["StateMachineArn"] != world.machine.arn:
        return _start_price_update(world, payload)
    name = payload.get("Name", f"chained-{len(world.machine.executions)}")
    try:
        started = world.machine.start(name, payload["Input"])
    except ValueError as exists:
        raise TaskFailed("StepFunctions.ExecutionAlreadyExistsException", str(exists)) from None
    return {"ExecutionArn": started.arn, "StartDate": "today"}


def _start_price_update(world: "World", payload: Any) -> Any:
    """Records the name only: no run depends on the execution."""
    arn, name = payload["StateMachineArn"], payload["Name"]
    assert arn == f"{world.machine.arn}-UpdatePrices"
    if name in world.price_updates:
        raise TaskFailed("StepFunctions.ExecutionAlreadyExistsException", f"Execution Already Exists: '{name}'")
    world.price_updates.append(name)
    return {"ExecutionArn": f"{arn}:{name}", "StartDate": "today"}


class Context:
    """Lambda's context object.

    Args:
        world: has the clock.
        ends: when the function times out.
    """

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, world: "World", ends: float) -> None:
        self._world, self._ends = world, ends

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""
        return int(max(0.0, self._ends - self._world.clock.now()) * 1000)
