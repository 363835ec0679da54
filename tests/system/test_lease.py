"""The lease of the deployed stack, while its holder works and after, and runs that Lambda throttles."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from deployment.stack import Stack
from tests.system.executions import states

KEY = ("r5b.2xlarge", "ap-northeast-1c")
BUSY = ["LoadTargets", "IsLeaseHeld", "AnotherRunIsActive"]
LEASE_SECONDS = 180
REFUSALS = 5
"""Refusals of a task within forty seconds: it is repeated after at least 3, 6, 12 and 20 seconds."""


@pytest.fixture(autouse=True)
def target(stack: Stack) -> None:
    """A target of 15 of which 1 is held; the pool has the rest."""
    # This run creates the tables. The next one starts all functions, so that they answer at once later.
    assert stack.run()["status"] == "SUCCEEDED"
    stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, 1, 0)", *KEY)
    stack.cloud.capacity.set_free(*KEY, 15)
    assert stack.run()["status"] == "SUCCEEDED"
    assert held(stack) == [1]
    stack.sql("UPDATE odcr_capacity SET Target_Capacity = 15")


@contextmanager
def throttled(stack: Stack, *functions: str) -> Iterator[None]:
    """Within this context, Lambda runs none of the functions."""
    client = stack.client("lambda")
    for name in functions:
        client.put_function_concurrency(FunctionName=f"{stack.name}-{name}", ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        for name in functions:
            client.delete_function_concurrency(FunctionName=f"{stack.name}-{name}")


def wait_for(stack: Stack, execution: str, state: str) -> None:
    wait_until(lambda: state in states(stack, execution), f"{execution} does not reach {state}")


def wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def refusals(stack: Stack, execution: str) -> int:
    """The number of times that Lambda has throttled an execution."""
    failed = [event.get("lambdaFunctionFailedEventDetails") for event in stack.history(execution)]
    return sum(details["error"] == "Lambda.TooManyRequestsException" for details in failed if details)


def held(stack: Stack) -> list[int]:
    return [
        reservation["TotalInstanceCount"] for reservation in stack.reservations() if reservation["State"] == "active"
    ]


def stopped_run(stack: Stack) -> str:
    """Stops a run while it holds the lease, and returns its name."""
    with throttled(stack, "FindShortfalls"):
        execution = stack.start_run()
        wait_for(stack, execution, "FindShortfalls")
        stack.client("stepfunctions").stop_execution(executionArn=execution)
    return execution.rpartition(":")[2]


def expire(stack: Stack) -> None:
    """Lets the lease expire, as if three minutes passed on the database's clock."""
    stack.sql("UPDATE odcr_lease SET Expires = UTC_TIMESTAMP() - INTERVAL 1 SECOND")


def test_a_run_that_finds_the_lease_held_leaves_the_work_to_its_holder(stack: Stack) -> None:
    with throttled(stack, "FindShortfalls"):
        holder = stack.start_run()
        wait_for(stack, holder, "FindShortfalls")
        second = stack.start_run()
        assert stack.wait(second)["status"] == "SUCCEEDED"
        assert stack.client("stepfunctions").describe_execution(executionArn=holder)["status"] == "RUNNING"
    assert states(stack, second) == BUSY
    assert stack.wait(holder)["status"] == "SUCCEEDED"
    assert held(stack) == [15]


@pytest.mark.parametrize("function", ["FindShortfalls", "RecordResults"])
def test_a_run_survives_forty_seconds_of_throttling(stack: Stack, function: str) -> None:
    with throttled(stack, function):
        execution = stack.start_run()
        wait_until(lambda: refusals(stack, execution) >= REFUSALS, f"{execution} is not throttled")
    assert stack.wait(execution)["status"] == "SUCCEEDED"
    assert held(stack) == [15]


def test_the_lease_of_a_run_that_was_stopped_expires_by_itself(stack: Stack) -> None:
    holder = stopped_run(stack)
    ((name, seconds),) = stack.sql(
        "SELECT Holder, TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), Expires) FROM odcr_lease WHERE Name = 'run'"
    )
    assert name == holder
    assert 0 < seconds <= LEASE_SECONDS
    # Until then the last function of the stopped run may be at work.
    early = stack.start_run()
    assert stack.wait(early)["status"] == "SUCCEEDED"
    assert states(stack, early) == BUSY
    assert held(stack) == [1]

    expire(stack)
    assert stack.run()["status"] == "SUCCEEDED"
    assert held(stack) == [15]
    # The next run finds the lease free and nothing to do.
    last = stack.start_run()
    assert stack.wait(last)["status"] == "SUCCEEDED"
    assert "FindShortfalls" in states(stack, last)


def test_only_one_of_the_runs_that_find_an_expired_lease_asks(stack: Stack) -> None:
    stopped_run(stack)
    expire(stack)
    executions = [stack.start_run() for _ in range(3)]
    assert [stack.wait(execution)["status"] for execution in executions] == ["SUCCEEDED"] * 3
    assert held(stack) == [15]
    assert stack.sql("SELECT Acquired FROM odcr_history WHERE Acquired > 1") == ((14,),)


def test_a_run_that_lost_its_lease_records_nothing(stack: Stack) -> None:
    with throttled(stack, "RecordResults"):
        execution = stack.start_run()
        wait_for(stack, execution, "RecordResults")
        stack.sql(
            "UPDATE odcr_lease SET Holder = 'another', Expires = UTC_TIMESTAMP() + INTERVAL 1 HOUR WHERE Name = 'run'"
        )
    ended = stack.wait(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "LeaseLost")
    assert held(stack) == [15]
    assert stack.sql("SELECT Current_Capacity FROM odcr_capacity") == ((1,),)
    assert stack.sql("SELECT Holder FROM odcr_lease WHERE Name = 'run'") == (("another",),)

    expire(stack)
    assert stack.run()["status"] == "SUCCEEDED"
    assert stack.sql("SELECT Current_Capacity FROM odcr_capacity") == ((15,),)
