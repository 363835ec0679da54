"""Starts a schedule's target, with the retries and the dead-letter queue that it asks for.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

import json
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.services import Services

_NEVER_RETRIED = frozenset(
    {
        "AccessDeniedException",
        "InvalidArn",
        "InvalidExecutionInput",
        "InvalidName",
        "StateMachineDoesNotExist",
        "StateMachineDeleting",
        "ValidationException",
    }
)
"""Errors that a repeat would meet again. AWS does not document on which codes it gives up at once."""
_MAXIMUM_BACKOFF = 60.0
_DEFAULT_RETRIES = 185
_DEFAULT_AGE = 86400


@dataclass(frozen=True)
class Invocation:
    """One invocation that is due."""

    schedule_arn: str
    target: dict[str, Any]
    """The API's Target."""
    scheduled_at: datetime
    name: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The execution's name: the same in every attempt, so that a repeat after a lost answer starts nothing twice."""

    @property
    def unsupported(self) -> str | None:
        """Why the local cloud cannot invoke this target, or None."""
        arn = str(self.target["Arn"])
        if arn.startswith("arn:aws:states:") and ":stateMachine:" in arn:
            return None
        return f"the local cloud invokes state machines only, not {arn}"

    @property
    def time(self) -> str:
        """The scheduled time, as AWS writes it."""
        return self.scheduled_at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def request(self, execution_id: str, attempt: int) -> dict[str, str]:
        """StartExecution's parameters, with the context attributes of the input filled in."""
        text = str(self.target.get("Input") or "{}")
        for keyword, value in {
            "schedule-arn": self.schedule_arn,
            "scheduled-time": self.time,
            "execution-id": execution_id,
            "attempt-number": str(attempt),
        }.items():
            text = text.replace(f"<aws.scheduler.{keyword}>", value)
        return {"stateMachineArn": self.target["Arn"], "name": self.name, "input": text}


def deliver(invocation: Invocation, services: Services, stopped: threading.Event) -> None:
    """Tries until it works or the RetryPolicy is exhausted; then sends it to the dead-letter queue, and announces it.

    Args:
        invocation: what is due.
        services: the cloud's.
        stopped: set when the cloud goes away; what waits for its next attempt is then dropped.
    """
    clock, policy = services.clock, invocation.target.get("RetryPolicy") or {}
    retries = int(policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES))
    give_up_at = clock.now() + int(policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE))
    attempt = 0
    while True:
        attempt += 1
        execution_id, condition = secrets.token_hex(8), None
        failure = _start_execution(invocation, services, execution_id, attempt)
        if failure is None:
            return
        if _code(failure) not in _NEVER_RETRIED:
            wait = min(_MAXIMUM_BACKOFF, 2.0 ** (attempt - 1))
            if attempt <= retries and clock.now() + wait <= give_up_at:
                if stopped.wait(clock.wall_seconds(wait)):
                    return
                continue
            condition = "MaximumRetryAttempts" if attempt > retries else "MaximumEventAgeInSeconds"
        if stopped.is_set():
            return
        attributes = {
            "ERROR_CODE": _code(failure),
            "ERROR_MESSAGE": str(failure),
            "EXECUTION_ID": execution_id,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(attempt - 1),
            "SCHEDULED_TIME": invocation.time,
            "SCHEDULE_ARN": invocation.schedule_arn,
            "TARGET_ARN": str(invocation.target["Arn"]),
        } | ({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {})
        where = _send_to_queue(invocation, services, json.dumps(invocation.request(execution_id, attempt)), attributes)
        services.announce(
            f"Schedule {invocation.schedule_arn} could not start {invocation.target['Arn']}: {failure}; {where}"
        )
        return


def _start_execution(
    invocation: Invocation, services: Services, execution_id: str, attempt: int
) -> ClientError | BotoCoreError | None:
    try:
        _client(services, "stepfunctions", invocation.target["Arn"]).start_execution(
            **invocation.request(execution_id, attempt)
        )
    except (ClientError, BotoCoreError) as error:
        # From the second attempt on it means that an earlier one worked, and only its answer was lost.
        return None if attempt > 1 and _code(error) == "ExecutionAlreadyExists" else error
    return None


def _send_to_queue(invocation: Invocation, services: Services, body: str, attributes: dict[str, str]) -> str:
    """Where it is now, in words."""
    queue = (invocation.target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return "it has no dead-letter queue"
    client = _client(services, "sqs", queue)
    try:
        client.send_message(
            QueueUrl=client.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"],
            MessageBody=body,
            MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        )
    except (ClientError, BotoCoreError) as error:
        return f"its dead-letter queue does not take it ({error})"
    return f"it is in the dead-letter queue {queue}"


def _client(services: Services, service: str, arn: str) -> Any:
    return services.client(service, arn.split(":")[3])


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
