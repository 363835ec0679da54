"""`odcr check`: concurrency, spending, schedule, runs, lease, mail and alarms."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from odcr_cli.checks import concurrency, spending
from odcr_cli.checks.line import Level
from odcr_cli.checks.runs import check_alarms, check_last_run, check_lease, check_schedule, check_subscription
from odcr_cli.source import Run
from tests.unit.cli.check_inputs import LARGE, check_inputs, one, row
from tests.unit.cli.fake_account import Answer
from tests.unit.cli.fake_source import MACHINE, NOW


@pytest.mark.parametrize(
    ("free", "reserved", "levels"),
    [
        (1000, None, [Level.OK]),
        (10, None, [Level.ERROR]),
        (900, 3, [Level.ERROR, Level.OK]),
        # Of its own it has enough, whatever the others leave.
        (10, 40, [Level.OK, Level.OK]),
        (1, 40, [Level.OK, Level.ERROR]),
    ],
)
def test_lambda_has_room_for_the_map(free: int, reserved: int | None, levels: list[Level]) -> None:
    answers: dict[str, Answer] = {
        "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": free}},
        "GetFunctionConcurrency": {} if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }
    lines = list(concurrency.check(check_inputs(answers, {"MapConcurrency": "40"})))
    assert [line.level for line in lines] == levels
    if levels == [Level.ERROR]:
        assert "MapConcurrency of 8" in lines[0].advice


def price(amount: str, region: str = "ap-northeast-1", **more: str) -> dict[str, Any]:
    key = {"Region": region, "Platform": "Linux/UNIX", "Tenancy": "default"}
    return {"InstanceType": "m5.large", "Hourly_Price": amount} | key | more


@pytest.mark.parametrize(
    ("cap", "own", "prices", "level", "words"),
    [
        ("", None, [price("0.1")], Level.OK, "1.00 USD an hour; there is no MaxHourlySpend"),
        ("1", None, [price("0.1")], Level.OK, "within MaxHourlySpend of 1.00 USD"),
        ("0.99", None, [price("0.1")], Level.ERROR, "at least 1.00"),
        ("", "0.5", [price("0.1")], Level.ERROR, "its cap is 0.50 USD"),
        ("5", None, [], Level.ERROR, "no price in USD is known"),
        ("", "5", [], Level.ERROR, "no price in USD is known"),
        ("", None, [], Level.OK, "0.00"),
    ],
)
def test_caps_are_compared_with_what_is_wanted(
    cap: str, own: str | None, prices: list[dict[str, Any]], level: Level, words: str
) -> None:
    tables = {"odcr_capacity": [row(10)], "odcr_option": [LARGE | {"Max_Hourly_Cost": own}], "odcr_price": prices}
    lines = list(spending.check(check_inputs({}, {"MaxHourlySpend": cap}, **tables)))
    assert lines[0].level is level
    assert words in f"{lines[0].seen} {lines[0].advice}"


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("us-west-2-lax-1a", "us-west-2-lax-1"),
        ("usw2-lax1-az1", "us-west-2-lax-1"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1-wl1-bos-wlz-1"),
    ],
)
def test_a_local_zone_has_a_price_of_its_own(zone: str, region: str) -> None:
    tables = {"odcr_capacity": [row(10, LARGE | {"AvailabilityZone": zone})]}
    line = one(spending.check(check_inputs({}, {"MaxHourlySpend": "5"}, **tables, odcr_price=[price("0.1", region)])))
    assert (line.level, "1.00 USD" in line.seen) == (Level.OK, True)
    line = one(
        spending.check(check_inputs({}, {"MaxHourlySpend": "5"}, **tables, odcr_price=[price("0.1", region[:9])]))
    )
    assert line.level is Level.ERROR
    assert f"`odcr prices set m5.large {region} PRICE`" in line.advice


@pytest.mark.parametrize(
    ("cap", "held", "level", "words"),
    [
        ("5", "", Level.WARNING, "its other pools go on"),
        ("5", "m5.large", Level.WARNING, "its other pools go on"),
        ("5", "m5.xlarge", Level.ERROR, "nothing at all is bought"),
        ("", "m5.xlarge", Level.ERROR, "nothing is bought."),
    ],
)
def test_an_unknown_price_stops_only_its_pool_of_a_group(cap: str, held: str, level: Level, words: str) -> None:
    pool = {"Group_Name": "g", "AvailabilityZone": "ap-northeast-1a"}
    tables = {
        "odcr_group": [{"Group_Name": "g", "TotalTargetCapacity": "10", "Max_Hourly_Cost": "5"}],
        "odcr_group_member": [pool | {"InstanceType": "m5.large"}, pool | {"InstanceType": "m5.xlarge"}],
        "odcr_status": [pool | {"InstanceType": held, "Status": "SHORT", "Reserved": "1"}] if held else [],
        "odcr_price": [price("0.1")],
    }
    line, *rest = spending.check(check_inputs({}, {"MaxHourlySpend": cap}, **tables))
    assert line.level is level
    assert line.seen.startswith("g (m5.xlarge ap-northeast-1a): no price in USD")
    assert words in line.seen
    assert [line_.level for line_ in rest] == ([Level.OK] if level is Level.WARNING else [])


def test_two_currencies_are_not_added_together() -> None:
    zones = ("ap-northeast-1a", "eu-west-1a")
    tables = {
        "odcr_capacity": [row(10, LARGE | {"AvailabilityZone": zone}) for zone in zones],
        "odcr_price": [price("0.1"), price("0.2", "eu-west-1", Currency="EUR")],
    }
    assert "costs 2.00 EUR and 1.00 USD an hour" in one(spending.check(check_inputs({}, {}, **tables))).seen
    # To odcr, a price in another currency than the cap's is unknown.
    line = one(spending.check(check_inputs({}, {"MaxHourlySpend": "1.00"}, **tables)))
    assert line.seen.startswith("m5.large eu-west-1a: no price in USD is known")


def scheduled(state: str = "ENABLED", start: datetime | None = None, end: datetime | None = None) -> Answer:
    dates = {key: value for key, value in (("StartDate", start), ("EndDate", end)) if value}
    return {"State": state, "ScheduleExpression": "rate(1 minute)"} | dates


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("schedule", "level", "words"),
    [
        (scheduled(), Level.OK, "rate(1 minute)"),
        (scheduled("DISABLED"), Level.ERROR, "ScheduleState ENABLED"),
        (scheduled(end=NOW - HOUR), Level.ERROR, "later ScheduleEnd"),
        (scheduled(start=NOW + HOUR), Level.WARNING, "No run starts before"),
    ],
)
def test_the_schedule_is_on(schedule: Answer, level: Level, words: str) -> None:
    line = one(check_schedule(check_inputs({"GetSchedule": schedule})))
    assert line.level is level
    assert words in f"{line.seen} {line.advice}"


def test_a_deadline_after_the_campaigns_end_is_an_error() -> None:
    option = LARGE | {"Deadline": "2026-11-12 00:00:00"}
    inputs = check_inputs({"GetSchedule": scheduled(end=NOW + HOUR)}, odcr_capacity=[row(1)], odcr_option=[option])
    assert [line.level for line in check_schedule(inputs)] == [Level.OK, Level.ERROR]


def ran(name: str, status: str, ago: timedelta = timedelta(minutes=1)) -> Run:
    described = {"name": name, "executionArn": f"{MACHINE}:{name}", "status": status, "startDate": NOW - ago}
    return Run(described, "{}", [])


@pytest.mark.parametrize(
    ("runs", "levels"),
    [
        ([], [Level.ERROR]),
        ([ran("a", "SUCCEEDED")], [Level.OK]),
        ([ran("a", "RUNNING"), ran("b", "SUCCEEDED")], [Level.OK]),
        ([ran("a", "RUNNING"), ran("b", "FAILED")], [Level.ERROR]),
        ([ran("a", "SUCCEEDED"), ran("b", "FAILED")], [Level.WARNING]),
        ([ran("a", "SUCCEEDED", HOUR)], [Level.ERROR]),
    ],
)
def test_the_last_run_must_be_recent_and_successful(runs: list[Run], levels: list[Level]) -> None:
    inputs = check_inputs(runs={run.described["name"]: run for run in runs})
    assert [line.level for line in check_last_run(inputs)] == levels


@pytest.mark.parametrize(
    ("holder", "expires", "level", "words"),
    [
        ("", NOW, Level.OK, "No run"),
        ("a", NOW + HOUR, Level.OK, "is still running"),
        ("b", NOW + HOUR, Level.WARNING, "is FAILED"),
        ("c", NOW - HOUR, Level.WARNING, "no run has taken it"),
    ],
)
def test_a_lease_held_by_an_ended_run_is_reported(holder: str, expires: datetime, level: Level, words: str) -> None:
    lease = {"Name": "run", "Holder": holder, "Expires": f"{expires:%Y-%m-%d %H:%M:%S}"}
    inputs = check_inputs(runs={"a": ran("a", "RUNNING"), "b": ran("b", "FAILED")}, odcr_lease=[lease])
    line = one(check_lease(inputs))
    assert line.level is level
    assert words in line.seen


@pytest.mark.parametrize(
    ("arns", "levels"),
    [
        ([], [Level.WARNING]),
        (["arn:aws:sns:x"], [Level.OK]),
        (["PendingConfirmation"], [Level.ERROR]),
        (["PendingConfirmation", "arn:aws:sns:x"], [Level.ERROR, Level.OK]),
    ],
)
def test_somebody_must_be_subscribed(arns: list[str], levels: list[Level]) -> None:
    answer = {"Subscriptions": [{"SubscriptionArn": arn, "Endpoint": "a@example.com"} for arn in arns]}
    assert [line.level for line in check_subscription(check_inputs({"ListSubscriptionsByTopic": answer}))] == levels


def test_raised_alarms_are_shown() -> None:
    alarms = [{"AlarmName": "odcr-no-run", "StateValue": state, "StateReason": "why"} for state in ("OK", "ALARM")]
    line = one(check_alarms(check_inputs({"DescribeAlarms": {"MetricAlarms": alarms}})))
    assert (line.level, line.seen) == (Level.WARNING, "odcr-no-run is raised: why")
