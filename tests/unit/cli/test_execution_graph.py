"""Reads executions played by moto's interpreter: three samples after AWS's, and a run of this project."""

import json
from collections.abc import Iterator

import pytest

from odcr_cli.execution_graph import Graph, Progress, details_of, graph_of, progress_of
from odcr_cli.execution_graph.details import Details
from odcr_cli.execution_graph.model import END, START, Way
from odcr_cli.execution_graph.visits import Status
from odcr_cli.trouble import Trouble
from tests import sample_executions
from tests.moto_interpreter import PlayedExecution, interpreter

SHIP = "Each Order/Each Item/Ship"
RESERVE = "ReserveShortfalls/ReserveBranch/ReserveCapacity"


@pytest.fixture(autouse=True, scope="module")
def _interpreter() -> Iterator[None]:
    with interpreter():
        yield


def read(execution: PlayedExecution) -> tuple[Graph, Progress]:
    graph = graph_of(execution.definition)
    return graph, progress_of(graph, execution.events, execution.status)


def details(graph: Graph, progress: Progress, path: str) -> Details:
    state_details = details_of(graph, progress, path)
    assert state_details
    return state_details


def test_a_loop_is_entered_as_often_as_the_job_was_looked_at() -> None:
    graph, progress = read(sample_executions.job_poller())
    assert (progress.status, progress.complete) == (Status.SUCCEEDED, True)
    entered = {path: progress.summary(path).entered for path in graph.states}
    assert entered == {
        "Submit Job": 1,
        "Wait X Seconds": 3,
        "Get Job Status": 3,
        "Job Complete?": 3,
        "Job Failed": 0,
        "Get Final Job Status": 1,
    }
    assert progress.summary("Job Failed").status is Status.NOT_REACHED
    assert ("Job Complete?", "Wait X Seconds", False) in progress.taken_transitions()
    assert ("Job Complete?", "Job Failed", False) not in progress.taken_transitions()
    assert {(START, "Submit Job", False), ("Get Final Job Status", END, False)} <= progress.taken_transitions()


def test_the_conditions_of_a_choice_are_on_its_arrows() -> None:
    graph = graph_of(json.dumps(sample_executions.JOB_POLLER))
    labels = {
        (transition.target, transition.way): transition.label
        for transition in graph.level.transitions
        if transition.source == "Job Complete?"
    }
    assert labels == {
        ("Job Failed", Way.CHOICE): 'status = "FAILED"',
        ("Get Final Job Status", Way.CHOICE): 'status = "SUCCEEDED"',
        ("Wait X Seconds", Way.DEFAULT): "otherwise",
    }


def test_the_error_of_a_branch_is_that_of_the_parallel_that_caught_it() -> None:
    graph, progress = read(sample_executions.customer())
    assert progress.summary("LookupCustomerInfo").status is Status.CAUGHT
    assert progress.summary("LookupCustomerInfo/1/LookupPhone").status is Status.FAILED
    assert progress.summary("LookupCustomerInfo/1/FormatPhone").status is Status.NOT_REACHED
    assert ("LookupCustomerInfo", "AskCustomer", True) in progress.taken_transitions()
    for path in ("LookupCustomerInfo", "LookupCustomerInfo/1/LookupPhone"):
        (visit,) = details(graph, progress, path).visits
        assert visit.error == "NoPhone"
        assert visit.cause
        assert "no number" in visit.cause.text


def test_items_of_a_map_in_a_map_are_counted_and_those_that_failed_come_first() -> None:
    graph, progress = read(sample_executions.orders())
    outer, inner = progress.summary("Each Order"), progress.summary("Each Order/Each Item")
    assert outer.items
    assert (outer.status, outer.items.total, outer.items.succeeded) == (Status.SUCCEEDED, 3, 3)
    assert inner.items
    assert (inner.status, inner.items.total, inner.items.failed) == (Status.CAUGHT, 6, 1)
    failed, *others = details(graph, progress, "Each Order/Each Item").items
    assert (failed.where, failed.index, failed.status, failed.at) == ("Each Order #1", 1, Status.FAILED, SHIP)
    assert (failed.error, failed.reason) == ("TooHeavy", "a piano does not fit")
    assert Status.FAILED not in {item.status for item in others}
    assert [item.status for item in details(graph, progress, "Each Order").items] == [
        Status.CAUGHT,
        Status.SUCCEEDED,
        Status.SUCCEEDED,
    ]


def test_a_retried_item_shows_its_attempts() -> None:
    graph, progress = read(sample_executions.orders())
    summary, shipped = progress.summary(SHIP), details(graph, progress, SHIP)
    assert (summary.status, summary.retries) == (Status.FAILED, 1)
    assert shipped.visits[0].error == "TooHeavy"
    (retried,) = [visit for visit in shipped.visits if len(visit.attempts) > 1]
    assert (retried.where, retried.status) == ("Each Order #0, Each Item #1", Status.SUCCEEDED)
    assert [attempt.error for attempt in retried.attempts] == ["Busy", ""]
    assert retried.attempts[1].waited is not None
    assert retried.attempts[1].waited >= 0
    assert retried.input
    assert retried.input.text == '"cup"'


def test_a_run_of_this_project_shows_what_was_repeated_refused_and_caught() -> None:
    graph, progress = read(sample_executions.acquiring())
    summary = progress.summary(RESERVE)
    assert (summary.status, summary.entered, summary.retries) == (Status.CAUGHT, 5, 4)
    assert summary.counts == {Status.SUCCEEDED: 3, Status.CAUGHT: 2}
    branch = details(graph, progress, "ReserveShortfalls/ReserveBranch")
    errors = [(item.index, item.error) for item in branch.items if item.status is Status.CAUGHT]
    assert sorted(errors) == [(2, "Runtime.OutOfMemory"), (3, "QuotaExceeded")]
    assert branch.items[0].status is Status.CAUGHT
    assert progress.summary("ReserveShortfalls/ReserveBranch/TargetFailed").entered == 1
    assert progress.summary("AnnounceChanges").items is not None
    assert progress.summary("ReleaseLease").status is Status.NOT_REACHED


def test_an_execution_can_be_read_at_any_moment() -> None:
    execution = sample_executions.orders()
    graph = graph_of(execution.definition)
    for number in range(len(execution.events)):
        progress = progress_of(graph, execution.events[:number], "RUNNING")
        for path in graph.states:
            assert details_of(graph, progress, path)
    last = progress_of(graph, execution.events[:-1], "RUNNING")
    assert last.status is Status.RUNNING


def test_states_go_on_while_the_execution_does_and_are_aborted_with_it() -> None:
    execution = sample_executions.orders()
    graph = graph_of(execution.definition)
    scheduled = next(n for n, event in enumerate(execution.events) if event["type"] == "LambdaFunctionScheduled")
    running = progress_of(graph, execution.events[: scheduled + 1], "RUNNING")
    assert {running.summary(path).status for path in ("Each Order", "Each Order/Each Item", SHIP)} == {Status.RUNNING}
    stopped = progress_of(graph, execution.events[: scheduled + 1], "ABORTED")
    assert {stopped.summary(path).status for path in ("Each Order", "Each Order/Each Item", SHIP)} == {Status.ABORTED}
    assert not stopped.complete


def test_a_history_of_which_parts_are_missing_is_read_by_the_names_of_the_states() -> None:
    execution = sample_executions.orders()
    graph = graph_of(execution.definition)
    for step in (2, 3, 5):
        for first in range(step):
            progress = progress_of(graph, execution.events[first::step], execution.status)
            for path, visits in progress.visits.items():
                assert {visit.state.path for visit in visits} == {path}
                assert details_of(graph, progress, path)


def test_a_history_without_data_has_no_inputs() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html, includeExecutionData
    execution = sample_executions.orders()
    for event in execution.events:
        for value in event.values():
            if isinstance(value, dict):
                for name in ("input", "inputDetails", "output", "outputDetails"):
                    value.pop(name, None)
    graph, progress = read(execution)
    shipped = details(graph, progress, SHIP)
    assert shipped.visits
    assert all(visit.input is None and visit.output is None for visit in shipped.visits)


def test_an_execution_without_a_history_has_reached_nothing() -> None:
    graph = graph_of(json.dumps(sample_executions.ORDERS))
    progress = progress_of(graph, [], "SUCCEEDED")
    assert {progress.summary(path).status for path in graph.states} == {Status.NOT_REACHED}
    assert not progress.complete


@pytest.mark.parametrize("definition", ["", "[]", "{", '"x"', "{}", '{"StartAt": "A", "States": {"A": {}}}', "null"])
def test_an_invalid_definition_is_refused(definition: str) -> None:
    with pytest.raises(Trouble, match="definition"):
        graph_of(definition)


def test_a_cut_payload_is_said_to_be_cut() -> None:
    execution = sample_executions.job_poller()
    entered = next(event for event in execution.events if event["type"] == "TaskStateEntered")
    entered["stateEnteredEventDetails"]["inputDetails"]["truncated"] = True
    long = next(event for event in execution.events if event["type"] == "TaskStateExited")
    long["stateExitedEventDetails"]["output"] = json.dumps(["x" * 100] * 1000)
    graph, progress = read(execution)
    (visit,) = details(graph, progress, "Submit Job").visits
    assert visit.input
    assert visit.input.cut
    assert visit.output
    assert visit.output.cut
    assert len(visit.output.text) <= 20_000
