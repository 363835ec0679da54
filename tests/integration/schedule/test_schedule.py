"""The schedule as EventBridge Scheduler has it; moto stands in for the Scheduler."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError
from moto import mock_aws

from odcr.gateways import schedule
from odcr.gateways.schedule import OFF, UNKNOWN, Schedule, read_schedule

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
ON = Schedule(is_on=True, is_each_minute=True)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    cached = schedule._client
    cached.cache_clear()
    yield
    cached.cache_clear()


@pytest.fixture
def scheduler() -> Iterator[None]:
    with mock_aws():
        yield


def put(expression: str = "rate(1 minute)", **more: Any) -> None:
    boto3.client("scheduler").create_schedule(
        Name="odcr",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:states:::x", "RoleArn": "arn:aws:iam::123456789012:role/x"},
        **more,
    )


@pytest.mark.parametrize(
    ("more", "is_on"),
    [
        ({}, True),
        ({"State": "ENABLED"}, True),
        ({"State": "DISABLED"}, False),
        ({"StartDate": NOW + HOUR}, False),
        ({"StartDate": NOW, "EndDate": NOW + HOUR}, True),
        ({"EndDate": NOW - HOUR}, False),
        ({"StartDate": NOW + HOUR, "EndDate": NOW + 2 * HOUR}, False),
        ({"State": "DISABLED", "EndDate": NOW + HOUR}, False),
    ],
    ids=["new", "enabled", "disabled", "before its start", "in its time", "after its end", "later", "disabled in time"],
)
@pytest.mark.usefixtures("scheduler")
def test_schedule_is_on_while_enabled_and_in_its_period(more: dict[str, Any], is_on: bool) -> None:
    put(**more)
    assert read_schedule("odcr", NOW + timedelta(seconds=1)).is_on is is_on


@pytest.mark.parametrize(
    ("expression", "is_each_minute"),
    [
        ("rate(1 minute)", True),
        ("rate(1 minutes)", True),
        ("rate(2 minutes)", False),
        ("rate(11 minutes)", False),
        ("rate(1 hour)", False),
        ("cron(0/5 8-20 * * ? *)", False),
        ("at(2099-11-11T00:00:00)", False),
    ],
)
@pytest.mark.usefixtures("scheduler")
def test_only_rate_1_minute_is_each_minute(expression: str, is_each_minute: bool) -> None:
    put(expression)
    assert read_schedule("odcr", NOW) == Schedule(is_on=True, is_each_minute=is_each_minute)


@pytest.mark.usefixtures("scheduler")
def test_missing_schedule_is_off() -> None:
    put()
    assert read_schedule("odcr", NOW) == ON
    assert read_schedule("another", NOW) == OFF


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="https://scheduler"),
        NoCredentialsError(),
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSchedule"),
        ClientError({"Error": {"Code": "InternalServerException", "Message": "no"}}, "GetSchedule"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_schedule_without_an_answer_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(schedule, "_client", lambda: SimpleNamespace(get_schedule=refuse))
    assert read_schedule("odcr", NOW) == UNKNOWN
