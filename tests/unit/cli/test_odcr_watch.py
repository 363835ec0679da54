"""`odcr status --watch`: refreshes until interrupted."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from odcr_cli.commands import status
from odcr_cli.recording import record
from odcr_cli.source import Run
from tests.paths import ROOT
from tests.unit.cli.fake_source import RECENT, FakeSource, Odcr

KEY = {"InstanceType": "m5.large", "AvailabilityZone": "eu-west-1a"}


class Growing(FakeSource):
    """One more is held at each look; at the fourth somebody presses Ctrl-C."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, runs: dict[str, Run] | None = None) -> None:
        super().__init__({"odcr_capacity": [KEY | {"Target_Capacity": 3}]}, runs or {"run-1": Run(RECENT, "{}", [])})
        self.held_now = 0
        self.waited: list[float] = []
        monkeypatch.setattr(status.time, "sleep", self.wait)

    def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
        if table == "odcr_status":
            state = "FULFILLED" if self.held_now == 3 else "SHORT"
            return [KEY | {"Group_Name": "", "Status": state, "Reserved": self.held_now, "Reason": ""}]
        return super().rows(table, since=since)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.held_now += 1
        if self.held_now > 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize("arguments", [("--watch", "2", "--json"), ("--json", "--watch=2")])
def test_each_look_is_a_line_of_json(odcr: Odcr, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    source = Growing(monkeypatch)
    result = odcr(source, "status", *arguments)
    looks = [json.loads(line) for line in result.stdout.splitlines()]
    assert [look["Demands"][0]["Held"] for look in looks] == [0, 1, 2, 3]
    assert [look["Sums"]["Unmet"] for look in looks] == [1, 1, 1, 0]
    assert [(look["Now"], look["Doubt"]) for look in looks] == [("2026-11-10 21:00:00", "")] * 4
    assert source.waited == [2] * 4
    assert (result.exit_code, result.stderr) == (130, "")


def test_a_person_sees_each_look_every_five_seconds(odcr: Odcr, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Growing(monkeypatch)
    result = odcr(source, "status", "--watch")
    assert "3/3" in result.stdout
    assert source.waited == [5] * 4
    assert (result.exit_code, result.stderr) == (130, "")


def test_each_refresh_warns_of_an_outdated_status(odcr: Odcr, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Run(RECENT | {"startDate": RECENT["startDate"].replace(hour=1)}, "{}", [])  # type: ignore[attr-defined]
    assert "may be outdated" in " ".join(odcr(Growing(monkeypatch, {"run-1": old}), "status", "--watch").stdout.split())
    result = odcr(Growing(monkeypatch, {"run-1": old}), "status", "--watch", "--json")
    assert all("may be outdated" in json.loads(line)["Doubt"] for line in result.stdout.splitlines())


def test_ctrl_c_ends_watching_silently(tmp_path: Path) -> None:
    file = tmp_path / "night.odcr"
    record(cast(Any, FakeSource()), file)
    # Who starts the tests in the background has their children ignore Ctrl-C.
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import odcr_cli.main as m; m.run()"
    )
    command = [sys.executable, "-c", script, "--recording", str(file), "status", "--watch", "60", "--json"]
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT / "cli")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["Demands"] == []
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
    assert process.returncode == 130
