"""What each type of event in a history means.

The types are those of botocore's model (HistoryEventType); a test compares.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from enum import StrEnum
from typing import Any


class Meaning(StrEnum):
    """The meaning of an event for a state, an item or the execution."""

    STATE_ENTERED = "state entered"
    STATE_EXITED = "state exited"
    STATE_ABORTED = "state aborted"
    STATE_EVALUATION_FAILED = "evaluation failed"
    ATTEMPT_STARTED = "attempt started"
    ATTEMPT_SUCCEEDED = "attempt succeeded"
    ATTEMPT_FAILED = "attempt failed"
    ITEM_STARTED = "item started"
    ITEM_SUCCEEDED = "item succeeded"
    ITEM_FAILED = "item failed"
    ITEM_ABORTED = "item aborted"
    MAP_RUN_STARTED = "map run started"
    EXECUTION_STARTED = "execution started"
    EXECUTION_SUCCEEDED = "execution succeeded"
    EXECUTION_ENDED = "execution failed"
    EXECUTION_REDRIVEN = "execution redriven"
    NO_EFFECT = "passing"
    """It adds nothing to the events before and after it."""


MEANINGS: dict[str, Meaning] = {
    **{f"{kind}StateEntered": Meaning.STATE_ENTERED for kind in ("Choice", "Fail", "Map", "Parallel", "Pass")},
    **{f"{kind}StateEntered": Meaning.STATE_ENTERED for kind in ("Succeed", "Task", "Wait")},
    **{f"{kind}StateExited": Meaning.STATE_EXITED for kind in ("Choice", "Map", "Parallel", "Pass")},
    **{f"{kind}StateExited": Meaning.STATE_EXITED for kind in ("Succeed", "Task", "Wait")},
    **{f"{kind}StateAborted": Meaning.STATE_ABORTED for kind in ("Map", "Parallel", "Task", "Wait")},
    "EvaluationFailed": Meaning.STATE_EVALUATION_FAILED,
    # A Task: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
    "LambdaFunctionScheduled": Meaning.ATTEMPT_STARTED,
    "LambdaFunctionScheduleFailed": Meaning.ATTEMPT_FAILED,
    "LambdaFunctionStarted": Meaning.NO_EFFECT,
    "LambdaFunctionStartFailed": Meaning.ATTEMPT_FAILED,
    "LambdaFunctionSucceeded": Meaning.ATTEMPT_SUCCEEDED,
    "LambdaFunctionFailed": Meaning.ATTEMPT_FAILED,
    "LambdaFunctionTimedOut": Meaning.ATTEMPT_FAILED,
    "TaskScheduled": Meaning.ATTEMPT_STARTED,
    "TaskStarted": Meaning.NO_EFFECT,
    "TaskStartFailed": Meaning.ATTEMPT_FAILED,
    "TaskSubmitted": Meaning.NO_EFFECT,
    "TaskSubmitFailed": Meaning.ATTEMPT_FAILED,
    "TaskSucceeded": Meaning.ATTEMPT_SUCCEEDED,
    "TaskFailed": Meaning.ATTEMPT_FAILED,
    "TaskTimedOut": Meaning.ATTEMPT_FAILED,
    "ActivityScheduled": Meaning.ATTEMPT_STARTED,
    "ActivityScheduleFailed": Meaning.ATTEMPT_FAILED,
    "ActivityStarted": Meaning.NO_EFFECT,
    "ActivitySucceeded": Meaning.ATTEMPT_SUCCEEDED,
    "ActivityFailed": Meaning.ATTEMPT_FAILED,
    "ActivityTimedOut": Meaning.ATTEMPT_FAILED,
    "ParallelStateStarted": Meaning.ATTEMPT_STARTED,
    "ParallelStateSucceeded": Meaning.ATTEMPT_SUCCEEDED,
    "ParallelStateFailed": Meaning.ATTEMPT_FAILED,
    "MapStateStarted": Meaning.ATTEMPT_STARTED,
    "MapStateSucceeded": Meaning.ATTEMPT_SUCCEEDED,
    "MapStateFailed": Meaning.ATTEMPT_FAILED,
    "MapIterationStarted": Meaning.ITEM_STARTED,
    "MapIterationSucceeded": Meaning.ITEM_SUCCEEDED,
    "MapIterationFailed": Meaning.ITEM_FAILED,
    "MapIterationAborted": Meaning.ITEM_ABORTED,
    # The items of a distributed Map are executions of their own:
    # https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    "MapRunStarted": Meaning.MAP_RUN_STARTED,
    "MapRunRedriven": Meaning.MAP_RUN_STARTED,
    "MapRunSucceeded": Meaning.ATTEMPT_SUCCEEDED,
    "MapRunFailed": Meaning.ATTEMPT_FAILED,
    "MapRunAborted": Meaning.STATE_ABORTED,
    "ExecutionStarted": Meaning.EXECUTION_STARTED,
    "ExecutionSucceeded": Meaning.EXECUTION_SUCCEEDED,
    "ExecutionFailed": Meaning.EXECUTION_ENDED,
    "ExecutionTimedOut": Meaning.EXECUTION_ENDED,
    "ExecutionAborted": Meaning.EXECUTION_ENDED,
    "ExecutionRedriven": Meaning.EXECUTION_REDRIVEN,
}


def state_kind_of(event_type: str) -> str:
    """The type of the state that an event is about; empty if the event does not say."""
    for kind in ("Map", "Parallel", "Task", "Wait", "Choice", "Pass", "Succeed", "Fail"):
        if event_type.startswith(f"{kind}State"):
            return kind
    return "Map" if event_type.startswith(("MapIteration", "MapRun")) else ""


def details_of_event(event: dict[str, Any]) -> dict[str, Any]:
    """The event's details, whichever member holds them."""
    for name, value in event.items():
        if name.endswith("EventDetails"):
            return value if isinstance(value, dict) else {}
    return {}
