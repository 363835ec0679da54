"""AWS Lambda in processes instead of moto's Docker containers."""

import base64
import json
import threading
from typing import Any

from moto.awslambda.models import LambdaFunction, LambdaStorage

from localcloud.lambda_runtime.runtime import Runtime
from localcloud.services import Services

_runtime: Runtime | None = None
_moto_del_function = LambdaStorage.del_function


def install(services: Services) -> None:
    """Makes moto's Lambda run functions here. A second call ends the environments of the first."""
    global _runtime
    shutdown()
    _runtime = Runtime(services)
    for owner, name, method in (
        (LambdaFunction, "invoke", _invoke),
        (LambdaFunction, "_invoke_lambda", _invoke_lambda),
        (LambdaStorage, "del_function", _del_function),
    ):
        setattr(owner, name, method)


def shutdown() -> None:
    """Ends every environment process."""
    global _runtime
    runtime, _runtime = _runtime, None
    if runtime is not None:
        runtime.shutdown()


def kill_running(function_name: str) -> list[int]:
    """Kills the function's processes that are in the middle of an invocation; returns their ids, none if it is idle."""
    return [pid for pool in _required().pools(function_name) for pid in pool.kill_running()]


def running(function_name: str) -> int:
    """How many of the function's invocations are under way or wait for an environment."""
    return sum(pool.running for pool in _required().pools(function_name))


def _required() -> Runtime:
    if _runtime is None:
        raise RuntimeError("localcloud.lambda_runtime is not installed; call install(services) first")
    return _runtime


def _invoke(self: Any, body: str | bytes, request_headers: Any, response_headers: Any) -> str | bytes:
    """Replaces LambdaFunction.invoke: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    kind = request_headers.get("x-amz-invocation-type", "RequestResponse")
    event = json.loads(body) if body else {}
    if kind == "DryRun":
        return ""
    if kind == "Event":
        threading.Thread(target=_required().invoke, args=(self, event), daemon=True).start()
        return ""
    result = _required().invoke(self, event)
    response_headers["x-amz-executed-version"] = "$LATEST"
    response_headers["x-amz-log-result"] = base64.b64encode(result.log_tail.encode()).decode()
    if result.failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    return result.payload.encode()


def _invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
    """Replaces LambdaFunction._invoke_lambda, which moto's other services call."""
    result = _required().invoke(self, json.loads(event) if isinstance(event, str) else event or {})
    return result.payload, result.failed, result.log_tail


def _del_function(self: Any, name_or_arn: str, qualifier: str | None = None) -> None:
    _moto_del_function(self, name_or_arn, qualifier)
    if _runtime is not None and qualifier is None:
        _runtime.forget(name_or_arn.split(":")[6] if name_or_arn.startswith("arn:") else name_or_arn)
