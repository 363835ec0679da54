"""What becomes of a schedule's invocation that fails."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.tests.probes import eventually
from localcloud.tests.schedule.conftest import Frame

MakeFrame = Callable[..., Frame]
MISSING = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:missing"


def test_a_failure_ends_in_the_dead_letter_queue(frame: MakeFrame) -> None:
    cloud = frame()
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    queue = "arn:aws:sqs:ap-northeast-1:123456789012:dead"
    arn = cloud.schedule("failing", "rate(1 day)", MISSING, Target={"DeadLetterConfig": {"Arn": queue}})

    def received() -> Any:
        return sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")

    (message,) = eventually(received, "the dead letter")
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["stateMachineArn"] == MISSING
    assert attributes["ERROR_CODE"] == "StateMachineDoesNotExist"
    assert attributes["SCHEDULE_ARN"] == arn
    assert attributes["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes


def test_a_failure_is_said_when_there_is_no_queue(frame: MakeFrame) -> None:
    cloud = frame()
    cloud.schedule("failing", "rate(1 day)", MISSING)
    eventually(lambda: cloud.said, "the announcement")
    assert "no dead-letter queue" in cloud.said[0]


@pytest.mark.parametrize(
    ("policy", "attempts", "condition"),
    [
        ({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}, 3, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 60}, 6, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_failure_is_retried_within_the_policy(
    frame: MakeFrame,
    monkeypatch: pytest.MonkeyPatch,
    policy: dict[str, int],
    attempts: int,
    condition: str,
) -> None:
    # Slow enough that an attempt's own time counts for less than a second of the sixty.
    cloud = frame(speed=10)
    url = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    asked: list[str] = []

    def unavailable(_backend: Any, *_: Any, **request: Any) -> Any:
        asked.append(str(request))
        raise RuntimeError("the service is away")

    monkeypatch.setattr("moto.stepfunctions.parser.models.StepFunctionsParserBackend.start_execution", unavailable)
    queue = {"Arn": "arn:aws:sqs:ap-northeast-1:123456789012:dead"}
    machine = cloud.state_machine()
    cloud.schedule("failing", "rate(1 day)", machine, Target={"RetryPolicy": policy, "DeadLetterConfig": queue})

    sqs = cloud.client("sqs")
    (message,) = eventually(
        lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"), "the dead letter"
    )
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == condition
    assert attributes["RETRY_ATTEMPTS"] == str(attempts - 1)
    assert len(asked) == attempts


def test_stop_does_not_wait_for_the_next_attempt(frame: MakeFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = frame(speed=0.001)
    asked: list[int] = []

    def unavailable(*_: Any, **__: Any) -> Any:
        asked.append(1)
        raise RuntimeError("the service is away")

    monkeypatch.setattr("moto.stepfunctions.parser.models.StepFunctionsParserBackend.start_execution", unavailable)
    cloud.schedule("failing", "rate(1 day)", cloud.state_machine())
    eventually(lambda: asked, "the first attempt")
    started = time.monotonic()
    cloud.schedules.stop()
    assert time.monotonic() - started < 5
    assert cloud.said == []
