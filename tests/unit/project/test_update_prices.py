"""The state machine that brings the prices up to date, against the functions and the template."""

import json
import re
from typing import Any

from fetch_prices import RESERVED_SECONDS
from odcr.gateways.price_list import REQUEST_INTERVAL
from odcr.gateways.price_table import MAX_POOLS
from tests.template import written_template
from tests.unit.project.test_state_machine import ROOT, STARTING_SECONDS, timeout_of

DEFINITION_FILE = ROOT / "statemachine" / "update_prices.asl.json"
RUNS = {"LoadPools": "RecordPrices", "FetchPrices": "FetchPrices", "RecordPrices": "RecordPrices"}
"""The function of each Task."""


def definition() -> dict[str, Any]:
    return json.loads(DEFINITION_FILE.read_text())


def tasks() -> dict[str, Any]:
    return {name: state for name, state in definition()["States"].items() if state["Type"] == "Task"}


def not_repeated(name: str) -> set[str]:
    return {error for retry in tasks()[name]["Retry"] if not retry["MaxAttempts"] for error in retry["ErrorEquals"]}


def waits(name: str) -> list[float]:
    """Seconds before each repeat of a state, at most."""
    retry = tasks()[name]["Retry"][-1]
    return [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** number, retry["MaxDelaySeconds"])
        for number in range(retry["MaxAttempts"])
    ]


def test_every_next_state_exists_and_every_state_is_reached() -> None:
    targets = set(re.findall(r'"(?:StartAt|Next|Default)": "(\w+)"', json.dumps(definition())))
    assert targets == set(definition()["States"])


def test_each_task_runs_its_function_and_outlives_it() -> None:
    assert {name: task["Resource"] for name, task in tasks().items()} == {
        name: f"${{{function}Arn}}" for name, function in RUNS.items()
    }
    for name, task in tasks().items():
        assert task["TimeoutSeconds"] > timeout_of(RUNS[name]) + STARTING_SECONDS, name


def test_errors_that_repeating_cannot_fix_are_not_repeated() -> None:
    broken = {"InvalidEvent", "InvalidSettings"}
    database = broken | {"InvalidSecret", "CertificateNotTrusted", "TablesTooNew"}
    assert {name: not_repeated(name) for name in tasks()} == {
        "LoadPools": database,
        "FetchPrices": broken,
        "RecordPrices": database,
    }
    for name, task in tasks().items():
        assert task["Retry"][-1]["ErrorEquals"] == ["States.ALL"], name
        # The first run may still be preparing the database.
        assert sum(waits(name)) > 60, name


def test_the_execution_has_time_for_all_its_repeats() -> None:
    most = sum(
        sum(waits(name)) + (len(waits(name)) + 1) * (timeout_of(RUNS[name]) + STARTING_SECONDS) for name in tasks()
    )
    assert definition()["TimeoutSeconds"] > most / 2


def test_fetch_prices_has_time_for_the_most_pools() -> None:
    assert timeout_of("FetchPrices") - RESERVED_SECONDS > MAX_POOLS * REQUEST_INTERVAL


def test_its_schedule_is_on_when_that_of_the_runs_is() -> None:
    properties = written_template()["Resources"]["UpdatePrices"]["Properties"]
    (schedule,) = (event["Properties"] for event in properties["Events"].values())
    run = written_template()["Resources"]["AcquireCapacity"]["Properties"]["Events"]["EveryPeriod"]["Properties"]
    assert schedule["ScheduleExpression"] == {"Ref": "PriceScheduleExpression"}
    for name in ("State", "ScheduleExpressionTimezone"):
        assert schedule[name] == run[name]
    assert written_template()["Parameters"]["PriceScheduleExpression"]["Default"] == "rate(1 day)"
