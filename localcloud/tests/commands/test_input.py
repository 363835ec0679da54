"""Wrong arguments and full disks: one sentence that says what to do."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

from localcloud.clock import Clock
from localcloud.cloud import LocalCloud
from localcloud.commands.main import main as localcloud
from localcloud.commands.printing import command
from localcloud.commands.running import AlreadyRunningError, StateFolder

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
