"""What people may type wrongly, and what their machine may lack: one sentence with what to do."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.commands import main as bench
from demo.play import main as demo
from localcloud.clock import Clock
from localcloud.cloud import LocalCloud
from localcloud.commands import main as localcloud
from localcloud.printing import command
from localcloud.running import AlreadyRunningError, StateFolder

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("speed", ["nan", "inf", "-inf", "0", "-1", "1e-9", "1e308"])
def test_a_speed_that_cannot_be(speed: str) -> None:
    with pytest.raises(ValueError, match=r"speed must be 0\.001 to 10000, not "):
        Clock(float(speed))
    typed = CliRunner().invoke(localcloud, ["up", "--port", "0", f"--speed={speed}"])
    assert (typed.exit_code, "speed must be 0.001 to 10000" in typed.output) == (2, True)


@pytest.mark.parametrize("region", ["mars-1", "", "ap-northeast-1c"])
def test_a_region_that_there_is_not(region: str, tmp_path: Path) -> None:
    typed = CliRunner().invoke(localcloud, ["up", "--port", "0", "--region", region, "--folder", str(tmp_path / "x")])
    assert typed.exit_code == 1
    assert typed.output.splitlines()[-1] == f"Error: EC2 has no Region {region!r}; name one such as ap-northeast-1"


@pytest.mark.parametrize(("free", "sentence"), [("-1", "-1 is not in the range x>=0"), ("many", "'many' is not a")])
def test_capacity_that_cannot_be(free: str, sentence: str) -> None:
    typed = CliRunner().invoke(localcloud, ["capacity", "r5b.2xlarge", "ap-northeast-1c", free])
    assert typed.exit_code == 2
    assert sentence in typed.output


@pytest.mark.parametrize(("command", "arguments"), [(bench, ["nonsense"]), (demo, ["--keep=maybe"])])
def test_a_word_that_is_skipped_of_those_that_can_be(command: object, arguments: list[str]) -> None:
    typed = CliRunner().invoke(command, arguments)  # type: ignore[arg-type]
    assert typed.exit_code == 2
    assert "Error: Invalid value for " in typed.output


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 40_500_000))
    with pytest.raises(RuntimeError, match=r"has 40 MB free, and the local cloud needs 200; free some, or set TMPDIR"):
        LocalCloud(state_dir=tmp_path).start()
    assert list(tmp_path.iterdir()) == []


def test_a_second_cloud_in_a_folder_is_told_how_to_stop_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (Path("elsewhere"), Path(".localcloud")):
        with StateFolder(folder).hold(), pytest.raises(AlreadyRunningError) as caught, StateFolder(folder).hold():
            pass
        assert str(caught.value).endswith(command("down", folder=folder))
    assert "--folder elsewhere" in command("down", folder=Path("elsewhere"))


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
