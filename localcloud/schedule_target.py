"""Starts what an EventBridge schedule points at, with the retries and the dead-letter queue of its target.

Sources: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html,
.../UserGuide/managing-schedule-context-attributes.html, .../UserGuide/configuring-schedule-dlq.html
"""

import json
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.clock import Clock

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
"""Errors that the same request will meet again. Which ones AWS gives up on at once is not documented by code."""
_MAXIMUM_BACKOFF = 60.0
_READ_SECONDS = 10
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
    """The execution's name: the same over all attempts, so that a repeat after a lost answer starts nothing twice."""

    @property
    def unsupported(self) -> str | None:
        """Why the local cloud cannot invoke this target, or None."""
        arn = str(self.target["Arn"])
        if arn.startswith("arn:aws:states:") and ":stateMachine:" in arn:
            return None
        return f"the local cloud invokes state machines only, not {arn}"

    def request(self, execution_id: str, attempt: int) -> dict[str, str]:
        """StartExecution's parameters, the context attributes in the input replaced."""
        text = str(self.target.get("Input") or "{}")
        for keyword, value in {
            "schedule-arn": self.schedule_arn,
            "scheduled-time": self.scheduled_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "execution-id": execution_id,
            "attempt-number": str(attempt),
        }.items():
            text = text.replace(f"<aws.scheduler.{keyword}>", value)
        return {"stateMachineArn": self.target["Arn"], "name": self.name, "input": text}


class TargetInvoker:
    """Delivers invocations to the cloud at `endpoint`."""

    def __init__(self, endpoint: str, clock: Clock, announce: Callable[[str], None]) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._announce = announce
        self._stopped = threading.Event()
        self._clients: dict[tuple[str, str], Any] = {}
        self._clients_lock = threading.Lock()

    def deliver(self, invocation: Invocation) -> None:
        """Attempts until it works or the target's RetryPolicy is used up; then the dead-letter queue, then words."""
        policy = invocation.target.get("RetryPolicy") or {}
        retries = int(policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES))
        give_up_at = self._clock.now() + int(policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE))
        for attempt in range(1, retries + 2):
            execution_id = secrets.token_hex(8)
            try:
                self._start_execution(invocation, execution_id, attempt)
            except (ClientError, BotoCoreError) as error:
                failure = error
            else:
                return
            wait = min(_MAXIMUM_BACKOFF, 2.0 ** (attempt - 1))
            condition: str | None = None
            if _code(failure) not in _NEVER_RETRIED:
                if attempt <= retries and self._clock.now() + wait <= give_up_at:
                    if self._stopped.wait(self._clock.wall_seconds(wait)):
                        return
                    continue
                condition = "MaximumRetryAttempts" if attempt > retries else "MaximumEventAgeInSeconds"
            self._give_up(invocation, failure, execution_id, attempt, condition)
            return

    def stop(self) -> None:
        """Ends all waits between attempts; what was waiting is dropped, since the cloud goes away."""
        self._stopped.set()

    def _start_execution(self, invocation: Invocation, execution_id: str, attempt: int) -> None:
        request = invocation.request(execution_id, attempt)
        try:
            self._client("stepfunctions", request["stateMachineArn"]).start_execution(**request)
        except ClientError as error:
            # The first attempt had its effect and only its answer was lost.
            if attempt == 1 or _code(error) != "ExecutionAlreadyExists":
                raise

    def _give_up(
        self, invocation: Invocation, failure: Exception, execution_id: str, attempt: int, condition: str | None
    ) -> None:
        queue = (invocation.target.get("DeadLetterConfig") or {}).get("Arn")
        where = "it has no dead-letter queue"
        if queue and not self._stopped.is_set():
            attributes = {
                "ERROR_CODE": _code(failure),
                "ERROR_MESSAGE": str(failure),
                "EXECUTION_ID": execution_id,
                "IS_PAYLOAD_TRUNCATED": "false",
                "RETRY_ATTEMPTS": str(attempt - 1),
                "SCHEDULED_TIME": invocation.scheduled_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "SCHEDULE_ARN": invocation.schedule_arn,
                "TARGET_ARN": str(invocation.target["Arn"]),
            } | ({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {})
            try:
                client = self._client("sqs", queue)
                client.send_message(
                    QueueUrl=client.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"],
                    MessageBody=json.dumps(invocation.request(execution_id, attempt)),
                    MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
                )
            except (ClientError, BotoCoreError) as error:
                where = f"its dead-letter queue does not take it ({error})"
            else:
                where = f"it is in the dead-letter queue {queue}"
        if not self._stopped.is_set():
            self._announce(
                f"Schedule {invocation.schedule_arn} could not start {invocation.target['Arn']}: {failure}; {where}"
            )

    def _client(self, service: str, arn: str) -> Any:
        region = arn.split(":")[3]
        with self._clients_lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = boto3.Session().client(
                    service,  # type: ignore[call-overload]
                    region_name=region,
                    endpoint_url=self._endpoint,
                    aws_access_key_id="scheduler",
                    aws_secret_access_key="scheduler",  # noqa: S106 - nothing checks it
                    # The schedule's own RetryPolicy decides on repeats.
                    config=Config(proxies={}, retries={"total_max_attempts": 1}, read_timeout=_READ_SECONDS),
                )
            return self._clients[service, region]


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
