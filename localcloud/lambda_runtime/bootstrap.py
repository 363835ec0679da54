"""Lambda's runtime loop inside an environment process. A script of its own, with the standard library only.

    python -I -S bootstrap.py REQUEST_FD TASK_ROOT RUNTIME_LIBRARIES

Requests come over the socket REQUEST_FD, each a line of JSON, and answers go back the same way. Errors look as in
https://github.com/aws/aws-lambda-python-runtime-interface-client.
"""

import decimal
import importlib
import io
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

Handler = Callable[[Any, Any], Any]
Answer = dict[str, Any]


class FaultError(Exception):
    """An error of the runtime's own, not of the function."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id: str = request["request_id"]
        self.invoked_function_arn: str = request["function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = self.identity = None
        self._deadline = time.monotonic() + request["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Encoder(json.JSONEncoder):
    """Lambda's runtime turns a Decimal into a number."""

    def default(self, o: Any) -> Any:
        """Encodes what JSON has no form for."""
        return float(o) if isinstance(o, decimal.Decimal) else super().default(o)


def error_answer(error_type: str, message: str, stack: list[str], request_id: str) -> Answer:
    """The payload of a failed invocation."""
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": stack}


def own_frames(at: TracebackType | None) -> list[str]:
    """The traceback below this file."""
    frames = traceback.extract_tb(at)
    while frames and frames[0].filename == __file__:
        frames.pop(0)
    return traceback.format_list(frames)


def log_error(answer: Answer) -> None:
    """Writes the error as Lambda's log shows it."""
    sys.stdout.write(f"[ERROR] {answer['errorType']}: {answer['errorMessage']}\n")
    if answer["stackTrace"]:
        sys.stdout.write("Traceback (most recent call last):\n" + "".join(answer["stackTrace"]))


def load(name: str) -> Handler:
    """The function that `module.function` names.

    Raises:
        FaultError: there is none.
    """
    module_name, _, function_name = name.rpartition(".")
    if not module_name:
        raise FaultError(
            "Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise FaultError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        raise FaultError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}") from error
    handler: Handler | None = getattr(module, function_name, None)
    if handler is None:
        raise FaultError("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")
    return handler


def invoke(handler: Handler, request: dict[str, Any]) -> tuple[bool, str]:
    """(whether it failed, the payload as JSON)."""
    request_id = request["request_id"]
    os.environ["_X_AMZN_TRACE_ID"] = request["trace_id"]
    try:
        result = handler(request["event"], Context(request))
        try:
            return False, json.dumps(result, cls=Encoder, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise FaultError("Runtime.MarshalError", f"Unable to marshal response: {error}") from None
    except FaultError as fault:
        answer = error_answer(fault.error_type, str(fault), [], request_id)
    except Exception as error:  # noqa: BLE001 - whatever a function raises is an answer
        answer = error_answer(type(error).__name__, str(error), own_frames(error.__traceback__), request_id)
    log_error(answer)
    return True, json.dumps(answer, ensure_ascii=False)


class Meter:
    """What the process has used since the last reading, which decides what Lambda would bill."""

    def __init__(self) -> None:
        self._cpu = 0.0
        self._waited = 0.0

    def quicken(self, speed: float, began: float) -> None:
        """Puts the function into cloud time, which equalled the wall's at `began`, and counts its waits."""
        sleep, now = time.sleep, time.time

        def quick(seconds: float) -> None:
            sleep(seconds / speed)
            self._waited += seconds

        setattr(time, "sleep", quick)  # noqa: B010
        setattr(time, "time", lambda: began + (now() - began) * speed)  # noqa: B010

    def read(self) -> dict[str, float]:
        """Processor seconds of all threads, and cloud seconds in `time.sleep`."""
        cpu = time.process_time()
        used = {"cpu": cpu - self._cpu, "waited": self._waited}
        self._cpu, self._waited = cpu, 0.0
        return used


def main(request_fd: int, task_root: str, libraries: str) -> None:
    """Loads the handler, then answers requests until the socket closes."""
    sys.path[:0] = [task_root, libraries]
    os.chdir(task_root)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    channel = socket.socket(fileno=request_fd)
    lines = channel.makefile("r", encoding="utf-8")
    start = json.loads(lines.readline())
    meter = Meter()
    meter.quicken(start["speed"], start["began"])

    def answer(failed: bool, payload: str) -> None:
        # The log has to be complete before the answer is.
        sys.stdout.flush()
        sys.stderr.flush()
        channel.sendall((json.dumps({"failed": failed, "payload": payload, "used": meter.read()}) + "\n").encode())

    try:
        handler = load(os.environ["_HANDLER"])
    except FaultError as fault:
        failure = error_answer(fault.error_type, str(fault), [], "")
    except Exception as error:  # noqa: BLE001 - a module may raise anything while it is imported
        failure = error_answer(type(error).__name__, str(error), own_frames(error.__traceback__), "")
    else:
        answer(False, "null")
        for line in lines:
            answer(*invoke(handler, json.loads(line)))
        return
    log_error(failure)
    answer(True, json.dumps(failure))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
