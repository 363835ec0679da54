"""The commands that only read, for a person and for a script."""

import json
import re
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from odcr_cli import main
from odcr_cli.source import Run
from tests.moto_interpreter import interpreter
from tests.sample_executions import acquiring
from tests.unit.cli.fake_source import MACHINE, NOW, FakeSource, Odcr

HOSTILE = "[red]\x1b[31m</script><b>\n[/]"
KEY: dict[str, Any] = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": "ap-northeast-1c", "Group_Name": ""}
POOL: dict[str, Any] = {"InstanceType": "m6i.2xlarge", "AvailabilityZone": "ap-northeast-1a", "Group_Name": "checkout"}


def change(clock: str, name: str = "run-1", **more: Any) -> dict[str, Any]:
    row = KEY | {"Execution": name, "Recorded": f"2026-11-10 {clock}", "Previous_Status": "SHORT", "Status": "SHORT"}
    row |= {"Target_Capacity": 15, "Reserved": 4, "Acquired": 4, "Lost": 0, "Unit": None, "Attempts": 1}
    return row | {"Calls": 10, "Refusals": 8, "Verdict": None, "Judged_Deadline": None, "Reason": "Dry."} | more


def looked_at(**more: Any) -> FakeSource:
    status: dict[str, Any] = {
        "Status": "SHORT",
        "Reserved": 4,
        "Reason": HOSTILE,
        "Reservation_Ids": "cr-1",
        "In_Use": 1,
    }
    status |= {"Unused": 3, "Unused_Since": "2026-11-10 18:00:00", "Since": "2026-11-10 18:00:00", "Hourly_Cost": "2"}
    tables = {
        "odcr_capacity": [KEY | {"Target_Capacity": 15}],
        "odcr_group": [{"Group_Name": "checkout", "TotalTargetCapacity": "64", "Unit": "vcpus"}],
        "odcr_group_member": [POOL | {"Weight": "8"}],
        "odcr_status": [KEY | status, POOL | status | {"Unused": 2, "Hourly_Cost": None, "Misfits": HOSTILE}],
        "odcr_history": [
            change("19:00:00"),
            change("20:00:00", "run-2", Previous_Status="SHORT", Status="FULFILLED", Acquired=11, Reserved=15),
            change("20:10:00", "hour 2026-11-10 20:00", Acquired=0, Attempts=7, Calls=500),
            change("20:20:00", "run-3", **POOL, Reason=HOSTILE),
        ],
        "odcr_price": [],
    }
    held = {
        "CapacityReservationId": "cr-1",
        "OwnerId": "123456789012",
        "State": "active",
        "TotalInstanceCount": 4,
        "AvailableInstanceCount": 3,
        "Tags": [{"Key": "odcr:stack", "Value": "odcr/ap-northeast-1"}],
        "InstanceType": "r5b.2xlarge",
        "AvailabilityZone": "ap-northeast-1c",
        "CreateDate": NOW,
    }
    return FakeSource(**({"tables": tables, "held": [held]} | more))


def run(name: str, status: str = "SUCCEEDED", minutes: int = 5) -> Run:
    started = NOW - timedelta(minutes=minutes)
    described = {
        "name": name,
        "executionArn": f"{MACHINE.replace('stateMachine', 'execution')}:{name}",
        "status": status,
        "startDate": started,
        "stopDate": started + timedelta(seconds=110),
    }
    return Run(described, json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}), [])


def words(result: Result) -> str:
    assert result.exit_code == 0, result.stderr
    return " ".join(result.output.split())


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("command", [["idle"], ["history", "--pools", "--attempts"], ["runs"]])
def test_it_fits_80_columns_and_nothing_in_the_tables_steers_the_terminal(odcr: Odcr, command: list[str]) -> None:
    source = looked_at(
        histories={"e" * 8 + "-1111-2222-3333-444444444444": run("e" * 8 + "-1111-2222-3333-444444444444")}
    )
    result = odcr(source, *command)
    assert result.exit_code == 0, result.stderr
    assert max(map(width, result.output.splitlines())) <= 80
    assert "\x1b" not in result.output
    wide = odcr(source, *command, columns=160)
    assert max(map(width, wide.output.splitlines())) <= 160


def test_idle_capacity_shows_its_cost_and_unknown_prices(odcr: Odcr) -> None:
    text = words(odcr(looked_at(), "idle"))
    # An hour of the 4 costs 2, so one of 3 unused 0.5.
    for part in (
        "3 of 4",
        "3 h ago",
        "1.50",
        "of checkout",
        "5 instances are unused",
        "costs 1.50 USD",
        "price of 2 is",
    ):
        assert part in text
    answer = json.loads(odcr(looked_at(), "idle", "--json").output)
    assert answer["HourlyCost"] == {"USD": 1.5}
    assert [entry["Unused"] for entry in answer["Idle"]] == [3, 2]
    assert "No held capacity is unused" in words(odcr(FakeSource(), "idle"))


def test_the_history_shows_changes_and_on_request_more(odcr: Odcr) -> None:
    text = words(odcr(looked_at(), "history", columns=200))
    assert "2 entries" in text
    assert "SHORT to FULFILLED: 11 acquired, 10 requests, 8 refused" in text
    assert text.index("19:00") < text.index("20:00")
    assert "4 entries" in words(odcr(looked_at(), "history", "--attempts", "--pools"))
    assert "7 attempts" in words(odcr(looked_at(), "history", "--attempts"))


def test_the_history_of_one_demand_and_of_a_time(odcr: Odcr) -> None:
    assert "1 entries" in words(odcr(looked_at(), "history", "--since", "2026-11-10 19:30"))
    assert "2 entries" in words(odcr(looked_at(), "history", "r5b", "1c"))
    assert "Nothing changed" in words(odcr(looked_at(), "history", "m5.large"))
    assert len(json.loads(odcr(looked_at(), "history", "--json").output)["History"]) == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--since", "yesterday"], "not a time"),
        (["--since", "2030-01-01"], "in the future"),
        (["--since", "2026-11-01", "--days", "2"], "either"),
        (["--plot", "/nowhere/at/all.svg"], "cannot be written"),
        (["m5.large", "--plot", "x.svg"], "no demand"),
    ],
)
def test_an_invalid_request_is_answered_in_one_line(odcr: Odcr, arguments: list[str], word: str) -> None:
    result = odcr(looked_at(), "history", *arguments)
    assert result.exit_code == main.ERROR
    assert word in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_history_is_drawn(odcr: Odcr, tmp_path: Path) -> None:
    file = tmp_path / "plot.svg"
    assert odcr(looked_at(), "history", "r5b", "--plot", str(file)).exit_code == 0
    drawn = file.read_text()
    assert drawn.count('class="plot"') == 3
    assert "r5b.2xlarge ap-northeast-1c" in drawn
    assert [file.name for file in tmp_path.iterdir()] == ["plot.svg"]


def test_runs_are_listed_with_what_they_acquired(odcr: Odcr) -> None:
    source = looked_at(histories={"run-2": run("run-2", minutes=90), "run-9": run("run-9", "FAILED")})
    text = words(odcr(source, "runs"))
    assert "run-2 succeeded: 11 acquired, 1 changed status" in text
    assert "run-9 failed" in text
    answer = json.loads(odcr(source, "runs", "--json").output)
    assert [(entry["Name"], entry["Acquired"]) for entry in answer["Runs"]] == [("run-2", 11), ("run-9", 0)]
    assert "no run yet" in words(odcr(FakeSource(), "runs"))


def test_a_run_is_shown_with_its_failing_items_first(odcr: Odcr) -> None:
    with interpreter():
        played = acquiring()
    described = run("abc-1").described | {"status": played.status}
    source = looked_at(histories={"abc-1": Run(described, played.definition, played.events), "abd-1": run("abd-1")})
    answer = json.loads(odcr(source, "runs", "show", "abc", "--json").output)
    assert answer["Steps"][0]["State"] == "LoadTargets"
    statuses = [item["Status"] for item in answer["Items"]]
    assert statuses == sorted(statuses, key=["failed", "aborted", "caught error", "running", "succeeded"].index)
    result = odcr(source, "runs", "show", "abc")
    assert max(map(width, result.output.splitlines())) <= 80
    assert "ReserveShortfalls" in result.output


def test_a_run_that_is_not_clear_is_asked_for_again(odcr: Odcr) -> None:
    source = looked_at(histories={"abc-1": run("abc-1"), "abd-1": run("abd-1")})
    result = odcr(source, "runs", "show", "ab")
    assert result.exit_code == main.ERROR
    assert "2 runs begin with 'ab'" in result.stderr
    assert "There is no run zzz" in odcr(source, "runs", "show", "zzz").stderr


def test_the_report_is_self_contained(odcr: Odcr, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    source = looked_at(histories={"run-2": run("run-2", minutes=90)})
    assert odcr(source, "report", str(file), "--days", "1").exit_code == 0
    page = file.read_text()
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "<script" not in page
    # What stands in the tables is text.
    assert "</script><b>" not in page
    assert "&lt;/script&gt;&lt;b&gt;" in page
    for part in ("4/15", "cr-1", "made by a person", "11 acquired", "All demands, in instances", "1.50 USD"):
        assert part in page
    assert len(re.findall(r"<svg class=\"plot\"", page)) == 5


def test_an_empty_report_says_so(odcr: Odcr, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert odcr(FakeSource(), "report", str(file)).exit_code == 0
    assert "Nothing is wanted yet" in file.read_text()
