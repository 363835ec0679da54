"""State machines: in cloud time, with AWS's errors and endings."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.utils import TMP_THREADS

from localcloud.tests.deploy.conftest import SPEED, Cloud

FUNCTION = """
import threading
import time
def handler(event, context):
    what = event.get("do")
    if what == "raise":
        raise type(event["error"], (Exception,), {})("as told")
    if what == "sleep":
        threading.Event().wait(event["seconds"])
    if what == "tell":
        return time.time()
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


def when_it_began() -> dict[str, Any]:
    """A state machine that returns its execution's StartTime."""
    tell = {"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": True}
    return {"StartAt": "Tell", "States": {"Tell": tell}}


def moment(text: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


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


def test_rounds_go_on_until_a_moment_in_cloud_time(cloud: Cloud, start: Start) -> None:
    states = {
        "Begin": {"Type": "Pass", "Parameters": {"Until.$": "$.until", "Pause": 60}, "Next": "IsTime"},
        "IsTime": {
            "Type": "Choice",
            "Choices": [{"Variable": "$$.State.EnteredTime", "TimestampLessThanPath": "$.Until", "Next": "Pause"}],
            "Default": "Done",
        },
        "Pause": {"Type": "Wait", "SecondsPath": "$.Pause", "Next": "IsTime"},
        "Done": {"Type": "Succeed"},
    }
    now = cloud.ended(start(when_it_began()))["output"]["at"]
    until = datetime.fromisoformat(now) + timedelta(seconds=300)
    arn = start(
        {"StartAt": "Begin", "States": states},
        {"until": until.isoformat(timespec="milliseconds").replace("+00:00", "Z")},
    )
    execution = cloud.ended(arn)
    assert 1 <= history(cloud, arn).count("WaitStateEntered") <= 5
    assert (execution["stopDate"] - execution["startDate"]).total_seconds() < (300 + 60) / SPEED + 2


def test_functions_and_the_context_object_agree_on_the_date(cloud: Cloud, start: Start, function_arn: str) -> None:
    began = moment(cloud.ended(start(when_it_began()))["output"]["at"])
    wall = time.time()
    time.sleep(0.5)
    told = cloud.ended(start(one_task(function_arn, {"do": "tell"})))["output"]
    ended = moment(cloud.ended(start(when_it_began()))["output"]["at"])
    assert began + 0.5 * SPEED <= told <= ended
    assert ended - began == pytest.approx((time.time() - wall) * SPEED, abs=2 * SPEED)


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

    # Widens the moment in which moto created two keys for one component.
    monkeypatch.setattr(eval_component, "long_uid", slow)
    retry = {"ErrorEquals": ["Bad"], "IntervalSeconds": 1, "MaxAttempts": 1}
    catch = {"ErrorEquals": ["States.ALL"], "Next": "Caught"}
    items = one_task(function_arn, {"do": "raise", "error": "Bad"}, Retry=[retry], Catch=[catch])
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": items, "End": True}
    arn = start({"StartAt": "Each", "States": {"Each": each}}, {"items": [{}] * 8})
    cloud.ended(arn)
    assert history(cloud, arn).count("LambdaFunctionScheduled") == 16


def test_a_task_starts_an_execution_of_its_own_state_machine(cloud: Cloud, start: Start) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {
            "StateMachineArn.$": "$$.StateMachine.Id",
            "Input": {"Last": True, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"},
        },
        "End": True,
    }
    is_last = {"Variable": "$$.Execution.Input.Last", "IsPresent": True, "Next": "Done"}
    states = {
        "IsLast": {"Type": "Choice", "Choices": [is_last], "Default": "Start"},
        "Start": task,
        "Done": {"Type": "Succeed"},
    }
    first = start({"StartAt": "IsLast", "States": states})
    second = cloud.ended(first)["output"]["ExecutionArn"]
    ended = cloud.ended(second)
    assert ended["status"] == "SUCCEEDED"
    assert ended["stateMachineArn"] == cloud.ended(first)["stateMachineArn"]
    assert json.loads(ended["input"]) == {"Last": True, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": first}


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


def of_each(item: dict[str, Any]) -> dict[str, Any]:
    """A Map that does this with each of its items."""
    processor = {**item, "ProcessorConfig": {"Mode": "INLINE"}}
    return {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True}}}


@pytest.mark.parametrize("given", [{}, {"error": "Enough", "cause": "for today"}])
def test_stop_ends_maps_that_wait_for_retries(
    cloud: Cloud, start: Start, function_arn: str, caplog: pytest.LogCaptureFixture, given: dict[str, str]
) -> None:
    retry = {"ErrorEquals": ["Bad"], "IntervalSeconds": 99999}
    task = one_task(function_arn, {"do": "raise", "error": "Bad"}, Retry=[retry])
    arn = start(of_each(of_each(task)), [[1, 2], [3]])
    wait_for_event(cloud, arn, "LambdaFunctionFailed")

    cloud.client("stepfunctions").stop_execution(executionArn=arn, **given)

    execution = cloud.client("stepfunctions").describe_execution(executionArn=arn)
    assert execution["status"] == "ABORTED"
    assert {name: execution[name] for name in ("error", "cause") if name in execution} == given
    assert execution["stopDate"] >= execution["startDate"]
    assert history(cloud, arn)[-1] == "ExecutionAborted"
    for thread in [*TMP_THREADS]:
        thread.join(30)
        assert not thread.is_alive()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
