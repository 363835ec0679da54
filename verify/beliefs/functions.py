"""What Step Functions and Lambda report when a function fails, and how long a cold start takes."""

import base64
import json
import re
import time
from collections.abc import Callable

from odcr_cli.checks.inputs import CheckInputs
from odcr_cli.checks.rights import Case, cases, denial, role_of
from odcr_cli.source import LiveSource
from verify.belief import Belief, Seen, as_assumed, compared, differs
from verify.probe import outputs
from verify.subject import Subject

_INIT = re.compile(r"Init Duration: ([\d.]+) ms")
COLD_START_MS = 3000
"""A run asks for two minutes; such a start leaves an attempt most of it."""


def _probed(do: str, expected: frozenset[str]) -> Callable[[Subject], Seen]:
    def ask(subject: Subject) -> Seen:
        error = probe(subject, do)
        return compared(error or "nothing went wrong", is_so=error in expected)

    return ask


def probe(subject: Subject, do: str) -> str:
    """The error that the probe's state machine catches when the function fails so; empty if none."""
    states = subject.client("stepfunctions")
    arn = states.start_execution(
        stateMachineArn=outputs(subject)["MachineArn"], name=f"{do}-{time.time_ns()}", input=json.dumps({"Do": do})
    )["executionArn"]
    ended = subject.ended(arn, 120)
    return str(json.loads(ended.get("output") or "{}").get("Error", ""))


def throttled(subject: Subject) -> Seen:
    """Runs the probe with a reserved concurrency of 0: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""
    name, client = outputs(subject)["FunctionName"], subject.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        time.sleep(5)
        error = probe(subject, "nothing")
    finally:
        client.delete_function_concurrency(FunctionName=name)
    return compared(error or "nothing went wrong", is_so=error == "Lambda.TooManyRequestsException")


def cold_start(subject: Subject) -> Seen:
    """Starts ManageTargets, which has the most packages, with a new configuration each time."""
    client, name = subject.client("lambda"), f"{subject.name}-ManageTargets"
    times = []
    for attempt in range(3):
        client.update_function_configuration(FunctionName=name, Description=f"Cold start {attempt}")
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        answer = client.invoke(FunctionName=name, LogType="Tail", Payload=b'{"Read": "odcr_version"}')
        match = _INIT.search(base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))
        if match:
            times.append(float(match[1]))
    if not times:
        return differs("the REPORT line has no Init Duration")
    architecture = client.get_function_configuration(FunctionName=name)["Architectures"][0]
    text = f"{', '.join(f'{one:.0f}' for one in times)} ms on {architecture}"
    return compared(text, is_so=max(times) < COLD_START_MS)


def role_conditions(subject: Subject) -> Seen:
    """Simulates ReserveCapacity's role: allowed with the stack's tag, denied without it or with another stack's."""
    inputs = CheckInputs(subject.account, LiveSource(subject.account))
    role = role_of(inputs, f"{subject.name}-ReserveCapacity")
    owner, wrong = inputs.source.stack.owner, []
    for case in cases(owner):
        if denial(inputs, role, case, subject.region):
            wrong.append(f"it may not {case.action}")
        others: tuple[dict[str, str], ...] = ({}, {key: f"other-{value}" for key, value in case.context.items()})
        wrong += [
            f"it may {case.action} with {context or 'no tag'}"
            for context in others
            if not denial(inputs, role, Case(case.action, context), subject.region)
        ]
    return differs("; ".join(wrong)) if wrong else as_assumed("allowed with the stack's tag, and not otherwise")


_ERRORS = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"
_RETRIES = (
    "The lists of Retry in statemachine/acquire_capacity.asl.json; all end with States.ALL, which has to cover it."
)

BELIEFS = (
    Belief(
        "function killed",
        "A function whose process dies ends as Runtime.ExitError or Lambda.Unknown.",
        _ERRORS,
        _RETRIES,
        _probed("die", frozenset({"Runtime.ExitError", "Lambda.Unknown"})),
    ),
    Belief(
        "function timed out",
        "A function that exceeds its time ends as Sandbox.Timedout or Lambda.Unknown.",
        _ERRORS,
        _RETRIES,
        _probed("sleep", frozenset({"Sandbox.Timedout", "Lambda.Unknown"})),
    ),
    Belief(
        "function out of memory",
        "A function that exceeds its memory ends as Runtime.OutOfMemory, Runtime.ExitError or Lambda.Unknown.",
        _ERRORS,
        _RETRIES,
        _probed("grow", frozenset({"Runtime.OutOfMemory", "Runtime.ExitError", "Lambda.Unknown"})),
        local=False,
    ),
    Belief(
        "function throttled",
        "A function with no concurrency left ends as Lambda.TooManyRequestsException.",
        _ERRORS,
        _RETRIES,
        throttled,
        local=False,
    ),
    Belief(
        "cold start",
        f"A function's cold start takes less than {COLD_START_MS} ms.",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
        "MemorySize in template.yaml; docs/explanation/cost.md counts what a start costs.",
        cold_start,
        local=False,
    ),
    Belief(
        "role's conditions",
        "ReserveCapacity's role may make and change reservations with the stack's tag, and no others.",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",
        "The statements of ReserveCapacity in template.yaml, and tests/unit/project/rights.py.",
        role_conditions,
        local=False,
    ),
)
