"""FindShortfalls' own part: what it plans, and whether a run follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import find_shortfalls
from odcr.domain import bounds
from odcr.domain.refusal import RequestRefused
from odcr.domain.regions import Findings
from odcr.domain.reservation import Reservation
from odcr.domain.target import Target, TargetKey
from odcr.gateways.schedule import MAX_FAILURES, OFF, UNKNOWN, Schedule

HOME = "ap-northeast-1"
KEY = TargetKey("r5b.2xlarge", f"{HOME}c")
EACH_MINUTE, HOURLY = Schedule(is_on=True, is_each_minute=True), Schedule(is_on=True, is_each_minute=False)
SHORT, MET = Target(KEY, 15, 4, "SHORT"), Target(KEY, 4, 4, "SHORT")
SLOW = Target(KEY, 15, 4, "QUOTA_EXCEEDED")


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "STACK_NAME": "odcr",
        "ACCOUNT_ID": "123456789012",
        "AWS_REGION": HOME,
        "ASK_EVERY_SECONDS": "5",
        "SLOW_AFTER_HOURS": "24",
        "MAP_CONCURRENCY": "40",
    }.items():
        monkeypatch.setenv(name, value)
    held = {HOME: [Reservation("cr-1", KEY, 4, "active")]}
    monkeypatch.setattr(find_shortfalls, "look", lambda *_, **__: Findings(held))


def find(
    monkeypatch: pytest.MonkeyPatch, *targets: Target, schedule: Schedule = EACH_MINUTE, **more: Any
) -> dict[str, Any]:
    def read(name: str, now: datetime) -> Schedule:
        assert name == "odcr"
        assert abs((datetime.now(UTC) - now).total_seconds()) < 60
        return schedule

    monkeypatch.setattr(find_shortfalls, "read_schedule", read)
    started = (datetime.now(UTC) - timedelta(seconds=4)).isoformat().replace("+00:00", "Z")
    return handle(*targets, **{"StartedAt": started, **more})


def handle(*targets: Target, **more: Any) -> dict[str, Any]:
    event = {
        "Execution": "run-1",
        "Targets": [target.to_event() for target in targets],
        "Rejected": [],
        "Prices": [],
        "Complete": True,
        "AskSeconds": 105,
    }
    return find_shortfalls.handler(event | more, Context())  # type: ignore[arg-type]


def test_a_target_that_is_short_is_asked_for_until_the_runs_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = find(monkeypatch, SHORT, StartedAt="2026-11-26T12:00:00.000Z")
    (branch,) = planned["Branches"]
    (item,) = branch["Shortfalls"]
    assert (item["InstanceType"], item["Reserved"], item["Outcome"]) == (KEY.instance_type, 4, {})
    assert (branch["AskEvery"], branch["AskUntil"]) == (5.0, "2026-11-26T12:01:45.000Z")
    assert (planned["Next"], planned["Left"]) == (True, False)


@pytest.mark.parametrize(
    ("target", "schedule", "follows"),
    [
        (SHORT, EACH_MINUTE, True),
        (SHORT, HOURLY, True),
        (SHORT, OFF, False),
        # Once a minute: the schedule does that by itself, if it is one of each minute.
        (SLOW, EACH_MINUTE, False),
        (SLOW, HOURLY, True),
        (SLOW, OFF, False),
    ],
    ids=["short", "short, hourly", "short, off", "slow", "slow, hourly", "slow, off"],
)
def test_a_run_follows_if_the_schedule_is_on_and_too_slow(
    monkeypatch: pytest.MonkeyPatch, target: Target, schedule: Schedule, follows: bool
) -> None:
    planned = find(monkeypatch, target, schedule=schedule)
    assert (planned["Next"], planned["Failures"]) == (follows, 0)


@pytest.mark.parametrize(
    ("run_input", "follows", "failures"),
    [
        ({"Failures": 0}, True, 1),
        ({"Failures": MAX_FAILURES - 1}, True, MAX_FAILURES),
        ({"Failures": MAX_FAILURES}, False, MAX_FAILURES + 1),
        # A person started it.
        ({}, False, 1),
    ],
)
def test_asking_goes_on_for_a_while_if_the_schedule_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, run_input: dict[str, int], follows: bool, failures: int
) -> None:
    planned = find(monkeypatch, SHORT, schedule=UNKNOWN, Input=run_input)
    assert (len(planned["Branches"]), planned["Next"], planned["Failures"]) == (1, follows, failures)


@pytest.mark.parametrize(("run_input", "branches"), [({"Failures": 0}, 0), ({}, 1)])
def test_once_the_schedule_is_off_only_a_run_that_a_person_started_asks(
    monkeypatch: pytest.MonkeyPatch, run_input: dict[str, int], branches: int
) -> None:
    planned = find(monkeypatch, SHORT, schedule=OFF, Input=run_input)
    assert (len(planned["Branches"]), planned["Next"]) == (branches, False)


def test_without_a_shortfall_the_schedule_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_name: str, _now: datetime) -> Schedule:
        raise AssertionError("the schedule was asked")

    monkeypatch.setattr(find_shortfalls, "read_schedule", read)
    planned = handle(MET, StartedAt="2026-11-26T12:00:00.000Z")
    assert (planned["Branches"], planned["Next"], planned["Left"]) == ([], False, False)
    assert [outcome["Status"] for outcome in planned["Observed"]] == ["FULFILLED"]


@pytest.mark.parametrize(
    ("target", "schedule", "follows", "pauses"),
    [
        (SHORT, HOURLY, True, [60]),
        (SHORT, EACH_MINUTE, False, []),
        (SHORT, OFF, False, []),
        # All of it was held.
        (Target(KEY, 4, 4, "FULFILLED", last_reserved=4), HOURLY, False, []),
    ],
    ids=["hourly", "each minute", "off", "met"],
)
def test_a_target_in_a_silent_region_is_looked_at_again_within_two_minutes(
    monkeypatch: pytest.MonkeyPatch, target: Target, schedule: Schedule, follows: bool, pauses: list[int]
) -> None:
    silent = Findings({}, {HOME: RequestRefused("Timeout", "It did not answer.")})
    monkeypatch.setattr(find_shortfalls, "look", lambda *_, **__: silent)
    planned = find(monkeypatch, target, schedule=schedule, Input={"Failures": 0})
    assert [branch["PauseSeconds"] for branch in planned["Branches"]] == pauses
    assert [branch["Shortfalls"] for branch in planned["Branches"]] == [[] for _ in pauses]
    assert (planned["Next"] and planned["Left"]) is follows


def test_shortfalls_that_do_not_fit_are_left_to_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_SHORTFALLS", 1)
    other = Target(TargetKey("m5.large", f"{HOME}a"), 2)
    planned = find(monkeypatch, SHORT, other)
    assert [len(branch["Shortfalls"]) for branch in planned["Branches"]] == [1]
    assert planned["Left"] is True


def test_a_plan_writes_nothing_into_the_spend_ledger_and_says_what_the_cap_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def opened(*_: Any) -> Any:
        raise AssertionError("an entry of a plan would keep a real run from spending")

    monkeypatch.setenv("MAX_HOURLY_SPEND", "3")
    monkeypatch.setattr(find_shortfalls, "SpendLedger", opened)
    result = find(monkeypatch, SHORT, Plan=True)
    assert [outcome["Status"] for outcome in result["Observed"]] == ["CAPPED"]
