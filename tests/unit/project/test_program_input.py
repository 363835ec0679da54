"""What people may type wrongly to the demo and the benchmarks: one sentence with what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.commands import main as bench
from demo.play import main as demo
from localcloud.commands.running import StateFolder


@pytest.mark.parametrize(("command", "arguments"), [(bench, ["nonsense"]), (demo, ["--keep=maybe"])])
def test_a_word_that_is_none_of_those_that_can_be(command: object, arguments: list[str]) -> None:
    typed = CliRunner().invoke(command, arguments)  # type: ignore[arg-type]
    assert typed.exit_code == 2
    assert "Error: Invalid value for " in typed.output


def test_what_was_not_started_is_not_said_to_have_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with StateFolder().hold():
        played = CliRunner().invoke(demo, ["--keep"])
    assert played.exit_code == 1
    assert "already running" in played.output
    assert "has stopped" not in played.output


@pytest.mark.parametrize(("value", "kept"), [("no", False), ("0", False), ("1", True), ("yes", True)])
def test_keep_is_what_was_said(value: str, kept: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[bool] = []

    def run(_state: object, _screen: object, keep: bool) -> int:
        said.append(keep)
        return 0

    monkeypatch.setattr("demo.play._run", run)
    assert CliRunner().invoke(demo, [f"--keep={value}"]).exit_code == 0
    assert said == [kept]
