"""EventBridge Scheduler's invocations, with moto's schedules and state machines through the real API."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from localcloud.tests.probes import eventually
from localcloud.tests.schedule.conftest import Frame

MakeFrame = Callable[..., Frame]
CONTEXT = (
    '{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>", '
    '"id": "<aws.scheduler.execution-id>", "attempt": "<aws.scheduler.attempt-number>"}'
)
MISSING = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:missing"


def after_some_ticks(frame: Frame) -> None:
    """Returns when a new schedule has been invoked twice, so that older ones had every chance."""
    witness = frame.state_machine("witness")
    frame.schedule("witness", "rate(1 minute)", witness)
    eventually(lambda: len(frame.inputs(witness)) >= 2, "the witness is invoked")


class TestRate:
    def test_invokes_at_once_and_then_each_period_in_cloud_time(self, frame: MakeFrame) -> None:
        cloud = frame(speed=300)  # a minute in a fifth of a second
        machine = cloud.state_machine()
        arn = cloud.schedule("minutely", "rate(1 minute)", machine, Target={"Input": CONTEXT})

        eventually(lambda: len(cloud.inputs(machine)) >= 4, "four invocations")

        inputs = [json.loads(each) for each in cloud.inputs(machine)]
        moments = sorted(datetime.fromisoformat(each["at"]) for each in inputs)
        gaps = {later - earlier for earlier, later in itertools.pairwise(moments)}
        # A machine that stalls may miss some; the rhythm stays. Times are printed in whole seconds.
        assert all(abs(gap.total_seconds() % 60 - 30) >= 29 for gap in gaps), gaps
        assert {each["arn"] for each in inputs} == {arn}
        assert {each["attempt"] for each in inputs} == {"1"}
        assert len({each["id"] for each in inputs}) == len(inputs)

    def test_the_first_invocation_needs_no_waiting(self, frame: MakeFrame) -> None:
        cloud = frame(speed=1)
        machine = cloud.state_machine()
        cloud.schedule("daily", "rate(1 day)", machine)
        assert eventually(lambda: cloud.inputs(machine), "the first invocation") == ["{}"]

    def test_a_state_machine_of_another_region(self, frame: MakeFrame) -> None:
        cloud = frame()
        machine = cloud.state_machine(region="eu-west-1")
        cloud.schedule("abroad", "rate(1 day)", machine)
        states = cloud.client("stepfunctions", "eu-west-1")
        eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"], "the invocation abroad")

    def test_start_and_end_date(self, frame: MakeFrame) -> None:
        cloud = frame(speed=300)
        early, late = cloud.state_machine("early"), cloud.state_machine("late")
        now = datetime.now(UTC)
        cloud.schedule("over", "rate(1 minute)", early, EndDate=now - timedelta(hours=1))
        cloud.schedule("not-yet", "rate(1 minute)", late, StartDate=now + timedelta(days=365))
        after_some_ticks(cloud)
        assert cloud.inputs(early) == cloud.inputs(late) == []

    def test_ends_at_the_end_date(self, frame: MakeFrame) -> None:
        cloud = frame(speed=600)
        machine = cloud.state_machine()
        end = cloud.schedules.now() + timedelta(minutes=8)
        cloud.schedule("ending", "rate(1 day)", machine, EndDate=end)
        eventually(lambda: cloud.schedules.now() > end, "the end date")
        after_some_ticks(cloud)
        assert len(cloud.inputs(machine)) == 1


class TestState:
    def test_disabled_is_silent_and_enabled_again_invokes(self, frame: MakeFrame) -> None:
        cloud = frame(speed=300)
        machine = cloud.state_machine()
        cloud.schedule("switched", "rate(1 minute)", machine, State="DISABLED")
        after_some_ticks(cloud)
        assert cloud.inputs(machine) == []

        scheduler = cloud.client("scheduler")
        old = scheduler.get_schedule(Name="switched")
        kept = {key: old[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target")}
        scheduler.update_schedule(Name="switched", State="ENABLED", **kept)
        eventually(lambda: cloud.inputs(machine), "an invocation")

    def test_a_deleted_schedule_invokes_no_more(self, frame: MakeFrame) -> None:
        cloud = frame(speed=300)
        machine = cloud.state_machine()
        cloud.schedule("short-lived", "rate(1 minute)", machine)
        eventually(lambda: cloud.inputs(machine), "an invocation")
        cloud.client("scheduler").delete_schedule(Name="short-lived")
        after_some_ticks(cloud)
        count = len(cloud.inputs(machine))
        eventually(lambda: len(cloud.inputs(cloud.state_machine("witness"))) >= 5, "more ticks")
        assert len(cloud.inputs(machine)) == count


class TestOnce:
    def test_at_invokes_once_at_its_local_time_and_is_deleted_when_asked(self, frame: MakeFrame) -> None:
        cloud = frame(speed=600)
        machine = cloud.state_machine()
        due = (cloud.schedules.now() + timedelta(minutes=5)).replace(microsecond=0)
        tokyo = due + timedelta(hours=9)
        cloud.schedule(
            "once",
            f"at({tokyo:%Y-%m-%dT%H:%M:%S})",
            machine,
            ScheduleExpressionTimezone="Asia/Tokyo",
            ActionAfterCompletion="DELETE",
            Target={"Input": CONTEXT},
        )
        (given,) = eventually(lambda: cloud.inputs(machine), "the invocation")
        assert json.loads(given)["at"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
        names = [each["Name"] for each in cloud.client("scheduler").list_schedules()["Schedules"]]
        assert names == []


class TestWithoutEffect:
    @pytest.mark.parametrize(
        ("expression", "target", "said"),
        [
            ("cron(0 9 * * ? *)", MISSING, "does not invoke cron"),
            ("rate(5 parsecs)", MISSING, "not a schedule expression"),
            ("at(2001-01-01T00:00:00)", MISSING, "is over"),
            ("rate(1 minute)", "arn:aws:lambda:ap-northeast-1:123456789012:function:f", "state machines only"),
        ],
    )
    def test_is_said_once(self, frame: MakeFrame, expression: str, target: str, said: str) -> None:
        cloud = frame()
        cloud.schedule("odd", expression, target)
        after_some_ticks(cloud)
        (line,) = cloud.said
        assert said in line
        assert "odd" in line

    def test_a_start_that_fails_is_announced(self, frame: MakeFrame) -> None:
        cloud = frame()
        cloud.schedule("failing", "rate(1 day)", MISSING, Target={"RetryPolicy": {"MaximumRetryAttempts": 2}})
        eventually(lambda: cloud.said, "the announcement")
        assert "failing could not start" in cloud.said[0]
        assert "StateMachineDoesNotExist" in cloud.said[0]
