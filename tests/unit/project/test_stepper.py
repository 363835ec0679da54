"""The stepper by itself: step by step, and in simulated time, in which parallel work overlaps."""

from collections.abc import Callable
from typing import Any

import pytest

from stepper.branch import TaskFailed
from stepper.execution import StateMachine, Status
from stepper.strand import sleep_until

ARN = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:test"
WORK = {
    "Type": "Task",
    "Resource": "work",
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 5, "MaxAttempts": 1}],
    "End": True,
}


class Time:
    """Time that passes only while something sleeps or waits."""

    def __init__(self) -> None:
        self.reading = 0.0

    def now(self) -> float:
        return self.reading

    def sleep(self, seconds: float) -> None:
        sleep_until(self.reading + seconds)

    def wait_until(self, moment: float) -> None:
        assert moment >= self.reading
        self.reading = moment


def over(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The state of a Map with this state for each item."""
    return {"Type": "Map", "ItemProcessor": {"StartAt": "Item", "States": {"Item": processor}}, "End": True, **more}


def play(state: dict[str, Any], execution_input: Any) -> tuple[list[tuple[str, float, float]], float, Any]:
    """The name, start and end of each task, in the order of their ends; the end of all; the output."""
    clock, log = Time(), []
    failed: set[str] = set()

    def work(payload: Any) -> Any:
        began = clock.now()
        clock.sleep(payload["Seconds"])
        log.append((payload["Name"], began, clock.now()))
        if payload.get("IsBusyOnce") and payload["Name"] not in failed:
            failed.add(payload["Name"])
            raise TaskFailed("Busy", "")
        return payload["Name"]

    machine = StateMachine({"StartAt": "All", "States": {"All": state}}, ARN, {"work": work}, clock)
    execution = machine.start("run", execution_input).run()
    return log, execution.stopped or 0.0, execution.output


def items(**seconds: float) -> list[dict[str, Any]]:
    return [{"Name": name, "Seconds": length} for name, length in seconds.items()]


def test_items_of_a_map_overlap() -> None:
    log, ended, output = play(over(WORK), items(a=30, b=10, c=20))
    assert log == [("b", 0, 10), ("c", 0, 20), ("a", 0, 30)]
    assert (ended, output) == (30, ["a", "b", "c"])


def test_the_next_item_takes_the_first_free_place() -> None:
    log, ended, _ = play(over(WORK, MaxConcurrency=2), items(a=30, b=10, c=5, d=1))
    assert log == [("b", 0, 10), ("c", 10, 15), ("d", 15, 16), ("a", 0, 30)]
    assert ended == 30


def test_retry_waits_while_other_items_work() -> None:
    execution_input = [{"Name": "a", "Seconds": 1, "IsBusyOnce": True}, *items(b=10)]
    log, ended, _ = play(over(WORK, MaxConcurrency=2), execution_input)
    assert log == [("a", 0, 1), ("a", 6, 7), ("b", 0, 10)]
    assert ended == 10


def test_a_map_within_a_map() -> None:
    inner = over(WORK, MaxConcurrencyPath="$.AtOnce", ItemsPath="$.Items")
    execution_input = [{"AtOnce": 1, "Items": items(a=10, b=20)}, {"AtOnce": 2, "Items": items(c=5, d=15)}]
    log, ended, output = play(over(inner, MaxConcurrency=0), execution_input)
    assert log == [("c", 0, 5), ("a", 0, 10), ("d", 0, 15), ("b", 10, 30)]
    assert (ended, output) == (30, [["a", "b"], ["c", "d"]])


def test_a_wait_and_the_context_within_a_map() -> None:
    states = {
        "Wait": {"Type": "Wait", "SecondsPath": "$.Delay", "Next": "Work"},
        "Work": {**WORK, "Parameters": {"Name.$": "States.Format('{}/{}', $.Name, $.Index)", "Seconds": 1}},
    }
    state = {
        **over({}, ItemSelector={"Name.$": "$$.Map.Item.Value", "Delay.$": "$$.Map.Item.Index", "Index.$": "$.x[0]"}),
        "ItemsPath": "$.names",
        "ItemProcessor": {"StartAt": "Wait", "States": states},
    }
    log, ended, _ = play(state, {"names": ["a", "b", "c"], "x": [7]})
    assert log == [("a/7", 0, 1), ("b/7", 1, 2), ("c/7", 2, 3)]
    assert ended == 3


def test_an_execution_ends_at_its_time_limit() -> None:
    clock = Time()

    def work(payload: Any) -> None:
        clock.sleep(payload)

    definition = {"StartAt": "All", "TimeoutSeconds": 15, "States": {"All": over(WORK)}}
    execution = StateMachine(definition, ARN, {"work": work}, clock).start("run", [10, 20]).run()
    assert (execution.status, execution.stopped) == ("TIMED_OUT", 15)


def test_values_may_be_passed_on_without_a_copy() -> None:
    payloads: list[Any] = []
    execution_input = {"large": object()}
    definition = {"StartAt": "All", "States": {"All": WORK}}
    machine = StateMachine(definition, ARN, {"work": payloads.append}, Time(), carry=lambda value: value)
    machine.start("run", execution_input).run()
    assert payloads == [execution_input]


def test_sleeping_tasks_see_what_others_did_meanwhile() -> None:
    clock, steps = Time(), []

    def work(payload: Any) -> None:
        for _ in range(3):
            steps.append((clock.now(), payload))
            clock.sleep(payload)

    StateMachine({"StartAt": "All", "States": {"All": over(WORK)}}, ARN, {"work": work}, clock).start("r", [2, 3]).run()
    assert steps == [(0, 2), (0, 3), (2, 2), (3, 3), (4, 2), (6, 3)]


def test_only_a_strand_can_sleep() -> None:
    with pytest.raises(RuntimeError, match="strand"):
        Time().sleep(1)


def test_sleeping_task_outlives_its_execution() -> None:
    clock, finished = Time(), []

    def work(payload: Any) -> None:
        clock.sleep(payload)
        finished.append((clock.now(), payload))

    machine = StateMachine({"StartAt": "All", "States": {"All": over(WORK)}}, ARN, {"work": work}, clock)
    first, second = machine.start("first", [5, 50]), machine.start("second", [30])
    first.step()
    first.step(1)
    first.abort()
    assert (finished, first.ready) == ([], [])
    second.run()
    assert finished == [(5, 5), (30, 30)]
    machine.wait_until(100)
    assert (finished[2:], first.output) == ([(50, 50)], None)


def test_step_ends_where_the_task_sleeps() -> None:
    clock, finished = Time(), []

    def work(payload: Any) -> Any:
        for part in ("before", "after"):
            finished.append((clock.now(), part, payload))
            clock.sleep(10)
        return payload

    machine = StateMachine({"StartAt": "All", "States": {"All": over(WORK)}}, ARN, {"work": work}, clock)
    run = machine.start("run", ["a", "b"])
    run.step(1)
    assert (finished, [branch.is_asleep for branch in run.ready]) == ([(0, "before", "b")], [False, True])
    run.step(1)
    run.step(0)
    assert finished[1:] == [(10, "after", "b"), (10, "before", "a")]
    # Sleeping branches go on when it is their time, whichever branch is stepped.
    run.step(run.ready.index(next(branch for branch in run.ready if branch.input == "a")))
    assert [branch.input for branch in run.ready] == ["a", "b"]
    assert run.run().output == ["a", "b"]
    assert clock.now() == 30


def test_task_may_step_another_execution_with_sleeping_tasks() -> None:
    clock, finished = Time(), list[tuple[float, str]]()

    def work(payload: Any) -> Any:
        if payload == "one":
            second.step()
            finished.append((clock.now(), "one"))
            second.step()
        clock.sleep(10)
        finished.append((clock.now(), payload))
        return payload

    machine = StateMachine({"StartAt": "All", "States": {"All": over(WORK)}}, ARN, {"work": work}, clock)
    first, second = machine.start("first", ["one"]), machine.start("second", ["two"])
    first.run()
    assert finished == [(0, "one"), (10, "two"), (20, "one")]
    assert (first.output, second.output) == (["one"], ["two"])


def machine(definition: dict[str, Any], work: Callable[[Any], Any]) -> StateMachine:
    return StateMachine(definition, ARN, {"work": work}, Time())


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
    worked_on: list[str] = []

    def work(payload: Any) -> Any:
        worked_on.append(payload["Item"])
        return payload["Item"].upper()

    run = machine(a_map(2), work).start("run-1", ["a", "b", "c"])
    assert [branch.input for branch in run.ready] == ["a", "b"]
    run.step(1)
    assert [branch.input for branch in run.ready] == ["a", "c"]
    run.step(1)
    run.step()
    assert (worked_on, run.status, run.output) == (["b", "c", "a"], Status.SUCCEEDED, ["A", "B", "C"])


def test_items_wait_at_the_same_time() -> None:
    def work(payload: Any) -> Any:
        if payload["Attempt"] == 0:
            raise TaskFailed("Again", "")
        return payload["Attempt"]

    state_machine = machine(a_map(0, {"IntervalSeconds": 10}), work)
    run = state_machine.start("run-1", ["a", "b", "c"]).run()
    assert (run.output, state_machine.clock.now() - run.started) == ([1, 1, 1], 10)


def test_timed_out_execution_makes_no_further_attempt() -> None:
    def work(_payload: Any) -> Any:
        raise TaskFailed("Again", "")

    state_machine = machine(
        a_map(0, {"IntervalSeconds": 40, "MaxAttempts": 9, "BackoffRate": 1}, TimeoutSeconds=100), work
    )
    run = state_machine.start("run-1", ["a"]).run()
    assert (run.status, run.stopped) == (Status.TIMED_OUT, run.started + 100)


def test_task_outlives_an_aborted_execution_without_changing_it() -> None:
    finished: list[str] = []

    def work(_payload: Any) -> Any:
        run.abort()
        finished.append("worked")

    state_machine = machine(a_map(0), work)
    run = state_machine.start("run-1", ["a", "b"])
    run.step()
    assert (finished, run.status, run.ready) == (["worked"], Status.ABORTED, [])


def test_unsupported_definition_is_refused() -> None:
    definition = {"StartAt": "Two", "States": {"Two": {"Type": "Parallel", "Branches": [], "End": True}}}
    with pytest.raises(NotImplementedError, match="Parallel"):
        machine(definition, print).start("run-1")
