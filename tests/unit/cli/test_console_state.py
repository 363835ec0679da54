"""What the page keeps between requests, what it changes, and how it finds functions."""

import json
import socket
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from localcloud.ec2 import faults
from odcr_cli.console.account_changes import change_of
from odcr_cli.console.history_cache import HistoryCache, known_since
from odcr_cli.console.local_market import ACTIONS, KINDS
from odcr_cli.console.run_cache import EndedRunsCache, LastRunCache
from odcr_cli.console.state_functions import function_of, log_line
from odcr_cli.demand_tables import demands_of
from odcr_cli.execution_graph import graph_of
from odcr_cli.main import main
from odcr_cli.recording import record
from odcr_cli.request_counts import requests_of, together
from odcr_cli.series import level_changes, levels_over_time
from odcr_cli.source import LiveSource, Run
from odcr_cli.trouble import Trouble
from stepper.definition import Template
from tests.documented import ROOT
from tests.unit.cli.fake_source import NOW, FakeSource


def row(minutes: int, execution: str = "", calls: int = 1) -> dict[str, Any]:
    recorded = f"{NOW - timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"
    name = execution or f"run-{minutes}"
    return {
        "Execution": name,
        "InstanceType": "m5.large",
        "AvailabilityZone": "z",
        "Recorded": recorded,
        "Calls": calls,
    }


@dataclass
class Counted(FakeSource):
    """Records the start of each read."""

    asked: list[str] = field(default_factory=list)

    def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
        self.asked.append(since[11:])
        return super().rows(table, since=since)


@dataclass
class Ticking:
    """A clock that a test advances."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_history_is_read_once_and_then_only_what_is_new() -> None:
    clock, source = Ticking(), Counted({"odcr_history": [row(90), row(20), row(200)]})
    history = HistoryCache(clock)
    assert [entry["Execution"] for entry in history.rows(source, NOW - timedelta(hours=2))] == ["run-90", "run-20"]
    history.rows(source, NOW - timedelta(hours=1))
    assert source.asked == ["19:00:00"], "what was just read is not read again"
    clock.now += 10
    source.tables["odcr_history"].append(row(1))
    assert [entry["Execution"] for entry in history.rows(source, NOW - timedelta(hours=1))] == ["run-20", "run-1"]
    assert source.asked[1:] == ["20:40:00"]
    assert len(history.rows(source, NOW - timedelta(hours=5))) == 4
    assert source.asked[2:] == ["16:00:00"], "a longer time is read as a whole"


def test_the_row_of_an_hour_grows_and_is_one_row() -> None:
    clock, source = Ticking(), Counted({"odcr_history": [row(30, "hour 2026-11-10 20:00", calls=5)]})
    history = HistoryCache(clock)
    history.rows(source, NOW - timedelta(hours=2))
    clock.now += 10
    source.tables["odcr_history"] = [row(2, "hour 2026-11-10 20:00", calls=9)]
    assert [entry["Calls"] for entry in history.rows(source, NOW - timedelta(hours=2))] == [9]


def test_a_page_does_not_wait_for_a_slow_history() -> None:
    answers = threading.Event()

    class Slow(FakeSource):
        def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
            answers.wait()
            return super().rows(table, since=since)

    history, source = HistoryCache(), Slow({"odcr_history": [row(20)]})
    assert history.rows_within(source, NOW - timedelta(hours=2), 0.01) is None
    answers.set()
    rows = history.rows_within(source, NOW - timedelta(hours=2), 30)
    assert rows is not None
    assert len(rows) == 1


def hour(ago: int, held: int = 3, calls: int = 10) -> dict[str, Any]:
    """A row of an hour without changes."""
    then = NOW - timedelta(hours=ago)
    columns = {"Group_Name": "", "Reserved": held, "Target_Capacity": 5, "Refusals": 1, "Acquired": 0, "Lost": 0}
    return row(60 * ago, f"hour {then:%Y-%m-%d %H}:00", calls) | columns | {"Previous_Status": "SHORT"}


def test_old_hours_in_which_nothing_changed_become_one_for_a_quarter_of_a_day() -> None:
    rows = [hour(ago, held=3 if ago > 60 else 4) for ago in range(24 * 20, 0, -1)]
    history = HistoryCache(Ticking())
    kept = history.rows(Counted({"odcr_history": rows}), NOW - timedelta(days=30))
    assert sum(entry["Calls"] for entry in kept) == 10 * len(rows)
    assert sum(entry["Refusals"] for entry in kept) == len(rows)
    assert len(kept) <= 25 + 4 * 20 + 2
    start = NOW - timedelta(days=20)
    whole, few = (levels_over_time(version, start, NOW) for version in (rows, kept))
    assert whole == few, "and the picture is the same"
    assert levels_over_time(level_changes(rows), start, NOW) == whole
    assert len(level_changes(rows)) == 2
    counted = [together(requests_of(version, start, NOW), 6) for version in (rows, kept)]
    assert counted[0] == counted[1]
    assert set(counted[0].calls[1:-1]) == {60}


def test_older_history_is_dropped_when_nobody_looks_at_it() -> None:
    clock, source = Ticking(), Counted({"odcr_history": [hour(ago, held=ago) for ago in range(24 * 20, 0, -1)]})
    history = HistoryCache(clock)
    assert len(history.rows(source, NOW - timedelta(days=30))) == 480, "each said something else"
    for _ in range(5):
        clock.now += 400
        history.rows(source, NOW - timedelta(hours=24))
    assert len(history.available_rows(source, NOW - timedelta(days=30))) == 25
    assert history.available_since(source, NOW - timedelta(days=30)) == NOW - timedelta(hours=25)
    history.rows(source, NOW - timedelta(days=30))
    assert len(history.available_rows(source, NOW - timedelta(days=30))) == 480


def test_cached_rows_are_shown_while_older_ones_are_read() -> None:
    answers = threading.Event()

    class Slow(FakeSource):
        def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
            if since < f"{NOW - timedelta(days=2)}":
                answers.wait(30)
            return super().rows(table, since=since)

    history, source = HistoryCache(), Slow({"odcr_history": [hour(ago) for ago in range(100, 0, -1)]})
    month = NOW - timedelta(days=30)
    for _ in range(3):
        assert history.rows_within(source, month, 0.01) is None
    while not history.available_rows(source, month):
        assert history.rows_within(source, month, 0.01) is None
    assert len(history.available_rows(source, NOW - timedelta(hours=24))) == 24
    assert history.available_since(source, month) == NOW - timedelta(hours=25)
    assert sum(thread.name == "history" for thread in threading.enumerate()) == 1, "it is read once"
    assert history.available_rows(source, month) == history.available_rows(source, NOW - timedelta(hours=25))
    answers.set()
    rows = history.rows_within(source, month, 30)
    assert rows is not None
    assert sum(entry["Calls"] for entry in rows) == 1000


def test_the_pictures_of_a_young_stack_begin_with_its_history() -> None:
    start = NOW - timedelta(hours=24)
    assert known_since([row(10), row(30)], start) == NOW - timedelta(minutes=30, seconds=30)
    assert known_since([row(60 * 24)], start) == start
    assert known_since([], start) == start


def test_an_error_while_reading_the_history_is_raised() -> None:
    class Refusing(FakeSource):
        def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
            raise Trouble(f"no {table} since {since}")

    with pytest.raises(Trouble, match="no odcr_history"):
        HistoryCache().rows_within(Refusing(), NOW - timedelta(hours=2), 30)


def test_the_newest_run_is_asked_for_every_few_seconds_at_most() -> None:
    asked = []

    class Asked(FakeSource):
        def runs(self, limit: int) -> list[dict[str, Any]]:
            asked.append(limit)
            raise Trouble("no")

    clock = Ticking()
    newest = LastRunCache(clock)
    for _ in range(3):
        with pytest.raises(Trouble, match="no"):
            newest.of(Asked())
    assert asked == [1]
    clock.now += 10
    assert newest.of(FakeSource()) is None


def test_only_runs_that_have_ended_are_kept_and_not_for_long() -> None:
    asked = []

    class Asked(FakeSource):
        def run(self, name: str) -> Run:
            asked.append(name)
            return Run({"status": "RUNNING" if name == "new" else "FAILED"}, "{}", [])

    clock, source = Ticking(), Asked()
    runs = EndedRunsCache(clock)
    for name in ("new", "old", "new", "old"):
        runs.of(source, name)
    assert asked == ["new", "old", "new"]
    clock.now += 61
    runs.of(source, "old")
    assert asked[3:] == ["old"]
    for number in range(5):
        runs.of(source, str(number))
    runs.of(source, "old")
    assert asked[-1] == "old"


def test_a_change_names_the_row_what_it_says_and_what_it_said() -> None:
    capacity = [{"InstanceType": "m5.large", "AvailabilityZone": "us-east-1a", "Target_Capacity": 4}]
    group = [{"Group_Name": "web", "TotalTargetCapacity": "10.5", "Unit": "vcpus"}]
    row_, group_ = demands_of(capacity, [], group, [], [], prices=[])
    assert change_of(row_, Decimal(4), Decimal(9)).to_event() == {
        "Table": "odcr_capacity",
        "Row": {"InstanceType": "m5.large", "AvailabilityZone": "us-east-1a", "Target_Capacity": 9},
        "Was": {"InstanceType": "m5.large", "AvailabilityZone": "us-east-1a", "Target_Capacity": 4},
    }
    assert change_of(group_, Decimal("10.5"), Decimal("1E+1")).to_event() == {
        "Table": "odcr_group",
        "Row": {"Group_Name": "web", "TotalTargetCapacity": "10"},
        "Was": {"Group_Name": "web", "TotalTargetCapacity": "10.5"},
    }


def test_the_faults_are_those_of_the_local_cloud() -> None:
    assert [kind.name for kind in KINDS] == [str(kind) for kind in faults.FaultKind]
    assert set(ACTIONS) == set(faults.ACTIONS)
    for kind in KINDS:
        assert faults.Fault(kind.action, kind.name, seconds=30 if kind.needs_seconds else None)


@pytest.mark.parametrize(
    ("resource", "more", "function"),
    [
        ("arn:aws:lambda:ap-northeast-1:123456789012:function:odcr-LoadTargets", {}, "odcr-LoadTargets"),
        ("arn:aws:lambda:ap-northeast-1:123456789012:function:odcr-LoadTargets:live", {}, "odcr-LoadTargets"),
        ("arn:aws:states:::lambda:invoke", {"Parameters": {"FunctionName": "odcr-X"}}, "odcr-X"),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            {"Arguments": {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:odcr-X"}},
            "odcr-X",
        ),
        ("arn:aws:states:::sns:publish", {}, ""),
        ("arn:aws:states:us-east-1:123456789012:activity:work", {}, ""),
    ],
)
def test_the_function_of_a_state_is_found(resource: str, more: dict[str, Any], function: str) -> None:
    task = {"Type": "Task", "Resource": resource, "End": True, **more}
    inner = {"StartAt": "a/b", "States": {"a/b": task}}
    branches = [{"StartAt": "P", "States": {"P": {"Type": "Pass"}}}, inner]
    both = {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}}
    outer = {"StartAt": "All", "States": {"All": {"Type": "Map", "ItemProcessor": both, "End": True}}}
    assert function_of(json.dumps(outer), "All/Both/1/a~1b") == function
    assert function_of(json.dumps(outer), "All/Both/0/P") == ""
    assert function_of("no definition", "All") == ""


def test_the_paths_are_those_of_the_graph() -> None:
    definition = json.dumps(Template(ROOT / "template.yaml").definition())
    graph = graph_of(definition)
    functions = {path: state.about for path, state in graph.states.items() if state.about.startswith("odcr-")}
    assert functions
    assert {path: function_of(definition, path) for path in functions} == functions


def test_a_line_of_json_says_its_message_first_and_what_is_of_this_line_only() -> None:
    line = log_line({"timestamp": 1_000, "message": '{"level":"INFO","message":"Asked","service":"x","Calls":3}\n'})
    assert (line.moment, line.level, line.message) == (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "INFO", "Asked")
    assert line.more == {"Calls": "3"}
    assert log_line({"timestamp": 0, "message": "END RequestId: 1\n"}).message == "END RequestId: 1"
    assert log_line({"timestamp": 0, "message": "[1, 2]"}).message == "[1, 2]"


def recording(tmp_path: Path) -> str:
    path = tmp_path / "night.odcr"
    record(cast(LiveSource, FakeSource()), path)
    return str(path)


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(main, ["--recording", recording(tmp_path), "console", "--no-open", "--port", port])
    assert done.exit_code == 2
    assert f"Port {port} is taken. Name another with --port, or none for a free one." in done.output


def test_a_recording_cannot_be_changed(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--recording", recording(tmp_path), "console", "--allow-changes"])
    assert done.exit_code == 2
    assert "A recording can only be looked at." in done.output
