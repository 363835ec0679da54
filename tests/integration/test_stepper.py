"""The stepper behaves like moto's independent interpreter of the States Language."""

import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from localcloud.clock import Clock
from stepper.branch import TaskFailed, iso
from stepper.definition import Template
from stepper.execution import Execution, StateMachine, Status
from tests import paths
from tests.moto_interpreter import evaluate, interpreter

TEMPLATE = Template(paths.TEMPLATE)
START = "arn:aws:states:::states:startExecution"
FUNCTIONS = {function.arn: function.name for function in TEMPLATE.functions()}
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
"""The answer of a task, by its name, its payload and how often it got this payload; a TaskFailed is raised."""
Result = tuple[list[tuple[str, str]], Status, Any, tuple[str, str] | None]
"""The calls, sorted, as the items of a Map run side by side; the status, the output and the error."""


EPOCH = 1.8e9
MINUTE = re.compile(r"after-failure-\d{4}-\d\d-\d\dT\d\d-\d\d")
DATE = re.compile(r"2027-01-15T\d\d:\d\d:\d\d\.\d{3}Z")


class StoppedClock:
    """Time that passes only in waits."""

    def __init__(self) -> None:
        self._now = EPOCH

    def now(self) -> float:
        return self._now

    def wait_until(self, moment: float) -> None:
        self._now = max(self._now, moment)


@dataclass(frozen=True)
class WaitedClock(Clock):
    """The local cloud's clock, whose time passes only in waits; a wait takes no real time."""

    _waited: list[float] = field(default_factory=list)
    # In a list, since a Clock does not change.

    def date(self) -> float:
        return EPOCH + sum(self._waited)

    def wall_seconds(self, cloud_seconds: float) -> float:
        self._waited.append(cloud_seconds)
        return 0.0


class Recorder:
    """Answers as a script says, and notes the calls."""

    def __init__(self, script: Script) -> None:
        self._script, self._lock = script, threading.Lock()
        self.calls: list[tuple[str, str]] = []
        self._counted: Counter[tuple[str, str]] = Counter()

    def ask(self, name: str, payload: Any) -> Any:
        if "EnteredAt" in payload:
            # Items wait side by side in the stepper, and one after the other in moto.
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


def play_in_stepper(script: Script, execution_input: Any) -> tuple[Result, Execution]:
    """Plays a script in the stepper."""
    recorder = Recorder(script)
    tasks: dict[str, Callable[[Any], Any]] = {
        arn: lambda payload, name=name: recorder.ask(name, payload)  # type: ignore[misc]
        for arn, name in FUNCTIONS.items()
    }
    tasks["arn:aws:states:::sns:publish"] = lambda payload: recorder.ask("Publish", payload)
    tasks[START] = lambda payload: recorder.ask("StartExecution", payload)
    machine = StateMachine(TEMPLATE.definition(), TEMPLATE.machine_arn, tasks, StoppedClock())
    run = machine.start("run-1", execution_input).run()
    failure = (run.failure.error, run.failure.cause) if run.failure else None
    return (sorted(recorder.calls), run.status, run.output, failure), run


def play_in_moto(script: Script, execution: Execution) -> Result:
    """Plays a script in moto's interpreter, as an execution with the same name and the same start."""
    recorder = Recorder(script)
    context = {**execution.context, "Execution": {**execution.context["Execution"], "RoleArn": "role"}}
    environment = evaluate(TEMPLATE.definition(), context, Client(recorder))
    ended = environment.program_state()
    if isinstance(ended, ProgramError):
        error: Any = ended.error
        return sorted(recorder.calls), Status.FAILED, None, (error.get("error"), error.get("cause"))
    return sorted(recorder.calls), Status.SUCCEEDED, environment.states.get_input(), None


@pytest.fixture(autouse=True)
def _interpreter() -> Iterator[None]:
    with interpreter(WaitedClock()):
        yield


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
    """A run in which everything goes well; it has an announcement to send, and a next run to start."""
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


def error_message(status: str) -> str:
    """The message of the error that ends an attempt with this status."""
    return json.dumps({"Outcome": {"Status": status}})


def always(task: str, answer: Any, times: int = 10**6) -> Script:
    """As usual, but one task gives this answer to the first calls with each payload."""
    return lambda name, payload, count: answer if name == task and count <= times else usual(name, payload, count)


def short(name: str, payload: Any, count: int) -> Any:
    """All pools are dry once the outcome is known, which takes some attempts; one pool's quota is used up."""
    number = int(payload["Target"]["InstanceType"][3]) if name == "ReserveCapacity" else 0
    if number == 1:
        return failed("QuotaExceeded", error_message("QUOTA_EXCEEDED"))
    if number and payload["Attempt"] < number:
        return failed("OutcomeUnknown", error_message("FAILED"))
    return {"Status": "SHORT"} if number else usual(name, payload, count)


def unforeseen(name: str, payload: Any, count: int) -> Any:
    """The second round ends without an outcome, so that of the first round is kept."""
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
    "nothing to announce": always("RecordResults", {"Changes": [], "Announcements": []}),
    "the pools are dry": short,
    "a round dies": unforeseen,
    "a login is refused once": always("LoadTargets", failed("LoginRefused"), 1),
    "a login stays refused": always("LoadTargets", failed("LoginRefused")),
    "the database is down": always("LoadTargets", failed("DatabaseUnavailable")),
    "the database is down for a moment": always("LoadTargets", failed("DatabaseUnavailable"), 1),
    "Lambda throttles": always("FindShortfalls", TaskFailed("Lambda.TooManyRequestsException", "slow down")),
    "an outcome is unknown": always("ReserveCapacity", failed("OutcomeUnknown", error_message("FAILED")), 2),
    "an unlisted error": always("ReserveCapacity", failed("Runtime.OutOfMemory")),
    "an answer too large": always("FindShortfalls", {**NOTHING_SHORT, "Observed": ["x" * 300_000]}),
    "nothing is recorded": always("RecordResults", failed("LeaseLost")),
    "another run is at work": always("LoadTargets", BUSY),
    "SNS refuses for a moment": always("Publish", TaskFailed("SNS.ThrottledException", "slow down"), 2),
    "the next run cannot be started for a moment": always("StartExecution", TaskFailed(NOT_STARTED, "slow down"), 2),
    "another failed run has started the next one": lambda name, payload, count: (
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


@pytest.mark.parametrize("execution_input", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_stepper_and_moto_make_the_same_calls_with_the_same_result(script: Script, execution_input: Any) -> None:
    stepped, execution = play_in_stepper(script, execution_input)
    calls, status, output, failure = play_in_moto(script, execution)
    assert stepped[0] == calls
    assert (stepped[1], stepped[2]) == (status, output)
    if failure and failure[0].startswith("States."):
        # Each words it in its own way.
        failure = (failure[0], stepped[3][1] if stepped[3] else "")
    if failure and failure[0] != "States.Runtime":
        assert stepped[3] == failure
