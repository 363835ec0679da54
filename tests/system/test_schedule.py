"""The schedule that the template deploys."""

import time

from localcloud.stack import Stack


def test_the_schedule_starts_runs_by_itself(stack: Stack) -> None:
    machine = stack.outputs["StateMachineArn"]
    executions, scheduler = stack.client("stepfunctions"), stack.client("scheduler")
    schedule = scheduler.get_schedule(Name=stack.name)
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    before = {one["executionArn"] for one in executions.list_executions(stateMachineArn=machine)["executions"]}

    def switch(state: str) -> None:
        fields = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        scheduler.update_schedule(**{field: schedule[field] for field in fields}, State=state)

    switch("ENABLED")
    try:
        deadline = time.monotonic() + 30
        started: set[str] = set()
        while len(started) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
            now = executions.list_executions(stateMachineArn=machine)["executions"]
            started = {one["executionArn"] for one in now} - before
    finally:
        switch("DISABLED")
    assert len(started) >= 2
    assert {stack.wait(arn)["status"] for arn in started} == {"SUCCEEDED"}
