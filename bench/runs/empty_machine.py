"""The deployed state machine with empty functions, which answer at once what the real ones answered in an execution.

It goes through the same states with the same data and the same repeats, so all the time that it takes is the engine's.
"""

import inspect
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localcloud.lambda_runtime.runtime import CONCURRENCY
from localcloud.stack import Stack

Answers = dict[str, dict[str, Any]]
"""What a function answered, by `key_of` its event: `{"output"}`, or `{"error", "message"}`."""

NO_TARGET = "None None None"
"""The key of an event that names no target."""

_WARM_SECONDS = 60.0
"""How long each environment is kept busy, in the cloud's time, so that others start beside it."""

_SOURCE = """
import json, time
from pathlib import Path

ANSWERS = json.loads(Path(__file__).with_name("answers.json").read_text())


def handler(event, context):
    if "Warm" in event:
        time.sleep(event["Warm"])
        return None
    answer = ANSWERS[key_of(event)]
    if "error" in answer:
        raise type(answer["error"], (Exception,), {})(answer["message"])
    return answer["output"]
"""


def key_of(event: dict[str, Any]) -> str:
    """The target and the attempt that an event is for."""
    target = event.get("Target", {})
    return f"{target.get('InstanceType')} {target.get('AvailabilityZone')} {event.get('Attempt')}"


def answers(history: Iterable[Mapping[str, Any]]) -> dict[str, Answers]:
    """What the functions answered in an execution, by their ARNs."""
    by_id = {event["id"]: event for event in history}
    by_function: dict[str, Answers] = defaultdict(dict)
    for event in by_id.values():
        if event["type"] == "LambdaFunctionSucceeded":
            output = event["lambdaFunctionSucceededEventDetails"].get("output")
            answer = {"output": json.loads(output) if output else None}
        elif event["type"] == "LambdaFunctionFailed":
            failed = event["lambdaFunctionFailedEventDetails"]
            answer = {"error": failed["error"], "message": json.loads(failed["cause"])["errorMessage"]}
        else:
            continue
        while event["type"] != "LambdaFunctionScheduled":
            event = by_id[event["previousEventId"]]
        scheduled = event["lambdaFunctionScheduledEventDetails"]
        key = key_of(json.loads(scheduled.get("input") or "{}"))
        by_function[scheduled["resource"]][key] = answer
    return dict(by_function)


class EmptyMachine:
    """A second state machine beside the stack's own, with its definition and its rights."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lambda = stack.client("lambda")
        machine = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.outputs["StateMachineArn"])
        definition: str = machine["definition"]
        self._functions: dict[str, str] = {}
        for function in self._lambda.list_functions()["Functions"]:
            arn = function["FunctionArn"]
            if f'"{arn}"' in definition:
                created = self._lambda.create_function(
                    FunctionName=f"empty-{function['FunctionName']}",
                    Runtime=function["Runtime"],
                    Role=function["Role"],
                    Handler="empty.handler",
                    Timeout=function["Timeout"],
                    Code={"ZipFile": packed({})},
                )
                self._functions[arn] = created["FunctionName"]
                definition = definition.replace(f'"{arn}"', f'"{created["FunctionArn"]}"')
        self._arn = stack.client("stepfunctions").create_state_machine(
            name=f"empty-{stack.name}", definition=definition, roleArn=machine["roleArn"]
        )["stateMachineArn"]

    def answer(self, recorded: Mapping[str, Answers]) -> None:
        """Makes the functions answer like that from now on, and starts their environments.

        Raises:
            ValueError: a function that the definition does not name.
        """
        if unknown := recorded.keys() - self._functions.keys():
            raise ValueError(f"The definition does not name {', '.join(sorted(unknown))}")
        for arn, answers_of_one in recorded.items():
            name = self._functions[arn]
            self._lambda.update_function_code(FunctionName=name, ZipFile=packed(answers_of_one))
            # As many environments as the real function had, or more, as far as the local cloud goes.
            many = min(CONCURRENCY, len(answers_of_one))
            with ThreadPoolExecutor(many) as starters:
                list(starters.map(self._start, [name] * many, [_WARM_SECONDS if many > 1 else 0] * many))

    def start(self) -> str:
        """Starts an execution; its ARN."""
        return str(self._stack.client("stepfunctions").start_execution(stateMachineArn=self._arn)["executionArn"])

    def _start(self, name: str, seconds: float) -> None:
        self._lambda.invoke(FunctionName=name, Payload=json.dumps({"Warm": seconds}))


def packed(answers_by_key: Answers) -> bytes:
    """The code of an empty function that gives these answers, as a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("empty.py", _SOURCE + "\n\nfrom typing import Any\n\n" + inspect.getsource(key_of))
        archive.writestr("answers.json", json.dumps(answers_by_key))
    return content.getvalue()
