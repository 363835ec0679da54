"""How commands find the running cloud, tested without one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.commands.running import AlreadyRunningError, NotRunningError, RunningCloud, StateFolder

CLOUD = RunningCloud("http://127.0.0.1:4566", "ap-northeast-1", os.getpid(), "/nowhere")

HOLD = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
from pathlib import Path
from localcloud.commands.running import RunningCloud, StateFolder
state = StateFolder(Path(sys.argv[1]))
with state.hold():
    state.publish(RunningCloud("http://127.0.0.1:1", "eu-west-1", os.getpid(), "/nowhere"))
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def holder(folder: Path, parent: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, cwd=parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        if process.poll() is None:
            process.kill()


def test_nothing_runs_in_a_folder_that_is_not_there(folder: Path) -> None:
    with pytest.raises(NotRunningError, match="python -m localcloud up"):
        StateFolder(folder).read()
    with pytest.raises(NotRunningError):
        StateFolder(folder).stop(1)
    assert not folder.exists()


def test_what_is_published_is_read_and_goes_with_the_cloud(folder: Path) -> None:
    with StateFolder(folder).hold():
        with pytest.raises(NotRunningError, match="starting or stopping"):
            StateFolder(folder).read()
        StateFolder(folder).publish(CLOUD)
        assert StateFolder(folder).read() == CLOUD
    assert list(folder.iterdir()) == []


def test_an_exception_leaves_nothing_either(folder: Path) -> None:
    def fail_while_running() -> None:
        with StateFolder(folder).hold():
            StateFolder(folder).publish(CLOUD)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_running()
    assert list(folder.iterdir()) == []


def test_what_people_keep_in_the_folder_stays(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes").write_text("mine")
    with StateFolder(folder).hold():
        pass
    assert [each.name for each in folder.iterdir()] == ["notes"]


def test_a_second_cloud_is_refused(folder: Path, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(AlreadyRunningError, match="python -m localcloud down"), StateFolder(folder).hold():
        pytest.fail("two clouds hold one folder")
    assert StateFolder(folder).read().pid == holder.pid


def test_stop_asks_waits_and_leaves_nothing(folder: Path, holder: "subprocess.Popen[str]") -> None:
    assert StateFolder(folder).stop(10)
    assert holder.wait(10) == 0
    assert list(folder.iterdir()) == []


def test_stop_gives_up_on_one_that_does_not_end(folder: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGSTOP)
    try:
        assert not StateFolder(folder).stop(0.2)
    finally:
        holder.send_signal(signal.SIGCONT)


def test_what_a_killed_cloud_left_is_no_cloud(folder: Path, holder: "subprocess.Popen[str]") -> None:
    holder.kill()
    holder.wait()
    assert (folder / "cloud.json").exists()
    with pytest.raises(NotRunningError):
        StateFolder(folder).read()
    assert list(folder.iterdir()) == []


def test_a_new_cloud_takes_over_from_a_killed_one(folder: Path, holder: "subprocess.Popen[str]") -> None:
    holder.kill()
    holder.wait()
    with StateFolder(folder).hold():
        with pytest.raises(NotRunningError, match="starting"):
            StateFolder(folder).read()
        StateFolder(folder).publish(CLOUD)
        assert StateFolder(folder).read() == CLOUD
