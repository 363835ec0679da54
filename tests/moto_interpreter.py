"""Plays executions in moto's interpreter of the States Language, without a server."""

import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client

from localcloud import stepfunctions
from localcloud.clock import Clock
from localcloud.services import Services

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
Answer = Callable[[str, Any, int], Any]
"""Answers for a function, given its name, its payload and how often it got this payload; Raised for an error."""


@dataclass(frozen=True)
class Raised:
    """An exception that a function ends with."""

    error: str
    message: str = "injected"


@dataclass(frozen=True)
class PlayedExecution:
    """An execution that has ended."""

    definition: str
    events: list[dict[str, Any]]
    """As boto3 returns them from GetExecutionHistory."""
    status: str


@dataclass(frozen=True)
class _InstantClock(Clock):
    """A clock on which waits take no time."""

    def date(self) -> float:
        return 1.8e9

    def wall_seconds(self, _cloud_seconds: float) -> float:
        return 0.0


@dataclass
class _Lambda:
    """Stands in for boto3 and its Lambda client where moto's tasks call AWS."""

    answer: Answer
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, **_: Any) -> "_Lambda":
        return self

    def invoke(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> Any:  # noqa: N803 - boto3's names
        name = FunctionName.rpartition(":")[2]
        with self.lock:
            call = (name, bytes(Payload).decode())
            self.counted[call] += 1
            answer = self.answer(name, json.loads(Payload), self.counted[call])
        if isinstance(answer, Raised):
            error = {"errorType": answer.error, "errorMessage": answer.message}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(error).encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@contextmanager
def interpreter(clock: Clock | None = None) -> Iterator[None]:
    """Installs moto's interpreter with the local cloud's corrections; waits take no time, unless the clock says so."""
    nothing: Any = None
    stepfunctions.install(Services("http://127.0.0.1:9", clock or _InstantClock(), nothing, print))
    try:
        yield
    finally:
        stepfunctions.shutdown()


def play(definition: dict[str, Any], answer: Answer, execution_input: Any = None) -> PlayedExecution:
    """Plays an execution to its end; call it inside `interpreter`."""
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:machine:run"
    started = "2027-01-15T08:00:00.000Z"
    context: Any = {
        "Execution": {"Id": arn, "Input": execution_input, "Name": "run", "RoleArn": "role", "StartTime": started},
        "StateMachine": {"Id": arn, "Name": "machine"},
        "State": {"EnteredTime": started, "Name": ""},
    }
    environment = evaluate(definition, context, _Lambda(answer))
    status = "FAILED" if isinstance(environment.program_state(), ProgramError) else "SUCCEEDED"
    history = environment.event_manager.get_event_history()
    return PlayedExecution(json.dumps(definition), _events(history, execution_input), status)


def evaluate(definition: dict[str, Any], context: dict[str, Any], boto3: Any) -> Environment:
    """Evaluates a definition inside `interpreter`.

    Args:
        definition: the state machine's definition.
        context: the execution's context object.
        boto3: stands in for boto3 where tasks call AWS.
    """
    boto_client.__dict__["boto3"] = boto3
    program: Any = AmazonStateLanguageParser.parse(json.dumps(definition))[0]
    context_data: Any = context
    environment = Environment(
        aws_execution_details=AWSExecutionDetails(ACCOUNT, REGION, "role"),
        execution_type=StateMachineType.STANDARD,
        context=context_data,
        event_history_context=EventHistoryContext.of_program_start(),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    program.eval(environment)
    return environment


def _events(history: Any, execution_input: Any) -> list[dict[str, Any]]:
    """The history as plain values, with its first event, which the interpreter leaves to its caller."""
    events: list[dict[str, Any]] = json.loads(json.dumps(history))
    for event in events:
        event["id"], event["previousEventId"] = event["id"] + 1, event["previousEventId"] + 1
        event["timestamp"] = datetime.fromisoformat(event["timestamp"])
    details = {"input": json.dumps(execution_input), "inputDetails": {"truncated": False}, "roleArn": "role"}
    first: dict[str, Any] = {"id": 1, "previousEventId": 0, "type": "ExecutionStarted"}
    return [{**first, "timestamp": events[0]["timestamp"], "executionStartedEventDetails": details}, *events]
