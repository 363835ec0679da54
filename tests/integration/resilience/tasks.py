"""What the state machine's tasks do: the real handlers in this process, and the services in few words."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stepper.branch import TaskFailed
from stepper.definition import Function, Template
from tests.integration.resilience.calls import Call, Service
from tests.integration.resilience.injector import Killed

if TYPE_CHECKING:
    from tests.integration.resilience.world import World


class TimedOut(BaseException):
    """The function's time was up. No function catches this."""


def tasks(world: "World", template: Template) -> dict[str, Callable[[Any], Any]]:
    """By the `Resource` of a Task state."""
    found: dict[str, Callable[[Any], Any]] = {one.arn: _function(world, one) for one in template.functions()}
    found["arn:aws:states:::sns:publish"] = lambda payload: world.injector.task(
        Call(Service.NOTIFICATIONS, "Publish"), lambda: _publish(world, payload)
    )
    found["arn:aws:states:::events:putEvents"] = lambda payload: world.injector.task(
        Call(Service.EVENTS, "PutEvents"), lambda: _put(world, payload)
    )
    found["arn:aws:states:::states:startExecution"] = lambda payload: world.injector.task(
        Call(Service.STEP_FUNCTIONS, "StartExecution"), lambda: _start(world, payload)
    )
    return found


def _function(world: "World", function: Function) -> Callable[[Any], Any]:
    module, _, name = function.handler.rpartition(".")
    handler = getattr(import_module(module), name)
    return lambda event: world.injector.task(
        Call(Service.LAMBDA, function.name), lambda: _invoked(world, function, handler, event)
    )


def _invoked(world: "World", function: Function, handler: Callable[..., Any], event: Any) -> Any:
    """One invocation; an error as Lambda reports it to the state machine."""
    try:
        with world.limited_to(function.timeout) as ends:
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
        return _start_update_of_prices(world, payload)
    name = payload.get("Name", f"chained-{len(world.machine.executions)}")
    try:
        started = world.machine.start(name, payload["Input"])
    except ValueError as exists:
        raise TaskFailed("StepFunctions.ExecutionAlreadyExistsException", str(exists)) from None
    return {"ExecutionArn": started.arn, "StartDate": "today"}


def _start_update_of_prices(world: "World", payload: Any) -> Any:
    """Its execution does nothing that a run needs."""
    arn, name = payload["StateMachineArn"], payload["Name"]
    assert arn == f"{world.machine.arn}-UpdatePrices"
    if name in world.price_updates:
        raise TaskFailed("StepFunctions.ExecutionAlreadyExistsException", f"Execution Already Exists: '{name}'")
    world.price_updates.append(name)
    return {"ExecutionArn": f"{arn}:{name}", "StartDate": "today"}


class Context:
    """Lambda's.

    Args:
        world: whose time passes.
        ends: when the function's time is up.
    """

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, world: "World", ends: float) -> None:
        self._world, self._ends = world, ends

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""
        return int(max(0.0, self._ends - self._world.clock.now()) * 1000)
