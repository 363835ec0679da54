"""What a run used is read rightly, and a month's bill is what a person reckons by hand."""

from dataclasses import replace

import pytest

from bench.costs import history, log_lines, prices
from bench.costs.bill import (
    ALARMS,
    AURORA,
    DASHBOARD,
    LAMBDA,
    LOGS,
    METRICS,
    NETWORK,
    OTHER,
    SECRETS,
    STEP_FUNCTIONS,
    Runs,
    bill,
    largest,
    runs,
    total,
)
from bench.costs.duration import makespan, repeat_seconds
from bench.costs.standing import Standing
from bench.costs.usage import Usage

STACK = Standing(
    acus=0.5,
    endpoint_zones=2,
    nat_gateways=0,
    addresses=0,
    alarm_metrics=6,
    dashboards=1,
    secrets=2,
    memory_mb=256,
    at_once=40,
    traced=True,
    period_minutes=1,
)
IDLE = Usage(
    states={"LoadTargets": 1, "IsLeaseHeld": 1, "FindShortfalls": 1, "Map": 1, "RecordResults": 1, "Announce": 1},
    invocations=3,
    cpu_ms=256 * 1000 / 1769 / 1000 * 100,  # a tenth of a second at 256 MB
    ec2_calls=1,
    statements=20,
    commits=2,
    redo_bytes=5000,
    log_bytes=4000,
    metrics=("ODCR A s=1", "ODCR B s=1"),
    seconds=0.7,
)
BUSY = Usage(
    states=dict.fromkeys(("LoadTargets", "IsLeaseHeld", "AskAboutHolder", "IsHolderAtWork", "AnotherRunIsActive"), 1),
    invocations=1,
    log_bytes=1000,
)


def test_an_idle_month_by_hand() -> None:
    items = bill(STACK, IDLE, BUSY)
    # 730 hours, 43,800 runs of 6 transitions.
    assert items[STEP_FUNCTIONS] == pytest.approx(262.8 * 0.025)
    # 100 ms of work, 500 ms for EC2, 20 * 5 ms for SQL, 3 * 1 ms of rounding: 0.703 s of a quarter of a GB.
    assert items[LAMBDA] == pytest.approx(43_800 * (0.703 / 4 * 0.0000133334 + 3 * 0.0000002))
    # 0.5 ACUs, 10 GB, 2 * 4 KiB of log and 2 commits a run.
    assert items[AURORA] == pytest.approx(43.80 + 1.00 + 43_800 * 4 * 0.0000002)
    assert items[NETWORK] == pytest.approx(14.60)
    assert items[METRICS] == pytest.approx(0.60)
    assert items[ALARMS] == pytest.approx(0.60)
    assert items[LOGS] == pytest.approx(0.1752 * 0.50)
    assert items[SECRETS] == pytest.approx(0.80)
    assert items[DASHBOARD] == 3
    assert items[OTHER] == pytest.approx(43_800 * (0.000001 + 0.000005))
    assert total(items) == pytest.approx(sum(items.values()))
    assert largest(items) == (AURORA, pytest.approx(items[AURORA] / total(items)))


def test_a_run_that_lasts_longer_than_the_period_has_others_find_it_busy() -> None:
    long = replace(IDLE, seconds=130)
    # Every third start works: 14,600 * 6 + 29,200 * 5 transitions.
    assert runs(1, long.seconds) == Runs(14_600, 29_200)
    assert bill(STACK, long, BUSY)[STEP_FUNCTIONS] == pytest.approx(233.6 * 0.025)
    assert bill(STACK, long, BUSY)[LOGS] == pytest.approx((14_600 * 4000 + 29_200 * 1000) / 1e9 * 0.50)
    assert runs(1, 60) == Runs(43_800, 0)
    assert runs(5, 130) == Runs(8_760, 0)
    assert runs(1, 0) == Runs(43_800, 0)


def test_without_a_schedule_only_what_stands_there_costs() -> None:
    items = bill(replace(STACK, period_minutes=None), IDLE, BUSY)
    assert {name for name, usd in items.items() if usd == 0} == {STEP_FUNCTIONS, LAMBDA, METRICS, LOGS, OTHER}
    assert items[AURORA] == pytest.approx(44.80)


def test_what_is_ones_own_is_on_another_bill() -> None:
    items = bill(replace(STACK, acus=0, endpoint_zones=0, secrets=0), IDLE, BUSY)
    assert items[AURORA] == items[NETWORK] == items[SECRETS] == 0
    nat = bill(replace(STACK, endpoint_zones=0, nat_gateways=1, addresses=1), IDLE, BUSY)
    assert nat[NETWORK] == pytest.approx(32.85 + 3.65)


def test_waiting_for_a_turn_is_billed_and_work_is_stretched_by_the_memory() -> None:
    waiting = Usage(waits=1, waited_ms=10_000, invocations=1)
    assert waiting.billed_ms(256) == 10_001
    assert waiting.gb_seconds(256) == pytest.approx(2.50025)
    assert Usage(cpu_ms=100).billed_ms(1769) == pytest.approx(100)
    assert Usage(cpu_ms=100).billed_ms(128) == pytest.approx(1382.03, abs=0.01)
    assert Usage(redo_bytes=4097, commits=1).storage_requests == 3


def test_results_survive_json() -> None:
    assert Usage.from_json(IDLE.to_json()) == IDLE
    assert Standing(**STACK.to_json()) == STACK


def test_every_price_has_its_page_and_date() -> None:
    for price in prices.PRICES:
        assert price.url.startswith("https://aws.amazon.com/")
        assert price.url.endswith("/pricing/")
        assert price.as_of == prices.AS_OF
        assert price.usd > 0
        assert price.per > 0
        assert price.unit
    assert {id(one) for one in vars(prices).values() if isinstance(one, prices.Price)} == set(map(id, prices.PRICES))
    assert prices.TRANSITION.of(1000) == 0.025


def scheduled(number: int, previous: int, attempt: int) -> dict[str, object]:
    given = f'{{"Index": 0, "Attempt": {attempt}, "Target": {{"InstanceType": "a", "AvailabilityZone": "b"}}}}'
    return {
        "id": number,
        "previousEventId": previous,
        "type": "LambdaFunctionScheduled",
        "lambdaFunctionScheduledEventDetails": {"resource": "x", "input": given},
    }


def failed(number: int, error: str) -> dict[str, object]:
    details = {"error": error, "cause": "File /tmp/x/lambda-a1/0123456789abcdef0123456789abcdef/app.py"}
    return {"id": number, "type": "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails": details}


HISTORY = [
    {"id": 1, "type": "ExecutionStarted"},
    {"id": 2, "type": "MapStateEntered", "stateEnteredEventDetails": {"name": "ReserveShortfalls"}},
    {"id": 3, "type": "MapIterationStarted"},
    {"id": 4, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "ReserveCapacity"}},
    scheduled(5, 4, 0),
    failed(6, "InsufficientInstanceCapacity"),
    scheduled(7, 6, 1),
    failed(8, "OutcomeUnknown"),
    scheduled(9, 8, 2),
    {"id": 10, "type": "LambdaFunctionSucceeded"},
]


def test_a_repeat_is_a_transition_and_an_iteration_is_none() -> None:
    assert history.repeats(HISTORY) == 2
    assert history.transitions(HISTORY) == 4


def test_how_long_the_state_machine_waits_is_read_from_its_definition() -> None:
    errors = history.errors_before_repeats(HISTORY)
    assert errors == {("a", "b"): ["InsufficientInstanceCapacity", "OutcomeUnknown"]}
    assert repeat_seconds(errors["a", "b"]) == 15 + 30
    with pytest.raises(ValueError, match="how long the state machine waits after RequestLimitExceeded"):
        repeat_seconds(["RequestLimitExceeded"])
    with pytest.raises(ValueError, match="does not repeat ReserveCapacity after QuotaExceeded"):
        repeat_seconds(["QuotaExceeded"])


def test_items_take_the_place_of_those_that_are_done() -> None:
    assert makespan([], 40) == 0
    assert makespan([5, 1, 2, 3], 2) == 6
    assert makespan([45] * 41, 40) == 90


def test_the_state_machines_log_has_its_errors_as_on_lambda() -> None:
    (first, second) = (event for event in HISTORY if event["type"] == "LambdaFunctionFailed")
    line = (
        '{"id":"6","type":"LambdaFunctionFailed","details":{"error":"InsufficientInstanceCapacity",'
        '"cause":"File /var/task/app.py"},"previous_event_id":"","event_timestamp":"1700000000000",'
        '"execution_arn":"arn"}'
    )
    assert history.log_bytes([HISTORY[0], first], "arn") == len(line) + 26
    assert history.log_bytes([second], "arn") == len(line) + 26 - len("InsufficientInstanceCapacity") + len(
        "OutcomeUnknown"
    )


REPORT = (
    "REPORT RequestId: one\tDuration: 99.00 ms\tBilled Duration: 99 ms\tMemory Size: 256 MB"
    "\tLocal CPU: 8.50 ms\tLocal Wait: 2500.00 ms\tLocal Init CPU: 700.00 ms"
)
METRIC = (
    '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"ODCR","Dimensions":[["service"]],'
    '"Metrics":[{"Name":"A","Unit":"Count"},{"Name":"B","Unit":"Count"}]}]},"service":"odcr","A":[0.0]}'
)
MET = '{"message":"Target met","function_request_id":"one","outcome":{"InstanceType":"a","AvailabilityZone":"b"}}'


def test_the_logs_tell_time_and_metrics() -> None:
    assert log_lines.invocations(["START", METRIC, REPORT]) == [log_lines.Invocation("one", 8.5, 2500)]
    assert log_lines.init_cpu_ms([REPORT, REPORT.partition("\tLocal")[0]]) == [700]
    assert log_lines.metrics([METRIC, METRIC, MET]) == {"ODCR A service=odcr", "ODCR B service=odcr"}
    assert log_lines.targets([METRIC, MET]) == {"one": ("a", "b")}
    with pytest.raises(ValueError, match="killed or died"):
        log_lines.invocations(["REPORT RequestId: two\tDuration: 1 ms"])


def test_bytes_are_those_of_lambdas_own_messages() -> None:
    assert log_lines.ingested_bytes(["é"]) == 2 + 26
    assert log_lines.ingested_bytes([REPORT]) == REPORT.index("\tLocal") + 26
    # One message, and a line feed before each further line.
    error = ["[ERROR] A: b", "Traceback (most recent call last):", "  File"]
    assert log_lines.ingested_bytes(error) == sum(map(len, error)) + 26 + 2
