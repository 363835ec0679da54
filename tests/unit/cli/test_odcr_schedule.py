"""`odcr plan` says whether the schedule will start a run."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from odcr_cli import main
from odcr_cli.commands import plan
from tests.unit.cli.fake_account import FakeAccount
from tests.unit.cli.fake_source import NOW, STACK, FakeSource, Odcr

KEY = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c"}
ON = {"State": "ENABLED", "ScheduleExpression": "rate(1 minute)"}
SHORTFALL = KEY | {"TargetCapacity": 15, "Reserved": 4}
PlannedDemand = Callable[..., Result]


@pytest.fixture
def planned(odcr: Odcr, monkeypatch: pytest.MonkeyPatch) -> PlannedDemand:
    """`odcr plan` of one target that is short, under a schedule as Scheduler describes it."""

    def call(schedule: Mapping[str, Any] | str, *arguments: str) -> Result:
        source: Any = FakeSource(stack=type(STACK)(**vars(STACK) | {"outputs": {"FindShortfallsFunction": "find"}}))
        source.account = FakeAccount({"GetSchedule": schedule, "Invoke": invoked})
        source.door = SimpleNamespace(targets=lambda: {"Targets": [], "Rejected": [], "Complete": True})
        monkeypatch.setattr(main, "Account", lambda _place: source.account)
        monkeypatch.setattr(plan, "LiveSource", lambda _account: source)
        return odcr(source, "plan", *arguments)

    return call


def invoked(_request: Mapping[str, Any]) -> dict[str, Any]:
    branch = {"Shortfalls": [SHORTFALL], "AskEvery": 5, "PauseSeconds": 0}
    answer = json.dumps({"Branches": [branch], "Observed": [], "Rejected": [], "Left": False}).encode()
    return {"Payload": SimpleNamespace(read=lambda: answer)}


@pytest.mark.parametrize(
    ("schedule", "status", "sentence"),
    [
        (ON | {"State": "DISABLED"}, "off", "The schedule is off: no run will ask. Deploy with ScheduleState ENABLED."),
        (
            ON | {"EndDate": NOW - timedelta(hours=1)},
            "over",
            "The schedule ended at 2026-11-10 20:00:00 UTC: no run will ask. Deploy with a later ScheduleEnd.",
        ),
        (
            ON | {"StartDate": NOW + timedelta(hours=1)},
            "not started",
            "The schedule has not started: no run will ask before 2026-11-10 22:00:00 UTC.",
        ),
        # Disabled counts for more than dates.
        (ON | {"State": "DISABLED", "StartDate": NOW + timedelta(hours=1)}, "off", "The schedule is off"),
    ],
)
def test_without_a_schedule_the_plan_promises_no_run(
    planned: PlannedDemand, schedule: Mapping[str, Any], status: str, sentence: str
) -> None:
    text = " ".join(planned(schedule).stdout.split())
    assert sentence in text
    assert "A run would ask for 1 of 1 demands." in text
    assert "next run" not in text
    answer = json.loads(planned(schedule, "--json").stdout)
    assert answer["Schedule"] == status
    assert sentence in answer["NoRun"]


@pytest.mark.parametrize(
    "schedule", [ON, ON | {"StartDate": NOW - timedelta(hours=1), "EndDate": NOW + timedelta(hours=1)}]
)
def test_with_a_schedule_the_plan_is_the_next_runs(planned: PlannedDemand, schedule: Mapping[str, Any]) -> None:
    text = planned(schedule).stdout
    assert "The next run asks for 1 of 1 demands." in text
    assert "schedule" not in text
    answer = json.loads(planned(schedule, "--json").stdout)
    assert (answer["Schedule"], answer["NoRun"]) == ("on", "")


def test_whoever_may_not_ask_the_schedule_still_gets_the_plan(planned: PlannedDemand) -> None:
    text = " ".join(planned("AccessDeniedException").stdout.split())
    assert "Whether the schedule is on is not known" in text
    assert "the right to GetSchedule" in text
    assert "for 1 of 1 demands" in text
    assert json.loads(planned("AccessDeniedException", "--json").stdout)["Schedule"] is None
