"""The deployed schedule, and the runs that follow one another while something is short."""

import json
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from deployment.stack import Stack
from tests.system.executions import states
from tests.system.test_lease import BUSY, wait_for

KEY = ("r5b.2xlarge", "ap-northeast-1c")
STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
PAUSE_SECONDS = 1.0
"""Real seconds after which the next run, if there is one, has started; a minute of the cloud takes three."""


@pytest.fixture
def short(stack: Stack) -> Stack:
    """A stack with a target whose pool is dry."""
    assert stack.run()["status"] == "SUCCEEDED"
    stack.sql("INSERT INTO odcr_capacity VALUES (%s, %s, 15, 0)", *KEY)
    return stack


def set_schedule(stack: Stack, **changes: Any) -> None:
    """Changes the stack's schedule, as a person or a deployment does."""
    scheduler = stack.client("scheduler")
    schedule = scheduler.get_schedule(Name=stack.name)
    fields = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State", "StartDate", "EndDate")
    scheduler.update_schedule(**{field: schedule[field] for field in fields if field in schedule} | changes)


@contextmanager
def enabled(stack: Stack, expression: str = "rate(1 minute)") -> Iterator[None]:
    """Within this context, the schedule starts runs. Afterwards it is as before, and no run is left."""
    scheduler = stack.client("scheduler")
    before = scheduler.get_schedule(Name=stack.name)
    assert (before["ScheduleExpression"], before["State"]) == ("rate(1 minute)", "DISABLED")
    set_schedule(stack, State="ENABLED", ScheduleExpression=expression)
    try:
        yield
    finally:
        fields = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State")
        scheduler.update_schedule(**{field: before[field] for field in fields})
        eventually(lambda: all(run["status"] != "RUNNING" for run in runs(stack)), "all runs have ended")


_ended: dict[str, dict[str, Any]] = {}
"""Executions that have ended, by ARN. They do not change any more, so they are not asked for again."""


def runs(stack: Stack) -> list[dict[str, Any]]:
    """All executions with their inputs, the oldest first."""
    executions, machine = stack.client("stepfunctions"), stack.outputs["StateMachineArn"]
    pages = executions.get_paginator("list_executions").paginate(stateMachineArn=machine)
    described = []
    for arn in [execution["executionArn"] for page in pages for execution in page["executions"]]:
        if (run := _ended.get(arn)) is None:
            run = executions.describe_execution(executionArn=arn)
            run["input"] = json.loads(run["input"])
            if run["status"] != "RUNNING":
                _ended[arn] = run
        described.append(run)
    return sorted(described, key=lambda run: float(run["startDate"].timestamp()))


def chain(stack: Stack, first: str) -> list[dict[str, Any]]:
    """A run and those that followed it, each started by the previous one."""
    all_runs = runs(stack)
    chained = [run for run in all_runs if run["executionArn"] == first]
    while following := [run for run in all_runs if run["input"].get(STARTED_BY) == chained[-1]["executionArn"]]:
        (run,) = following
        chained.append(run)
    return chained


def first_of(stack: Stack, known: Container[str]) -> str:
    """The first run that is not known yet. The schedule starts it as soon as it is enabled."""
    new: list[str] = []

    def is_there() -> bool:
        new[:] = [run["executionArn"] for run in runs(stack) if run["executionArn"] not in known]
        return bool(new)

    eventually(is_there, "the schedule starts a run")
    return new[0]


def eventually(condition: Callable[[], object], event: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {event}"
        time.sleep(0.1)


def test_the_schedule_starts_runs_by_itself(stack: Stack) -> None:
    known = {run["executionArn"] for run in runs(stack)}
    with enabled(stack):
        eventually(lambda: len(runs(stack)) >= len(known) + 2, "two runs")
    new = [run for run in runs(stack) if run["executionArn"] not in known]
    assert {run["status"] for run in new} == {"SUCCEEDED"}
    # Nothing is short, so no run started another.
    assert not any(STARTED_BY in run["input"] for run in new)


@pytest.mark.parametrize("expression", ["rate(1 minute)", "rate(1 hour)"])
def test_while_something_is_short_asking_has_no_pause(short: Stack, expression: str) -> None:
    known = {run["executionArn"] for run in runs(short)}

    def asked() -> list[dict[str, Any]]:
        new = [run for run in runs(short) if run["executionArn"] not in known]
        return [run for run in new if "FindShortfalls" in states(short, run["executionArn"])]

    with enabled(short, expression):
        eventually(lambda: len(asked()) >= 3, "three runs ask")
        first, second, third = asked()[:3]
        short.cloud.capacity.set_free(*KEY, 15)
        eventually(lambda: short.sql("SELECT Current_Capacity FROM odcr_capacity") == ((15,),), "the target is met")
        if expression == "rate(1 hour)":
            assert [run["input"] for run in (second, third)] == [
                {"Failures": 0, STARTED_BY: run["executionArn"]} for run in (first, second)
            ]
            # Nothing is short any more, so no run follows the one that met the target.
            eventually(lambda: all(run["status"] != "RUNNING" for run in runs(short)), "the last run ends")
            count = len(runs(short))
            time.sleep(PAUSE_SECONDS)
            assert len(runs(short)) == count
    for before, after in pairwise(asked()[:3]):
        # Each run starts the next one while it goes on, though a run of the schedule may take the lease first.
        (started,) = (run for run in runs(short) if run["input"].get(STARTED_BY) == before["executionArn"])
        assert started["startDate"] <= before["stopDate"]
        assert started["executionArn"] == after["executionArn"] or states(short, started["executionArn"]) == BUSY
    # Runs that the schedule starts meanwhile leave the work to the run that holds the lease.
    assert {run["status"] for run in runs(short) if run["executionArn"] not in known} == {"SUCCEEDED"}


def disable(stack: Stack) -> None:
    set_schedule(stack, State="DISABLED")


def end(stack: Stack) -> None:
    now = datetime.fromtimestamp(stack.cloud.clock.date(), UTC)
    set_schedule(stack, EndDate=now + timedelta(seconds=1))


@pytest.mark.parametrize("stop", [disable, end])
def test_no_run_follows_once_the_schedule_is_off_or_over(short: Stack, stop: Callable[[Stack], None]) -> None:
    known = {run["executionArn"] for run in runs(short)}
    with enabled(short, "rate(1 hour)"):
        first = first_of(short, known)
        # This run has read the schedule already, so one more run may follow.
        wait_for(short, first, "ReserveCapacity")
        stop(short)
        started = len(chain(short, first))
        eventually(lambda: chain(short, first)[-1]["status"] != "RUNNING", "the last run ends")
        time.sleep(PAUSE_SECONDS)
        followed = chain(short, first)
        assert len(followed) <= started + 1
        assert {run["status"] for run in followed} == {"SUCCEEDED"}
        assert "ReserveCapacity" not in states(short, followed[-1]["executionArn"])
    assert short.sql("SELECT Status FROM odcr_status") == (("SHORT",),)


def test_a_following_run_buys_nothing_once_the_schedule_is_off(short: Stack) -> None:
    short.cloud.capacity.set_free(*KEY, 15)
    first = started_with(short, Failures=0)
    assert short.wait(first)["status"] == "SUCCEEDED"
    assert len(chain(short, first)) == 1
    assert short.reservations() == []


def test_another_run_follows_a_failed_one_after_a_minute(short: Stack) -> None:
    known = {run["executionArn"] for run in runs(short)}
    short.sql("INSERT INTO odcr_version VALUES (99, UTC_TIMESTAMP())")
    short.cloud.capacity.set_free(*KEY, 15)
    # The schedule's own next start is an hour away.
    with enabled(short, "rate(1 hour)"):
        first = first_of(short, known)
        wait_for(short, first, "WaitAfterFailure")
        short.sql("DELETE FROM odcr_version WHERE Version = 99")
        eventually(lambda: chain(short, first)[-1]["status"] == "SUCCEEDED", "a run follows and succeeds")
        # On a slow machine, more than one may have failed.
        *failed, last = chain(short, first)
    assert {run["error"] for run in failed} == {"TablesTooNew"}
    assert [run["input"]["Failures"] for run in (*failed, last)] == list(range(len(failed) + 1))
    assert (last["startDate"] - failed[-1]["startDate"]).total_seconds() >= 60 / short.cloud.clock.speed
    assert short.sql("SELECT Current_Capacity FROM odcr_capacity") == ((15,),)


def test_after_an_hour_of_failures_the_schedule_alone_starts_runs(short: Stack) -> None:
    short.sql("INSERT INTO odcr_version VALUES (99, UTC_TIMESTAMP())")
    for given in ({"Failures": 60}, {}):
        first = started_with(short, **given)
        assert short.wait(first)["status"] == "FAILED"
        assert len(chain(short, first)) == 1


def started_with(stack: Stack, **given: int) -> str:
    """Starts a run with this input, and returns its ARN."""
    machine = stack.outputs["StateMachineArn"]
    started = stack.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given))
    return str(started["executionArn"])
