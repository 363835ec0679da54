"""Executions to draw: three after AWS's sample state machines, and a run of this project."""

import json
from collections import Counter
from typing import Any

from stepper.definition import Template
from tests.moto_interpreter import FUNCTION, PlayedExecution, Raised, play
from tests.paths import TEMPLATE


def _task(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION + name, **more}


# After https://docs.aws.amazon.com/step-functions/latest/dg/sample-project-job-poller.html
JOB_POLLER: dict[str, Any] = {
    "StartAt": "Submit Job",
    "States": {
        "Submit Job": _task("SubmitJob", ResultPath="$.guid", Next="Wait X Seconds"),
        "Wait X Seconds": {"Type": "Wait", "SecondsPath": "$.wait_time", "Next": "Get Job Status"},
        "Get Job Status": _task("CheckJob", ResultPath="$.status", Next="Job Complete?"),
        "Job Complete?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.status", "StringEquals": "FAILED", "Next": "Job Failed"},
                {"Variable": "$.status", "StringEquals": "SUCCEEDED", "Next": "Get Final Job Status"},
            ],
            "Default": "Wait X Seconds",
        },
        "Job Failed": {"Type": "Fail", "Error": "DescribeJob returned FAILED", "Cause": "AWS Batch Job Failed"},
        "Get Final Job Status": _task("CheckJob", End=True),
    },
}

# After https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
CUSTOMER: dict[str, Any] = {
    "StartAt": "LookupCustomerInfo",
    "States": {
        "LookupCustomerInfo": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "LookupAddress", "States": {"LookupAddress": _task("Address", End=True)}},
                {
                    "StartAt": "LookupPhone",
                    "States": {
                        "LookupPhone": _task("Phone", Next="FormatPhone"),
                        "FormatPhone": {"Type": "Pass", "End": True},
                    },
                },
            ],
            "Catch": [{"ErrorEquals": ["NoPhone"], "ResultPath": "$.error", "Next": "AskCustomer"}],
            "Next": "Greet",
        },
        "AskCustomer": {"Type": "Pass", "Next": "Greet"},
        "Greet": {"Type": "Succeed"},
    },
}

# After https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html, one Map in the other, with the older
# name of ItemProcessor inside, and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
ORDERS: dict[str, Any] = {
    "StartAt": "Each Order",
    "States": {
        "Each Order": {
            "Type": "Map",
            "ItemsPath": "$.orders",
            "MaxConcurrency": 2,
            "ItemProcessor": {
                "StartAt": "Each Item",
                "States": {
                    "Each Item": {
                        "Type": "Map",
                        "ItemsPath": "$.items",
                        "MaxConcurrency": 1,
                        "Iterator": {
                            "StartAt": "Ship",
                            "States": {
                                "Ship": _task(
                                    "Ship",
                                    Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 2}],
                                    End=True,
                                )
                            },
                        },
                        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Refund"}],
                        "Next": "Order Shipped",
                    },
                    "Order Shipped": {"Type": "Succeed"},
                    "Refund": _task("Refund", End=True),
                },
            },
            "End": True,
        }
    },
}


def job_poller() -> PlayedExecution:
    """The third CheckJob finds the job done."""
    looks = Counter[str]()

    def answer(name: str, _payload: Any, _times: int) -> Any:
        looks[name] += 1
        return "guid" if name == "SubmitJob" else "SUCCEEDED" if looks[name] >= 3 else "RUNNING"

    return play(JOB_POLLER, answer, {"wait_time": 30})


def customer() -> PlayedExecution:
    """The customer has no phone."""
    return play(CUSTOMER, lambda name, *_: Raised("NoPhone", "no number") if name == "Phone" else name, {"id": 7})


def orders() -> PlayedExecution:
    """Three orders: an item of the first ships at the second attempt; the middle item of the second cannot ship."""

    def answer(name: str, payload: Any, times: int) -> Any:
        if name == "Ship" and payload == "cup" and times == 1:
            return Raised("Busy", "try again")
        if name == "Ship" and payload == "piano":
            return Raised("TooHeavy", "a piano does not fit")
        return {"done": True}

    orders = [["pen", "cup"], ["hat", "piano", "fan"], ["key"]]
    return play(ORDERS, answer, {"orders": [{"items": items} for items in orders]})


def acquiring(targets: int = 5) -> PlayedExecution:
    """A run of this project: the second target is met at the second attempt, the third fails, the fourth is refused."""
    definition = Template(TEMPLATE).definition()

    def answer(name: str, payload: Any, _times: int) -> Any:
        name = name.removeprefix("odcr-")
        if name == "LoadTargets":
            return {
                "Lease": "HELD",
                "Targets": [],
                "Rejected": [],
                "Prices": [],
                "Complete": True,
                "InstancesDue": False,
            }
        if name == "FindShortfalls":
            shortfalls = [{"InstanceType": f"m5.{number}xlarge", "Outcome": {}} for number in range(targets)]
            branch = {
                "Shortfalls": shortfalls,
                "MaxConcurrency": 4,
                "AskEvery": 0,
                "AskUntil": "2027-01-15T08:02:00.000Z",
                "PauseSeconds": 0,
                "RoundsUntil": "2027-01-15T07:00:00.000Z",
            }
            others = {"Observed": [], "Rejected": [], "Next": True, "Failures": 0, "Left": False, "Instances": None}
            return {"Branches": [branch], **others}
        if name == "ReserveCapacity":
            number = int(payload["Target"]["InstanceType"][3:].partition("x")[0])
            outcome = json.dumps({"Outcome": {"Status": "REFUSED"}})
            if number == 1 and payload["Attempt"] == 0:
                return Raised("OutcomeUnknown", outcome)
            if number == 2:
                return Raised("Runtime.OutOfMemory", "the function needs more memory")
            if number == 3:
                return Raised("QuotaExceeded", outcome)
            return {"Status": "FULFILLED", "Reserved": 3, "Calls": 1}
        return {"Changes": [], "Announcements": []}

    return play(definition, answer, {"Failures": 0})
