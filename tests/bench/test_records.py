"""A run's usage is read correctly from its history and its logs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.costs import records


def scheduled(number: int, previous: int) -> dict[str, object]:
    return {
        "id": number,
        "previousEventId": previous,
        "type": "LambdaFunctionScheduled",
        "lambdaFunctionScheduledEventDetails": {"resource": "x", "input": "{}"},
    }


HISTORY: list[dict[str, Any]] = [
    {"id": 1, "type": "ExecutionStarted"},
    {"id": 2, "type": "MapStateEntered", "stateEnteredEventDetails": {"name": "ReserveShortfalls"}},
    {"id": 3, "type": "MapIterationStarted"},
    {"id": 4, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "ReserveCapacity"}},
    scheduled(5, 4),
    {"id": 6, "type": "LambdaFunctionFailed"},
    scheduled(7, 6),
    {"id": 8, "type": "LambdaFunctionSucceeded"},
]


def test_a_repeat_is_a_transition_and_an_iteration_is_none() -> None:
    assert records.repeats(HISTORY) == 1
    assert records.transitions(HISTORY) == 3


def test_the_time_at_which_a_state_was_first_entered() -> None:
    times = [datetime(2026, 11, 1, 0, 0, second, tzinfo=UTC) for second in (1, 2)]
    events = [{"stateEnteredEventDetails": {"name": "A"}, "timestamp": time} for time in times]
    assert records.entered([{"type": "ExecutionStarted"}, *events], "A") == times[0]
    assert records.entered(events, "B") is None


def entries(**seconds: int) -> list[dict[str, Any]]:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    return [
        {"type": "ExecutionStarted", "timestamp": start},
        *(
            {"stateEnteredEventDetails": {"name": name}, "timestamp": start + timedelta(seconds=at)}
            for name, at in seconds.items()
        ),
    ]


BILLED = {"LoadTargets": 0.5, "FindShortfalls": 1.0, "ReserveCapacity": 400.0, "RecordResults": 0.25}


@pytest.mark.parametrize("find_seconds", [2, 9])
def test_how_long_a_run_lasts_does_not_depend_on_the_machine(find_seconds: int) -> None:
    ask = entries(ReserveShortfalls=find_seconds, RecordResults=110, StartNextRun=120)
    assert records.length(ask, BILLED) == 110.25
    visit_once = entries(ReserveShortfalls=find_seconds, RecordResults=find_seconds + 30)
    assert records.length(visit_once, BILLED) == 31.75
    busy = entries(AnotherRunIsActive=find_seconds)
    assert records.length(busy, {"LoadTargets": 0.5}) == 0.5


REPORT = (
    "REPORT RequestId: one\tDuration: 99.00 ms\tBilled Duration: 99 ms\tMemory Size: 256 MB"
    "\tLocal CPU: 8.50 ms\tLocal Wait: 2500.00 ms\tLocal Init CPU: 700.00 ms"
)
METRIC = (
    '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"ODCR","Dimensions":[["service"]],'
    '"Metrics":[{"Name":"A","Unit":"Count"},{"Name":"B","Unit":"Count"}]}]},"service":"odcr","A":[0.0]}'
)


def test_invocations_and_metrics_are_read_from_the_logs() -> None:
    assert records.invocations(["START", METRIC, REPORT]) == [records.Invocation(99, 8.5)]
    assert records.init_cpu_ms([REPORT, REPORT.partition("\tLocal")[0]]) == [700]
    assert records.metrics([METRIC, METRIC]) == {"ODCR A service=odcr", "ODCR B service=odcr"}
    with pytest.raises(ValueError, match="killed or died"):
        records.invocations(["REPORT RequestId: two\tDuration: 1 ms"])


def test_bytes_are_those_of_lambdas_own_messages() -> None:
    assert records.ingested_bytes(["é"]) == 2 + 26
    assert records.ingested_bytes([REPORT]) == REPORT.index("\tLocal") + 26
