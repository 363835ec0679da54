"""Functions fail as on Lambda."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from localcloud import lambda_runtime
from localcloud.tests.deploy.conftest import Cloud
from localcloud.tests.deploy.functions import Function
from localcloud.tests.probes import alive, eventually


def test_a_raised_exception(function: Function) -> None:
    answer = function({"do": "raise"})
    assert answer["error"] == "Unhandled"
    payload = answer["payload"]
    assert (payload["errorType"], payload["errorMessage"]) == ("Busy", "try later")
    (frame,) = payload["stackTrace"]
    assert 'app.py", line 14, in handler\n    raise Busy("try later")\n' in frame
    assert "[ERROR] Busy: try later" in answer["tail"]
    assert function()["payload"]["count"] == 2


def test_a_result_that_is_no_json(function: Function) -> None:
    payload = function({"do": "set"})["payload"]
    assert payload["errorType"] == "Runtime.MarshalError"
    assert payload["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"


def test_a_decimal_is_a_number(function: Function) -> None:
    assert function({"do": "decimal"})["payload"] == {"n": 1.5, "text": "é"}


@pytest.mark.parametrize(
    ("code", "cause"), [(3, "exited with error: exit status 3"), (0, "exited without providing a reason")]
)
def test_a_process_that_ends_itself(function: Function, code: int, cause: str) -> None:
    answer = function({"do": "exit", "code": code})
    assert (answer["error"], answer["payload"]["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert answer["payload"]["errorMessage"].endswith(f" Error: Runtime {cause}")
    assert "about to exit" in answer["tail"]
    assert function()["payload"]["count"] == 1


def test_a_function_that_takes_too_long_is_killed(function: Function) -> None:
    pid = function()["payload"]["pid"]
    started = time.monotonic()
    answer = function({"do": "sleep", "seconds": 30})
    assert 2 <= time.monotonic() - started < 5
    assert answer["payload"]["errorType"] == "Sandbox.Timedout"
    assert answer["payload"]["errorMessage"].endswith(" Error: Task timed out after 2.00 seconds")
    assert any(line.endswith("Task timed out after 2.00 seconds") for line in answer["tail"])
    assert not alive(pid)
    assert function()["payload"]["pid"] != pid


def test_kill_running(function: Function) -> None:
    pid = function()["payload"]["pid"]
    assert lambda_runtime.kill_running(function.name) == []
    with ThreadPoolExecutor() as pool:
        running = pool.submit(function, {"do": "sleep", "seconds": 1.9})
        eventually(lambda: "sleeping" in function.logged(), "the log")
        assert lambda_runtime.running(function.name) == 1
        assert lambda_runtime.kill_running(function.name) == [pid]
        answer = running.result()
    assert lambda_runtime.running(function.name) == 0
    assert answer["payload"]["errorType"] == "Runtime.ExitError"
    assert answer["payload"]["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert not alive(pid)


@pytest.mark.parametrize(
    ("handler", "code", "error_type", "message"),
    [
        (
            "app.handler",
            "import pymysql",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'pymysql'",
        ),
        ("app.nothing", "", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("gone.handler", "", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
        ("app", "", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        ("app.handler", "def", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("app.handler", "1 / 0", "ZeroDivisionError", "division by zero"),
    ],
)
def test_a_module_that_does_not_load(
    cloud: Cloud, request: pytest.FixtureRequest, handler: str, code: str, error_type: str, message: str
) -> None:
    name = f"load-{abs(hash(request.node.name))}"
    cloud.create_function(name, code, Handler=handler)
    answer = Function(cloud, name)()
    assert answer["error"] == "Unhandled"
    assert answer["payload"]["errorType"] == error_type
    assert answer["payload"]["errorMessage"].startswith(message)


def test_reserved_concurrency_refuses(function: Function) -> None:
    function.client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(function, {"do": "sleep", "seconds": 1})
        eventually(lambda: "sleeping" in function.logged(), "the log")
        with pytest.raises(function.client.exceptions.TooManyRequestsException):
            function()
        assert running.result()["error"] is None
    assert function()["error"] is None
