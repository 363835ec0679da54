"""The lease after its holder's end, and runs that Lambda throttles, through the deployed state machine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.stepfunctions.exceptions import InvalidArn
from moto.stepfunctions.responses import StepFunctionResponse

from localcloud.stack import Stack

KEY = ("r5b.2xlarge", "ap-northeast-1c")
WAITED = 130
"""Seconds until a dead holder's functions are dead as well, as in the definition."""


@pytest.fixture(autouse=True)
def target(stack: Stack) -> None:
    """Fifteen instances, all there."""
    assert stack.run()["status"] == "SUCCEEDED"
    stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, 15, 0)", *KEY)
    stack.cloud.capacity.set_free(*KEY, 15)


@contextmanager
def throttled(stack: Stack, *functions: str) -> Iterator[None]:
    """Within it Lambda runs none of the functions."""
    client = stack.client("lambda")
    for name in functions:
        client.put_function_concurrency(FunctionName=f"{stack.name}-{name}", ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        for name in functions:
            client.delete_function_concurrency(FunctionName=f"{stack.name}-{name}")


def wait_for(stack: Stack, execution: str, state: str) -> None:
    deadline = time.monotonic() + 30
    while state not in states(stack, execution):
        assert time.monotonic() < deadline, f"{execution} does not come to {state}"
        time.sleep(0.05)


def states(stack: Stack, execution: str) -> list[str]:
    """The states that an execution entered."""
    entered = [event.get("stateEnteredEventDetails") for event in stack.history(execution)]
    return [details["name"] for details in entered if details]


def held(stack: Stack) -> list[int]:
    return [one["TotalInstanceCount"] for one in stack.reservations() if one["State"] == "active"]


def seconds_of(stack: Stack, execution: Any) -> float:
    """How long an execution took, in cloud time."""
    return float((execution["stopDate"] - execution["startDate"]).total_seconds() * stack.cloud.clock.speed)


def test_a_run_that_finds_the_holder_at_work_leaves_the_lease_to_it(stack: Stack) -> None:
    with throttled(stack, "FindShortfalls"):
        holder = stack.start_run()
        wait_for(stack, holder, "FindShortfalls")
        second = stack.start_run()
        assert stack.wait(second)["status"] == "SUCCEEDED"
        assert stack.client("stepfunctions").describe_execution(executionArn=holder)["status"] == "RUNNING"
    assert states(stack, second) == [
        "LoadTargets",
        "IsLeaseHeld",
        "AskAboutHolder",
        "IsHolderAtWork",
        "AnotherRunIsActive",
    ]
    assert stack.wait(holder)["status"] == "SUCCEEDED"
    assert held(stack) == [15]


def test_a_run_survives_eighty_seconds_of_throttling(stack: Stack) -> None:
    with throttled(stack, "FindShortfalls", "RecordResults"):
        execution = stack.start_run()
        wait_for(stack, execution, "FindShortfalls")
        time.sleep(80 / stack.cloud.clock.speed)
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert held(stack) == [15]


def test_asking_goes_on_once_the_functions_of_a_run_that_was_stopped_are_dead(stack: Stack) -> None:
    with throttled(stack, "FindShortfalls"):
        holder = stack.start_run()
        wait_for(stack, holder, "FindShortfalls")
        stack.client("stepfunctions").stop_execution(executionArn=holder)
    assert stack.sql("SELECT Holder FROM odcr_lease") == ((holder.rpartition(":")[2],),)
    execution = stack.start_run()
    ended = stack.wait(execution)
    assert ended["status"] == "SUCCEEDED"
    assert states(stack, execution)[:8] == [
        "LoadTargets",
        "IsLeaseHeld",
        "AskAboutHolder",
        "IsHolderAtWork",
        "HolderHasEnded",
        "TakeLease",
        "IsLeaseHeld",
        "FindShortfalls",
    ]
    assert held(stack) == [15]
    assert seconds_of(stack, ended) >= WAITED
    # The next run finds nothing to do, and no lease in its way.
    assert stack.run()["status"] == "SUCCEEDED"


def test_of_the_runs_that_wait_for_a_dead_holder_one_goes_on(stack: Stack) -> None:
    with throttled(stack, "FindShortfalls"):
        holder = stack.start_run()
        wait_for(stack, holder, "FindShortfalls")
        stack.client("stepfunctions").stop_execution(executionArn=holder)
    executions = [stack.start_run() for _ in range(3)]
    assert [stack.wait(execution)["status"] for execution in executions] == ["SUCCEEDED"] * 3
    assert held(stack) == [15]
    recorded = stack.sql("SELECT Execution FROM odcr_history WHERE Acquired > 0")
    assert len(recorded) == 1


def test_a_holder_that_nobody_knows_has_ended_once_its_lease_is_old(stack: Stack) -> None:
    stack.sql("UPDATE odcr_lease SET Holder = 'nobody', Expires = UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    execution = stack.start_run()
    ended = stack.wait(execution)
    assert ended["status"] == "SUCCEEDED"
    assert "TakeLease" in states(stack, execution)
    assert held(stack) == [15]
    assert seconds_of(stack, ended) >= 60 + WAITED


def test_a_run_that_cannot_find_out_about_the_holder_is_no_success(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = StepFunctionResponse.describe_execution

    def refuse(self: Any) -> Any:
        # Those who only look at the runs may go on.
        if self._get_param("includedData") == "METADATA_ONLY":
            raise InvalidArn("refused")
        return describe(self)

    monkeypatch.setattr(StepFunctionResponse, "describe_execution", refuse)
    stack.sql("UPDATE odcr_lease SET Holder = 'nobody', Expires = UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    failed = stack.run()
    assert (failed["status"], failed["error"]) == ("FAILED", "HolderUnknown")
    assert "states:DescribeExecution" in failed["cause"]
    assert held(stack) == []
    # It expires by itself.
    stack.sql("UPDATE odcr_lease SET Expires = UTC_TIMESTAMP() - INTERVAL 1 SECOND")
    assert stack.run()["status"] == "SUCCEEDED"
    assert held(stack) == [15]
