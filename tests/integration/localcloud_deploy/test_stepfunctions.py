"""State machines: in cloud time, with AWS's errors and endings."""

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component import eval_component

from tests.integration.localcloud_deploy.conftest import SPEED, Cloud

FUNCTION = """
import threading
def handler(event, context):
    what = event.get("do")
    if what == "raise":
        raise type(event["error"], (Exception,), {})("as told")
    if what == "sleep":
        threading.Event().wait(event["seconds"])
    if what == "big":
        return "x" * 300_000
    return event
"""
Start = Callable[..., str]


@pytest.fixture(scope="module")
def function_arn(cloud: Cloud) -> str:
    return cloud.create_function("task", FUNCTION)


@pytest.fixture
def start(cloud: Cloud, request: pytest.FixtureRequest) -> Start:
    """Creates a state machine and starts it; returns the execution's ARN."""

    def start(definition: dict[str, Any], given: Any = None) -> str:
        client = cloud.client("stepfunctions")
        machine = client.create_state_machine(
            # A test may have several.
            name=f"{re.sub(r'[^A-Za-z0-9]', '-', request.node.name)[:40]}-{uuid.uuid4()}",
            definition=json.dumps(definition),
            roleArn=cloud.role(),
        )
        started = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given or {}))
        return str(started["executionArn"])

    return start


def one_task(function_arn: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": function_arn, "Parameters": parameters, "End": True, **more}
    return {"StartAt": "Task", "States": {"Task": task, "Caught": {"Type": "Pass", "End": True}}}


def history(cloud: Cloud, execution_arn: str) -> list[str]:
    events = cloud.client("stepfunctions").get_execution_history(executionArn=execution_arn)["events"]
    return [event["type"] for event in events]


def wait_for_event(cloud: Cloud, execution_arn: str, kind: str) -> None:
    deadline = time.monotonic() + 10
    while kind not in history(cloud, execution_arn):
        assert time.monotonic() < deadline, f"no {kind}"
        time.sleep(0.02)


def test_the_context_object(cloud: Cloud, start: Start, function_arn: str) -> None:
    context = {"name.$": "$$.Execution.Name", "at.$": "$$.Execution.StartTime", "retry.$": "$$.State.RetryCount"}
    execution = cloud.ended(start(one_task(function_arn, context)))
    assert execution["output"]["name"] == execution["name"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", execution["output"]["at"])
    assert execution["output"]["retry"] == 0


def test_a_raised_class_is_the_error_s_name(cloud: Cloud, start: Start, function_arn: str) -> None:
    execution = cloud.ended(start(one_task(function_arn, {"do": "raise", "error": "Bad"})))
    assert (execution["status"], execution["error"]) == ("FAILED", "Bad")
    assert json.loads(execution["cause"])["errorMessage"] == "as told"


def test_retries_wait_in_cloud_time_and_no_longer_than_the_maximum(
    cloud: Cloud, start: Start, function_arn: str
) -> None:
    retry = {"ErrorEquals": ["Bad"], "IntervalSeconds": 20, "BackoffRate": 10, "MaxDelaySeconds": 30, "MaxAttempts": 3}
    execution = cloud.ended(start(one_task(function_arn, {"do": "raise", "error": "Bad"}, Retry=[retry])))
    assert execution["status"] == "FAILED"
    took = (execution["stopDate"] - execution["startDate"]).total_seconds()
    waits = (20 + 30 + 30) / SPEED
    assert waits <= took < waits + 2


def test_a_wait_state_waits_in_cloud_time(cloud: Cloud, start: Start) -> None:
    execution = cloud.ended(start({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 50, "End": True}}}))
    assert 50 / SPEED <= (execution["stopDate"] - execution["startDate"]).total_seconds() < 50 / SPEED + 2


def test_full_jitter_waits_less_than_the_interval(cloud: Cloud, start: Start, function_arn: str) -> None:
    retry = {"ErrorEquals": ["Bad"], "IntervalSeconds": 100, "MaxAttempts": 1, "JitterStrategy": "FULL"}
    items = {
        "ItemProcessor": {
            **one_task(
                function_arn,
                {"do": "raise", "error": "Bad"},
                Retry=[retry],
                Catch=[{"ErrorEquals": ["Bad"], "Next": "Caught"}],
            ),
            "ProcessorConfig": {"Mode": "INLINE"},
        }
    }
    arn = start({"StartAt": "M", "States": {"M": {"Type": "Map", "End": True, **items}}}, [1, 2, 3, 4, 5, 6])
    assert cloud.ended(arn)["status"] == "SUCCEEDED"
    events = cloud.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    times = [event["timestamp"] for event in events if event["type"] == "LambdaFunctionScheduled"]
    again = sorted((at - times[0]).total_seconds() for at in times)[6:]
    assert again[-1] < 100 / SPEED + 1
    assert again[-1] - again[0] > 0.1


def test_what_the_lambda_api_refuses_has_lambda_s_name(cloud: Cloud, start: Start) -> None:
    arn = cloud.create_function("throttled", FUNCTION)
    cloud.client("lambda").put_function_concurrency(FunctionName="throttled", ReservedConcurrentExecutions=0)
    execution = cloud.ended(start(one_task(arn, {})))
    assert execution["error"] == "Lambda.TooManyRequestsException"


@pytest.mark.parametrize(
    ("parameters", "more", "error"),
    [
        ({"do": "sleep", "seconds": 2}, {"TimeoutSeconds": 1}, "States.Timeout"),
        ({"do": "raise", "error": "Bad"}, {}, "Bad"),
    ],
)
def test_states_all_catches(
    cloud: Cloud, start: Start, function_arn: str, parameters: dict[str, Any], more: dict[str, Any], error: str
) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    execution = cloud.ended(start(one_task(function_arn, parameters, Catch=catch, **more)))
    assert execution["output"]["Error"] == error


def test_states_all_does_not_catch_too_much_data(cloud: Cloud, start: Start, function_arn: str) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    execution = cloud.ended(start(one_task(function_arn, {"do": "big"}, Catch=catch)))
    assert (execution["status"], execution["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_the_state_machine_s_time_limit_ends_the_execution(cloud: Cloud, start: Start, function_arn: str) -> None:
    definition = {**one_task(function_arn, {"do": "sleep", "seconds": 2}), "TimeoutSeconds": 1}
    arn = start(definition)
    execution = cloud.ended(arn)
    assert execution["status"] == "TIMED_OUT"
    assert (execution["stopDate"] - execution["startDate"]).total_seconds() < 2
    assert history(cloud, arn)[-1] == "ExecutionTimedOut"


def test_items_that_fail_at_once_are_repeated_no_more_often_than_they_may_be(
    cloud: Cloud, start: Start, function_arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> str:
        time.sleep(0.05)
        return str(uuid.uuid4())

    # The moment in which moto made up two keys for one component lasts long enough to be met.
    monkeypatch.setattr(eval_component, "long_uid", slow)
    retry = {"ErrorEquals": ["Bad"], "IntervalSeconds": 1, "MaxAttempts": 1}
    catch = {"ErrorEquals": ["States.ALL"], "Next": "Caught"}
    items = one_task(function_arn, {"do": "raise", "error": "Bad"}, Retry=[retry], Catch=[catch])
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": items, "End": True}
    arn = start({"StartAt": "Each", "States": {"Each": each}}, {"items": [{}] * 8})
    cloud.ended(arn)
    assert history(cloud, arn).count("LambdaFunctionScheduled") == 16


def asked_about(execution_arn: str, **more: Any) -> dict[str, Any]:
    """A state machine that asks about an execution."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:describeExecution",
        "Parameters": {"ExecutionArn": execution_arn, **more},
        "End": True,
    }
    return {"StartAt": "Ask", "States": {"Ask": task}}


def test_a_task_is_told_how_another_execution_stands(cloud: Cloud, start: Start, function_arn: str) -> None:
    other = start(one_task(function_arn, {"do": "sleep", "seconds": 3}), {"some": "data"})
    running = cloud.ended(start(asked_about(other)))["output"]
    assert (running["ExecutionArn"], running["Status"]) == (other, "RUNNING")
    assert json.loads(running["Input"]) == {"some": "data"}
    assert "StopDate" not in running
    cloud.ended(other)
    ended = cloud.ended(start(asked_about(other)))["output"]
    assert ended["Status"] == "SUCCEEDED"
    assert "StopDate" in ended


def test_metadata_only_leaves_an_executions_data_out(cloud: Cloud, start: Start, function_arn: str) -> None:
    for parameters in ({}, {"do": "raise", "error": "Bad"}):
        other = start(one_task(function_arn, parameters))
        cloud.ended(other)
        told = cloud.ended(start(asked_about(other, IncludedData="METADATA_ONLY")))["output"]
        assert {"ExecutionArn", "Status", "StartDate", "StopDate", "StateMachineArn"} <= set(told)
        assert not {"Input", "Output", "Error", "Cause"} & set(told)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda arn: arn.rpartition(":")[0] + ":nobody", "Sfn.ExecutionDoesNotExistException"),
        (lambda _: "nonsense", "Sfn.InvalidArnException"),
    ],
)
def test_an_execution_that_is_not_there_has_the_sdk_s_error(
    cloud: Cloud, start: Start, function_arn: str, change: Callable[[str], str], error: str
) -> None:
    other = start(one_task(function_arn, {}))
    cloud.ended(other)
    execution = cloud.ended(start(asked_about(change(other))))
    assert (execution["status"], execution["error"]) == ("FAILED", error)


@pytest.mark.parametrize(("error", "invocations"), [("Never", 1), ("Twice", 3), ("Unknown", 2)])
def test_the_first_retrier_that_names_an_error_decides_and_all_come_last(
    cloud: Cloud, start: Start, function_arn: str, error: str, invocations: int
) -> None:
    retriers = [
        {"ErrorEquals": ["Never"], "MaxAttempts": 0},
        {"ErrorEquals": ["Twice"], "MaxAttempts": 2, "IntervalSeconds": 1},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1},
    ]
    arn = start(one_task(function_arn, {"do": "raise", "error": error}, Retry=retriers))
    assert cloud.ended(arn)["error"] == error
    assert history(cloud, arn).count("LambdaFunctionScheduled") == invocations


def test_stop_ends_a_map_that_waits_for_retries(cloud: Cloud, start: Start, function_arn: str) -> None:
    retry = {"ErrorEquals": ["Bad"], "IntervalSeconds": 99999}
    task = one_task(function_arn, {"do": "raise", "error": "Bad"}, Retry=[retry])
    processor = {**task, "ProcessorConfig": {"Mode": "INLINE"}}
    arn = start({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}}, [1, 2])
    wait_for_event(cloud, arn, "LambdaFunctionFailed")

    cloud.client("stepfunctions").stop_execution(executionArn=arn, error="Enough", cause="for today")

    execution = cloud.client("stepfunctions").describe_execution(executionArn=arn)
    assert (execution["status"], execution["error"], execution["cause"]) == ("ABORTED", "Enough", "for today")
    assert execution["stopDate"] >= execution["startDate"]
    assert history(cloud, arn)[-1] == "ExecutionAborted"
