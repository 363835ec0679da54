"""The stepper behaves like moto's independent interpreter of the States Language."""

import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
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
from stepper.branch import TaskFailed, iso
from stepper.definition import ACCOUNT, REGION, Template
from stepper.execution import Execution, StateMachine, Status

TEMPLATE = Template(Path(__file__).parents[2] / "template.yaml")
START = "arn:aws:states:::states:startExecution"
FUNCTIONS = {one.arn: one.name for one in TEMPLATE.functions()}
TARGETS = [
    {
        "InstanceType": f"m5.{number}xlarge",
        "AvailabilityZone": "ap-northeast-1a",
        "TargetCapacity": 3,
        "Reserved": 0,
        "ReservationIds": [],
        "DuplicateIds": [],
    }
    for number in range(3)
]
OTHER = {**TARGETS[0], "InstanceType": "m5.4xlarge"}
NOT_STARTED = "StepFunctions.ThrottlingException"
Script = Callable[[str, Any, int], Any]
"""What a task answers: its name, its payload, and how often it was called with it; a TaskFailed is raised."""
Played = tuple[list[tuple[str, str]], Status, Any, tuple[str, str] | None]
"""The calls, sorted, for a Map's items run at once; the status, the output, the error."""


EPOCH = 1.8e9
MINUTE = re.compile(r"after-failure-\d{4}-\d\d-\d\dT\d\d-\d\d")
DATE = re.compile(r"2027-01-15T\d\d:\d\d:\d\d\.\d{3}Z")


class StoppedClock:
    """Time that stands still but for the waits."""

    def __init__(self) -> None:
        self._now = EPOCH

    def now(self) -> float:
        return self._now

    def wait_until(self, moment: float) -> None:
        self._now = max(self._now, moment)


@dataclass(frozen=True)
class WaitedClock(Clock):
    """The local cloud's clock in a time that stands still but for the waits, which are over at once."""

    _waited: list[float] = field(default_factory=list)
    # In a list, since a Clock does not change.

    def date(self) -> float:
        return EPOCH + sum(self._waited)

    def wall_seconds(self, cloud_seconds: float) -> float:
        self._waited.append(cloud_seconds)
        return 0.0


class Recorder:
    """Answers as a script says, whoever asks."""

    def __init__(self, script: Script) -> None:
        self._script, self._lock = script, threading.Lock()
        self.calls: list[tuple[str, str]] = []
        self._counted: Counter[tuple[str, str]] = Counter()

    def ask(self, name: str, payload: Any) -> Any:
        if "EnteredAt" in payload:
            # Items wait side by side here and one after the other there.
            payload = {**payload, "EnteredAt": DATE.fullmatch(payload["EnteredAt"]) is not None}
        if "Name" in payload:
            payload = {**payload, "Name": MINUTE.fullmatch(payload["Name"]) is not None}
        call = (name, json.dumps(payload, sort_keys=True))
        with self._lock:
            self.calls.append(call)
            self._counted[call] += 1
            answer = self._script(name, payload, self._counted[call])
        if isinstance(answer, TaskFailed):
            raise answer
        return answer


class Client:
    """Stands in for boto3 and its clients where moto's tasks call AWS."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def client(self, **_: Any) -> "Client":
        return self

    def invoke(self, FunctionName: str, Payload: bytes) -> Any:  # noqa: N803 - boto3's names
        try:
            answer = self._recorder.ask(FUNCTIONS[FunctionName], json.loads(Payload))
        except TaskFailed as failure:
            if failure.error.startswith("Lambda."):
                raise _client_error(failure, failure.error.removeprefix("Lambda.")) from failure
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(failure.cause.encode())}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def publish(self, **payload: Any) -> Any:
        try:
            return self._recorder.ask("Publish", payload)
        except TaskFailed as failure:
            raise _client_error(failure, failure.error.removeprefix("SNS.")) from failure

    def start_execution(self, **payload: Any) -> Any:
        try:
            called = {"StateMachineArn": payload["stateMachineArn"], "Input": json.loads(payload["input"])}
            named = {"Name": payload["name"]} if "name" in payload else {}
            answer = self._recorder.ask("StartExecution", called | named)
            return {"executionArn": answer["ExecutionArn"], "startDate": datetime.fromisoformat(answer["StartDate"])}
        except TaskFailed as failure:
            raise _client_error(failure, failure.error.split(".")[1].removesuffix("Exception")) from failure


def _client_error(failure: TaskFailed, code: str) -> ClientError:
    metadata: Any = {"HTTPStatusCode": 400, "RequestId": "0"}
    return ClientError({"Error": {"Code": code, "Message": failure.cause}, "ResponseMetadata": metadata}, "Call")


def stepped(script: Script, given: Any) -> tuple[Played, Execution]:
    """What the stepper makes of it."""
    recorder = Recorder(script)
    tasks: dict[str, Callable[[Any], Any]] = {
        arn: lambda payload, name=name: recorder.ask(name, payload)  # type: ignore[misc]
        for arn, name in FUNCTIONS.items()
    }
    tasks["arn:aws:states:::sns:publish"] = lambda payload: recorder.ask("Publish", payload)
    tasks[START] = lambda payload: recorder.ask("StartExecution", payload)
    machine = StateMachine(TEMPLATE.definition(), TEMPLATE.machine_arn, tasks, StoppedClock())
    run = machine.start("run-1", given).run()
    failure = (run.failure.error, run.failure.cause) if run.failure else None
    return (sorted(recorder.calls), run.status, run.output, failure), run


def interpreted(script: Script, execution: Execution) -> Played:
    """What moto's interpreter makes of it, in an execution of the same name that started at the same time."""
    recorder = Recorder(script)
    boto_client.__dict__["boto3"] = Client(recorder)
    program: Any = AmazonStateLanguageParser.parse(json.dumps(TEMPLATE.definition()))[0]
    context: Any = {**execution.context, "Execution": {**execution.context["Execution"], "RoleArn": "role"}}
    environment = Environment(
        aws_execution_details=AWSExecutionDetails(ACCOUNT, REGION, "role"),
        execution_type=StateMachineType.STANDARD,
        context=context,
        event_history_context=EventHistoryContext.of_program_start(),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    program.eval(environment)
    ended = environment.program_state()
    if isinstance(ended, ProgramError):
        error: Any = ended.error
        return sorted(recorder.calls), Status.FAILED, None, (error.get("error"), error.get("cause"))
    return sorted(recorder.calls), Status.SUCCEEDED, environment.states.get_input(), None


@pytest.fixture(autouse=True)
def _interpreter() -> Iterator[None]:
    nothing: Any = None
    stepfunctions.install(Services("http://127.0.0.1:9", WaitedClock(), nothing, print))
    yield
    stepfunctions.shutdown()


def failed(error: str, message: str = "injected") -> TaskFailed:
    return TaskFailed(error, json.dumps({"errorType": error, "errorMessage": message}, separators=(",", ":")))


def branch(*targets: dict[str, Any], rounds: int = 1) -> dict[str, Any]:
    """One branch, of one round or two."""
    return {
        "Shortfalls": [{**target, "Outcome": {}} for target in targets],
        "MaxConcurrency": 2,
        "AskEvery": 0,
        "AskUntil": iso(EPOCH + 105),
        "PauseSeconds": 450,
        "RoundsUntil": iso(EPOCH + 400 * (rounds - 1)),
    }


def usual(name: str, payload: Any, _times: int) -> Any:
    """A run in which everything goes well; something is to be told, and something is left to the next run."""
    if name == "LoadTargets":
        passed_on = {"Targets": TARGETS, "Rejected": [], "Prices": [], "Complete": True}
        return {"Lease": "HELD", **passed_on, "InstancesDue": False}
    if name == "FindShortfalls":
        branches = [branch(*TARGETS), branch(OTHER, rounds=2)]
        return {
            "Branches": branches,
            "Observed": [],
            "Rejected": [],
            "Next": True,
            "Failures": 0,
            "Left": False,
            "Instances": None,
        }
    if name == "ReserveCapacity":
        return {"Status": "FULFILLED", "Reserved": 3, "Calls": 1 + payload["Target"]["Outcome"].get("Calls", 0)}
    if name == "RecordResults":
        return {
            "Changes": [],
            "Announcements": [{"NextRun": True, "Failures": 0}, {"Id": 1, "Subject": "s", "Message": "m"}],
        }
    if name == "StartExecution":
        return {"ExecutionArn": "arn", "StartDate": "2026-11-26T00:00:00.000Z"}
    return {"User": "odcr"} if name == "PrepareDatabase" else {"MessageId": "1"}


def told(status: str) -> str:
    """The message of an error that ends an attempt."""
    return json.dumps({"Outcome": {"Status": status}})


def always(task: str, answer: Any, times: int = 10**6) -> Script:
    """The usual, but one task answers so, for the first calls of each payload."""
    return lambda name, payload, count: answer if name == task and count <= times else usual(name, payload, count)


def short(name: str, payload: Any, count: int) -> Any:
    """Each pool is dry, but for the first attempts at it, whose outcome is unknown; the quota of one is used up."""
    number = int(payload["Target"]["InstanceType"][3]) if name == "ReserveCapacity" else 0
    if number == 1:
        return failed("QuotaExceeded", told("QUOTA_EXCEEDED"))
    if number and payload["Attempt"] < number:
        return failed("OutcomeUnknown", told("FAILED"))
    return {"Status": "SHORT"} if number else usual(name, payload, count)


def unforeseen(name: str, payload: Any, count: int) -> Any:
    """The second round ends without an outcome; the first one's is kept."""
    if name == "ReserveCapacity" and payload["Target"]["Outcome"]:
        return failed("Runtime.ExitError")
    return usual(name, payload, count)


NOTHING_SHORT = {
    "Branches": [],
    "Observed": [],
    "Rejected": [],
    "Next": False,
    "Failures": 0,
    "Left": False,
    "Instances": None,
}
BUSY = {"Lease": "BUSY", "Targets": [], "Rejected": [], "Prices": [], "Complete": True, "InstancesDue": False}
SCRIPTS: dict[str, Script] = {
    "all goes well": usual,
    "nothing is short": always("FindShortfalls", NOTHING_SHORT),
    "nothing is to be told": always("RecordResults", {"Changes": [], "Announcements": []}),
    "the pools are dry": short,
    "a round dies": unforeseen,
    "a login is refused once": always("LoadTargets", failed("LoginRefused"), 1),
    "a login stays refused": always("LoadTargets", failed("LoginRefused")),
    "the database is down": always("LoadTargets", failed("DatabaseUnavailable")),
    "the database is down for a moment": always("LoadTargets", failed("DatabaseUnavailable"), 1),
    "Lambda throttles": always("FindShortfalls", TaskFailed("Lambda.TooManyRequestsException", "slow down")),
    "an outcome is unknown": always("ReserveCapacity", failed("OutcomeUnknown", told("FAILED")), 2),
    "an error that nobody lists": always("ReserveCapacity", failed("Runtime.OutOfMemory")),
    "an answer too large": always("FindShortfalls", {**NOTHING_SHORT, "Observed": ["x" * 300_000]}),
    "nothing is recorded": always("RecordResults", failed("LeaseLost")),
    "another run is at work": always("LoadTargets", BUSY),
    "SNS refuses for a moment": always("Publish", TaskFailed("SNS.ThrottledException", "slow down"), 2),
    "the next run cannot be started for a moment": always("StartExecution", TaskFailed(NOT_STARTED, "slow down"), 2),
    "another one that failed was quicker": lambda name, payload, count: (
        failed("DatabaseUnavailable")
        if name == "LoadTargets"
        else TaskFailed("StepFunctions.ExecutionAlreadyExistsException", "it is there")
        if name == "StartExecution"
        else usual(name, payload, count)
    ),
    "no run can be started": lambda name, payload, count: (
        failed("DatabaseUnavailable")
        if name == "LoadTargets"
        else TaskFailed(NOT_STARTED, "slow down")
        if name == "StartExecution"
        else usual(name, payload, count)
    ),
}
INPUTS = {
    "by a person": {},
    "by the schedule or a run": {"Failures": 0},
    "after failures": {"Failures": 59},
    "often": {"Failures": 60},
}


@pytest.mark.parametrize("given", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_stepper_and_moto_make_the_same_calls_with_the_same_result(script: Script, given: Any) -> None:
    played, execution = stepped(script, given)
    expected = interpreted(script, execution)
    calls, status, output, failure = expected
    assert played[0] == calls
    assert (played[1], played[2]) == (status, output)
    if failure and failure[0].startswith("States."):
        # The words are each one's own.
        failure = (failure[0], played[3][1] if played[3] else "")
    if failure and failure[0] != "States.Runtime":
        assert played[3] == failure


def machine(definition: dict[str, Any], work: Callable[[Any], Any]) -> StateMachine:
    return StateMachine(definition, "arn:aws:states:eu-west-1:1:stateMachine:one", {"work": work}, StoppedClock())


def a_map(at_once: int, retry: dict[str, Any] | None = None, **machine_fields: Any) -> dict[str, Any]:
    """Three items, whose task gets the item and the number of the attempt."""
    task = {
        "Type": "Task",
        "Resource": "work",
        "Parameters": {"Item.$": "$", "Attempt.$": "$$.State.RetryCount"},
        "Retry": [{"ErrorEquals": ["Again"], **(retry or {})}],
        "End": True,
    }
    processor = {"StartAt": "Work", "States": {"Work": task}}
    items = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": at_once, "End": True}
    return {"StartAt": "Items", "States": {"Items": items}, **machine_fields}


def test_items_of_a_map_step_in_any_order_within_its_concurrency() -> None:
    asked: list[str] = []

    def work(payload: Any) -> Any:
        asked.append(payload["Item"])
        return payload["Item"].upper()

    run = machine(a_map(2), work).start("run-1", ["a", "b", "c"])
    assert [branch.input for branch in run.ready] == ["a", "b"]
    run.step(1)
    assert [branch.input for branch in run.ready] == ["a", "c"]
    run.step(1)
    run.step()
    assert (asked, run.status, run.output) == (["b", "c", "a"], Status.SUCCEEDED, ["A", "B", "C"])


def test_items_wait_at_the_same_time() -> None:
    def work(payload: Any) -> Any:
        if payload["Attempt"] == 0:
            raise TaskFailed("Again", "")
        return payload["Attempt"]

    played = machine(a_map(0, {"IntervalSeconds": 10}), work)
    run = played.start("run-1", ["a", "b", "c"]).run()
    assert (run.output, played.clock.now() - run.started) == ([1, 1, 1], 10)


def test_timed_out_execution_makes_no_further_attempt() -> None:
    def work(_payload: Any) -> Any:
        raise TaskFailed("Again", "")

    played = machine(a_map(0, {"IntervalSeconds": 40, "MaxAttempts": 9, "BackoffRate": 1}, TimeoutSeconds=100), work)
    run = played.start("run-1", ["a"]).run()
    assert (run.status, run.stopped) == (Status.TIMED_OUT, run.started + 100)


def test_task_outlives_an_aborted_execution_without_changing_it() -> None:
    done: list[str] = []

    def work(_payload: Any) -> Any:
        run.abort()
        done.append("worked")

    played = machine(a_map(0), work)
    run = played.start("run-1", ["a", "b"])
    run.step()
    assert (done, run.status, run.ready) == (["worked"], Status.ABORTED, [])


def test_unsupported_definition_is_refused() -> None:
    definition = {"StartAt": "Two", "States": {"Two": {"Type": "Parallel", "Branches": [], "End": True}}}
    with pytest.raises(NotImplementedError, match="Parallel"):
        machine(definition, print).start("run-1")
