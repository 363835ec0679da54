"""Long commands show their steps, on a terminal only."""

import json
import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner
from rich.console import Console

from odcr_cli import status_line as module
from odcr_cli.account import Account
from odcr_cli.main import main
from odcr_cli.recording import record
from odcr_cli.status_line import status_line
from odcr_cli.trouble import Trouble
from tests.paths import ROOT
from tests.unit.cli.fake_source import FakeSource

LONG = {
    "record": ["night.odcr"],
    "import": ["targets.csv"],
    "plan": [],
    "report": ["page.html"],
    "export": [],
    "history": [],
    "check": [],
}


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What a terminal on stderr is shown."""
    shown = StringIO()
    monkeypatch.setattr(module, "Console", lambda **_: Console(file=shown, force_terminal=True, width=60))
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setenv("TERM", "xterm")
    return shown


def test_a_terminal_is_shown_what_is_done_in_one_line(screen: StringIO) -> None:
    with status_line("Reading the tables") as tell:
        tell("Reading run [red]\x1b[31m 3 of 100 " + "and more " * 20)
    assert "Reading run [red]\\x1b[31m 3 of 100 and more" in screen.getvalue()
    assert screen.getvalue().count("\n") == 1
    # It goes when it is done: the line is erased.
    assert "\x1b[2K" in screen.getvalue()


def test_a_dumb_terminal_is_shown_nothing(screen: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with status_line("Reading") as tell:
        tell("Reading more")
    assert screen.getvalue() == ""


@pytest.mark.parametrize("command", LONG)
def test_every_long_command_shows_its_steps(
    screen: StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    def nothing(_self: Account) -> None:
        raise Trouble("This is as far as the test goes.")

    monkeypatch.chdir(tmp_path)
    Path("targets.csv").write_text(
        "InstanceType,AvailabilityZone,Target_Capacity\nm5.large,eu-west-1a,2\n", encoding="utf-8"
    )
    monkeypatch.setattr(Account, "stack", property(nothing))
    result = CliRunner(mix_stderr=False).invoke(main, ["--region", "eu-west-1", command, *LONG[command]])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "odcr: This is as far as the test goes.\n"
    assert " ..." in screen.getvalue()


def test_the_status_line_does_not_disturb_json(tmp_path: Path) -> None:
    file = tmp_path / "night.odcr"
    record(cast(Any, FakeSource()), file)
    leader, follower = pty.openpty()
    try:
        environment = os.environ | {"TERM": "xterm", "PYTHONPATH": str(ROOT / "cli")}
        command = [sys.executable, "-m", "odcr_cli.main", "--recording", str(file), "--json", "history"]
        completed = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=follower, check=True)
        assert json.loads(completed.stdout) == {"History": []}
        assert b"Reading the history" in os.read(leader, 10_000)
        quiet = subprocess.run(command, env=environment | {"FORCE_COLOR": "1"}, capture_output=True, check=True)
        assert (json.loads(quiet.stdout), quiet.stderr) == ({"History": []}, b"")
    finally:
        os.close(leader)
        os.close(follower)
