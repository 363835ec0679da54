"""Each type of event is understood, and the events of real executions are put in their places.

The numbers and predecessors are those of real executions, as LocalStack's tests recorded them at AWS; no document says
how the events of failing, repeated and aborted Maps and Parallels are linked.
https://github.com/localstack/localstack/tree/main/tests/aws/services/stepfunctions/v2
"""

import json
from typing import Any

import botocore.session
import pytest

from odcr_cli.execution_graph import Progress, details_of, graph_of, progress_of
from odcr_cli.execution_graph.event_types import MEANINGS, details_of_event
from odcr_cli.execution_graph.visits import Status

PASS = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
FAIL = {"Type": "Fail", "Error": "Broken", "Cause": "it broke"}
MODEL = botocore.session.get_session().get_service_model("stepfunctions")
Line = tuple[int, int, str] | tuple[int, int, str, dict[str, Any]]


def machine(**states: dict[str, Any]) -> str:
    return json.dumps({"StartAt": next(iter(states)), "States": states})


def over(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Map over that state."""
    return {"Type": "Map", "ItemProcessor": {"StartAt": "Item", "States": {"Item": inner}}, "End": True, **more}


def beside(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Parallel of one branch with that state."""
    return {"Type": "Parallel", "Branches": [{"StartAt": "Item", "States": {"Item": inner}}], "End": True, **more}


def told(definition: str, status: str, *lines: Line) -> Progress:
    """The progress of events by their id, predecessor, type and details."""
    events = []
    for number, before, kind, *details in lines:
        event: dict[str, Any] = {"id": number, "previousEventId": before, "type": kind}
        if details:
            event["anyEventDetails"] = details[0]
        events.append(event)
    return progress_of(graph_of(definition), events, status)


def statuses(progress: Progress, *paths: str) -> list[Status]:
    return [progress.summary(path).status for path in paths]


def entered(name: str) -> dict[str, Any]:
    return {"name": name}


def item(index: int, name: str = "Map") -> dict[str, Any]:
    return {"name": name, "index": index}


def test_each_type_of_botocore_s_model_is_understood() -> None:
    assert set(MEANINGS) == set(MODEL.shape_for("HistoryEventType").enum)


@pytest.mark.parametrize("name", [name for name in MODEL.shape_for("HistoryEvent").members if "EventDetails" in name])
def test_the_details_of_each_type_are_found(name: str) -> None:
    assert details_of_event({"id": 1, "type": "Any", name: {"error": "x"}}) == {"error": "x"}


def test_an_unknown_event_type_is_ignored() -> None:
    progress = told(
        machine(A=PASS),
        "SUCCEEDED",
        (1, 0, "ExecutionStarted"),
        (2, 0, "PassStateEntered", entered("A")),
        (3, 2, "SomethingNew"),
        (4, 3, "PassStateExited", entered("A")),
        (5, 4, "ExecutionSucceeded"),
    )
    assert statuses(progress, "A") == [Status.SUCCEEDED]
    assert progress.complete


def test_a_map_fails_after_the_event_that_failed_in_its_item() -> None:
    progress = told(
        machine(Map=over(FAIL)),
        "FAILED",
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered", entered("Map")),
        (3, 2, "MapStateStarted", {"length": 2}),
        (4, 3, "MapIterationStarted", item(0)),
        (5, 4, "FailStateEntered", entered("Item")),
        (6, 5, "MapIterationFailed", item(0)),
        (7, 5, "MapStateFailed"),
        (8, 7, "ExecutionFailed", {"error": "Broken", "cause": "it broke"}),
    )
    assert statuses(progress, "Map", "Map/Item") == [Status.FAILED, Status.FAILED]
    items = progress.summary("Map").items
    assert items
    assert (items.total, items.failed) == (2, 1)
    assert progress.visits["Map"][0].failure
    assert progress.visits["Map"][0].failure.error == "Broken"


@pytest.mark.parametrize("kind", ["Map", "Parallel"])
def test_a_map_or_a_parallel_is_repeated_without_a_word_of_its_failure(kind: str) -> None:
    def attempt(number: int, before: int) -> list[Line]:
        started: Line = (number, before, f"{kind}StateStarted", {"length": 1} if kind == "Map" else {})
        if kind == "Parallel":
            return [started, (number + 1, number, "FailStateEntered", entered("Item"))]
        return [
            started,
            (number + 1, number, "MapIterationStarted", item(0)),
            (number + 2, number + 1, "FailStateEntered", entered("Item")),
            (number + 3, number + 2, "MapIterationFailed", item(0)),
        ]

    lines: list[Line] = [(1, 0, "ExecutionStarted"), (2, 0, f"{kind}StateEntered", entered(kind))]
    failed = 2
    for _ in range(3):
        lines += attempt(len(lines) + 1, failed)
        failed = next(line[0] for line in reversed(lines) if line[2] == "FailStateEntered")
    number = len(lines) + 1
    lines += [(number, failed, f"{kind}StateFailed"), (number + 1, number, "ExecutionFailed", {"error": "Broken"})]
    around = over(FAIL) if kind == "Map" else beside(FAIL)
    progress = told(machine(**{kind: around}), "FAILED", *lines)
    (visit,) = progress.visits[kind]
    assert (visit.status, visit.retries) == (Status.FAILED, 2)
    assert [attempt.error for attempt in visit.attempts] == ["Broken"] * 3
    inner = "Map/Item" if kind == "Map" else "Parallel/0/Item"
    assert progress.summary(inner).entered == 3
    assert progress.summary(inner).counts == {Status.FAILED: 1}


def test_tasks_that_are_aborted_after_the_failure_of_another_one_do_not_end_that_one() -> None:
    lines: list[Line] = [
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered", entered("Map")),
        (3, 2, "MapStateStarted", {"length": 2}),
        (4, 3, "MapIterationStarted", item(0)),
        (5, 3, "MapIterationStarted", item(1)),
        (6, 4, "TaskStateEntered", entered("Item")),
        (7, 6, "TaskScheduled"),
        (8, 5, "TaskStateEntered", entered("Item")),
        (9, 8, "TaskScheduled"),
        (10, 7, "TaskTimedOut", {"error": "States.Timeout"}),
        (11, 10, "MapIterationFailed", item(0)),
        (12, 10, "TaskStateAborted"),
        (13, 10, "MapIterationAborted", item(1)),
        (14, 10, "TaskStateAborted"),
        (15, 10, "MapStateFailed"),
        (16, 15, "ExecutionFailed", {"error": "States.Timeout"}),
    ]
    progress = told(machine(Map=over(TASK)), "FAILED", *lines)
    assert [visit.status for visit in progress.visits["Map/Item"]] == [Status.FAILED, Status.ABORTED]
    (visit,) = progress.visits["Map"]
    assert [scope.status for scope in visit.items.values()] == [Status.FAILED, Status.ABORTED]


def test_a_parallel_fails_after_the_event_that_failed_in_its_branch_and_is_caught() -> None:
    progress = told(
        machine(Parallel=beside(FAIL, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "After"}]), After=PASS),
        "SUCCEEDED",
        (1, 0, "ExecutionStarted"),
        (2, 0, "ParallelStateEntered", entered("Parallel")),
        (3, 2, "ParallelStateStarted"),
        (4, 3, "FailStateEntered", entered("Item")),
        (5, 4, "ParallelStateFailed"),
        (6, 5, "ParallelStateExited", entered("Parallel")),
        (7, 6, "PassStateEntered", entered("After")),
        (8, 7, "PassStateExited", entered("After")),
        (9, 8, "ExecutionSucceeded"),
    )
    reached = statuses(progress, "Parallel", "Parallel/0/Item", "After")
    assert reached == [Status.CAUGHT, Status.FAILED, Status.SUCCEEDED]
    assert progress.taken_transitions() >= {("Parallel", "After", True)}


def test_an_expression_that_fails_names_its_state_and_not_the_event_before_it() -> None:
    progress = told(
        machine(A={**PASS, "Next": "B"}, B=PASS),
        "FAILED",
        (1, 0, "ExecutionStarted"),
        (2, 0, "PassStateEntered", entered("A")),
        (3, 2, "PassStateExited", entered("A")),
        (4, 3, "PassStateEntered", entered("B")),
        (5, 3, "EvaluationFailed", {"state": "B", "error": "States.QueryEvaluationError", "cause": "nothing there"}),
        (6, 5, "ExecutionFailed", {"error": "States.QueryEvaluationError"}),
    )
    assert statuses(progress, "A", "B") == [Status.SUCCEEDED, Status.FAILED]
    shown = details_of(graph_of(machine(A={**PASS, "Next": "B"}, B=PASS)), progress, "B")
    assert shown
    assert shown.visits[0].error == "States.QueryEvaluationError"


def test_a_distributed_map_fails_with_the_error_of_its_run() -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Item", "States": {"Item": PASS}}
    progress = told(
        machine(Map={"Type": "Map", "ItemProcessor": processor, "End": True}),
        "FAILED",
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered", entered("Map")),
        (3, 2, "MapStateStarted", {"length": 0}),
        (4, 3, "MapRunStarted", {"mapRunArn": "arn:run"}),
        (5, 4, "MapRunFailed", {"error": "States.ItemReaderFailed", "cause": "no such key"}),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed", {"error": "States.ItemReaderFailed"}),
    )
    (visit,) = progress.visits["Map"]
    assert visit.failure
    assert (visit.failure.error, visit.failure.cause, visit.map_run) == (
        "States.ItemReaderFailed",
        "no such key",
        "arn:run",
    )
    assert progress.summary("Map").items is None


def test_an_execution_that_was_stopped_aborts_what_was_open() -> None:
    progress = told(
        machine(A={"Type": "Wait", "Seconds": 9, "End": True}),
        "ABORTED",
        (1, 0, "ExecutionStarted"),
        (2, 0, "WaitStateEntered", entered("A")),
        (3, 0, "ExecutionAborted", {"error": "Stop", "cause": "by hand"}),
    )
    assert statuses(progress, "A") == [Status.ABORTED]
    assert progress.failure
    assert (progress.failure.error, progress.failure.cause) == ("Stop", "by hand")


def test_a_task_goes_on_after_a_redrive() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
    lines: list[Line] = [
        (1, 0, "ExecutionStarted"),
        (2, 0, "TaskStateEntered", entered("A")),
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskFailed", {"error": "Broken"}),
        (5, 4, "ExecutionFailed", {"error": "Broken"}),
        (6, 5, "ExecutionRedriven", {"redriveCount": 1}),
        (7, 6, "TaskScheduled"),
    ]
    assert statuses(told(machine(A=TASK), "FAILED", *lines[:5]), "A") == [Status.FAILED]
    again = told(machine(A=TASK), "RUNNING", *lines)
    assert statuses(again, "A") == [Status.RUNNING]
    assert again.summary("A").retries == 1
    ended: list[Line] = [
        (8, 7, "TaskSucceeded"),
        (9, 8, "TaskStateExited", entered("A")),
        (10, 9, "ExecutionSucceeded"),
    ]
    assert statuses(told(machine(A=TASK), "SUCCEEDED", *lines, *ended), "A") == [Status.SUCCEEDED]
