"""Functions run as on Lambda."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from localcloud.tests.deploy.conftest import REGION, SPEED, Cloud
from localcloud.tests.deploy.functions import Function
from localcloud.tests.probes import alive, eventually


def test_a_process_stays_warm(function: Function) -> None:
    first, second = function()["payload"], function()["payload"]
    assert first["pid"] == second["pid"] != os.getpid()
    assert (first["count"], second["count"]) == (1, 2)
    assert function.logged().count("loading") == 1


def test_the_context_object(cloud: Cloud, function: Function) -> None:
    payload = function({"do": "context"})["payload"]
    assert payload["function_name"] == function.name
    assert payload["function_version"] == "$LATEST"
    assert payload["memory_limit_in_mb"] == "128"
    assert payload["invoked_function_arn"] == f"arn:aws:lambda:{REGION}:123456789012:function:{function.name}"
    assert payload["log_group_name"] == f"/aws/lambda/{function.name}"
    assert 0 < payload["left"] <= 2000
    (stream,) = cloud.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{function.name}")["logStreams"]
    assert payload["log_stream_name"] == stream["logStreamName"]
    assert any(payload["aws_request_id"] in line for line in function.logged())


def test_the_environment_is_only_what_was_deployed(
    cloud: Cloud, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", "leak")
    variables = function({"do": "environment"})["payload"]
    assert variables["VARIABLE"] == "old"
    assert variables["AWS_REGION"] == REGION
    assert variables["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert variables["TZ"] == ":UTC"
    # Without HOME a process still finds its user's ~/.aws/config.
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert not {"FROM_OUTSIDE", "HOME", "MOTO_PORT", "PYTHONPATH", "VIRTUAL_ENV"} & set(variables)
    bundle = Path(variables["SSL_CERT_FILE"]).read_bytes()
    assert cloud.database.ca_file.read_bytes() in bundle


@pytest.mark.parametrize("module", ["boto3", "urllib3", "dateutil", "json"])
def test_what_the_runtime_brings_can_be_imported(function: Function, module: str) -> None:
    assert function({"do": "import", "module": module})["payload"] == "imported"


@pytest.mark.parametrize("module", ["pymysql", "moto", "yaml", "localcloud", "pip"])
def test_what_was_not_declared_cannot_be_imported(function: Function, module: str) -> None:
    assert function({"do": "import", "module": module})["payload"] == f"No module named '{module}'"


def test_logs_are_in_order(function: Function) -> None:
    first, answer = function(), function({"do": "print"})
    kinds = [line.split(":")[0].split(" ")[0] for line in answer["tail"]]
    assert kinds == ["START", "one", "two", "three", "END", "REPORT"]
    assert "Duration: " in answer["tail"][-1]
    assert function.logged() == [*first["tail"], *answer["tail"]]
    assert first["tail"][0] == "loading"


def test_events_at_once_have_processes_of_their_own_up_to_the_limit(function: Function) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(function, [{"do": "sleep", "seconds": 0.5}] * 12))
    pids = {answer["payload"]["pid"] for answer in answers}
    assert 2 <= len(pids) <= 8
    assert all(map(alive, pids))


def test_a_function_sleeps_in_the_clouds_time(function: Function) -> None:
    function()
    started = time.monotonic()
    # On the wall this would exceed the function's time-out.
    assert function({"do": "nap", "seconds": SPEED})["error"] is None
    assert time.monotonic() - started >= 1


def test_the_report_says_what_was_worked_and_what_was_waited(function: Function) -> None:
    first, napped, answer = function(), function({"do": "nap", "seconds": SPEED}), function()

    def reported(answer: Any, field: str) -> float:
        match = re.search(rf"\t{field}: ([\d.]+) ms", answer["tail"][-1])
        return float(match[1]) if match else -1

    assert reported(napped, "Local Wait") == SPEED * 1000
    assert 0 < reported(napped, "Local CPU") < 500
    assert reported(answer, "Local Wait") == 0
    # Only an environment's first invocation reports its start.
    assert reported(first, "Local Init CPU") > 0
    assert reported(answer, "Local Init CPU") == -1


def test_a_changed_configuration_starts_anew(function: Function) -> None:
    pid = function()["payload"]["pid"]
    function.client.update_function_configuration(
        FunctionName=function.name, Environment={"Variables": {"VARIABLE": "new"}}
    )
    payload = function()["payload"]
    assert (payload["variable"], payload["count"]) == ("new", 1)
    assert payload["pid"] != pid
    assert not alive(pid)


def test_a_deleted_function_has_no_process(function: Function) -> None:
    pid = function()["payload"]["pid"]
    function.client.delete_function(FunctionName=function.name)
    assert not alive(pid)
    with pytest.raises(function.client.exceptions.ResourceNotFoundException):
        function()


def test_an_asynchronous_invocation_returns_at_once(function: Function) -> None:
    answer = function.client.invoke(FunctionName=function.name, InvocationType="Event", Payload='{"do": "print"}')
    assert answer["StatusCode"] == 202
    eventually(lambda: "three" in function.logged(), "the log")
