"""Wrong input to the demo and the benchmarks: one sentence that says what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.commands import main as bench
from demo.play import main as demo
from localcloud.commands.running import StateFolder


@pytest.mark.parametrize(("command", "arguments"), [(bench, ["nonsense"]), (demo, ["--keep=maybe"])])
def test_an_unknown_word_is_an_error(command: object, arguments: list[str]) -> None:
    typed = CliRunner().invoke(command, arguments)  # type: ignore[arg-type]
    assert typed.exit_code == 2
    assert "Error: Invalid value for " in typed.output


def test_a_demo_that_did_not_start_does_not_report_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with StateFolder().hold():
        played = CliRunner().invoke(demo, ["--keep"])
    assert played.exit_code == 1
    assert "already running" in played.output
    assert "has stopped" not in played.output


@pytest.mark.parametrize(("value", "kept"), [("no", False), ("0", False), ("1", True), ("yes", True)])
def test_keep_takes_the_value_that_was_typed(
    value: str, kept: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    kept_values: list[bool] = []

    def run(_state: object, _screen: object, keep: bool) -> int:
        kept_values.append(keep)
        return 0

    monkeypatch.setattr("demo.play._run", run)
    assert CliRunner().invoke(demo, [f"--keep={value}"]).exit_code == 0
    assert kept_values == [kept]
