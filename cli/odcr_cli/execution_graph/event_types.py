"""What each type of event in a history says.

The types are those of botocore's model (HistoryEventType); a test compares.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from enum import StrEnum
from typing import Any


class Sense(StrEnum):
    """What an event means for the state, the item or the execution that it is about."""

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
    PASSING = "passing"
    """Says nothing that the events before and after it do not."""


SENSES: dict[str, Sense] = {
    **{f"{kind}StateEntered": Sense.STATE_ENTERED for kind in ("Choice", "Fail", "Map", "Parallel", "Pass")},
    **{f"{kind}StateEntered": Sense.STATE_ENTERED for kind in ("Succeed", "Task", "Wait")},
    **{f"{kind}StateExited": Sense.STATE_EXITED for kind in ("Choice", "Map", "Parallel", "Pass")},
    **{f"{kind}StateExited": Sense.STATE_EXITED for kind in ("Succeed", "Task", "Wait")},
    **{f"{kind}StateAborted": Sense.STATE_ABORTED for kind in ("Map", "Parallel", "Task", "Wait")},
    "EvaluationFailed": Sense.STATE_EVALUATION_FAILED,
    # A Task: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
    "LambdaFunctionScheduled": Sense.ATTEMPT_STARTED,
    "LambdaFunctionScheduleFailed": Sense.ATTEMPT_FAILED,
    "LambdaFunctionStarted": Sense.PASSING,
    "LambdaFunctionStartFailed": Sense.ATTEMPT_FAILED,
    "LambdaFunctionSucceeded": Sense.ATTEMPT_SUCCEEDED,
    "LambdaFunctionFailed": Sense.ATTEMPT_FAILED,
    "LambdaFunctionTimedOut": Sense.ATTEMPT_FAILED,
    "TaskScheduled": Sense.ATTEMPT_STARTED,
    "TaskStarted": Sense.PASSING,
    "TaskStartFailed": Sense.ATTEMPT_FAILED,
    "TaskSubmitted": Sense.PASSING,
    "TaskSubmitFailed": Sense.ATTEMPT_FAILED,
    "TaskSucceeded": Sense.ATTEMPT_SUCCEEDED,
    "TaskFailed": Sense.ATTEMPT_FAILED,
    "TaskTimedOut": Sense.ATTEMPT_FAILED,
    "ActivityScheduled": Sense.ATTEMPT_STARTED,
    "ActivityScheduleFailed": Sense.ATTEMPT_FAILED,
    "ActivityStarted": Sense.PASSING,
    "ActivitySucceeded": Sense.ATTEMPT_SUCCEEDED,
    "ActivityFailed": Sense.ATTEMPT_FAILED,
    "ActivityTimedOut": Sense.ATTEMPT_FAILED,
    "ParallelStateStarted": Sense.ATTEMPT_STARTED,
    "ParallelStateSucceeded": Sense.ATTEMPT_SUCCEEDED,
    "ParallelStateFailed": Sense.ATTEMPT_FAILED,
    "MapStateStarted": Sense.ATTEMPT_STARTED,
    "MapStateSucceeded": Sense.ATTEMPT_SUCCEEDED,
    "MapStateFailed": Sense.ATTEMPT_FAILED,
    "MapIterationStarted": Sense.ITEM_STARTED,
    "MapIterationSucceeded": Sense.ITEM_SUCCEEDED,
    "MapIterationFailed": Sense.ITEM_FAILED,
    "MapIterationAborted": Sense.ITEM_ABORTED,
    # The items of a distributed Map are executions of their own:
    # https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    "MapRunStarted": Sense.MAP_RUN_STARTED,
    "MapRunRedriven": Sense.MAP_RUN_STARTED,
    "MapRunSucceeded": Sense.ATTEMPT_SUCCEEDED,
    "MapRunFailed": Sense.ATTEMPT_FAILED,
    "MapRunAborted": Sense.STATE_ABORTED,
    "ExecutionStarted": Sense.EXECUTION_STARTED,
    "ExecutionSucceeded": Sense.EXECUTION_SUCCEEDED,
    "ExecutionFailed": Sense.EXECUTION_ENDED,
    "ExecutionTimedOut": Sense.EXECUTION_ENDED,
    "ExecutionAborted": Sense.EXECUTION_ENDED,
    "ExecutionRedriven": Sense.EXECUTION_REDRIVEN,
}


def kind_of(event_type: str) -> str:
    """The type of the state that an event is about, "" if it does not say."""
    for kind in ("Map", "Parallel", "Task", "Wait", "Choice", "Pass", "Succeed", "Fail"):
        if event_type.startswith(f"{kind}State"):
            return kind
    return "Map" if event_type.startswith(("MapIteration", "MapRun")) else ""


def details_of_event(event: dict[str, Any]) -> dict[str, Any]:
    """The one member of the event that says more, whichever it is."""
    for name, value in event.items():
        if name.endswith("EventDetails"):
            return value if isinstance(value, dict) else {}
    return {}
