"""Programs on a lifeline."""

import signal
import sys
from pathlib import Path

import pytest

from localcloud.database import owned_process
from localcloud.database.owned_process import OwnedProcess
from localcloud.tests.probes import eventually

WAIT = "import signal; signal.pause()"
DEAF = (
    "import signal, pathlib, sys; signal.signal(15, signal.SIG_IGN); pathlib.Path(sys.argv[1]).touch(); signal.pause()"
)


def test_stop_ends_the_program_and_keeps_the_folder(tmp_path: Path) -> None:
    process = OwnedProcess([sys.executable, "-c", WAIT], tmp_path)
    assert process.running
    process.stop()
    process.stop()
    assert not process.running
    assert tmp_path.exists()


def test_a_program_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    process = OwnedProcess([sys.executable, "-c", "pass"], tmp_path)
    assert process.wait_for_end(10)
    assert not process.running
    process.stop()
    assert tmp_path.exists()


def test_one_that_ignores_the_request_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = tmp_path / "owned_process.py"
    patient = Path(owned_process.__file__).read_text()
    assert "STOP_SECONDS = 20.0" in patient
    impatient.write_text(patient.replace("STOP_SECONDS = 20.0", "STOP_SECONDS = 0.2"))
    monkeypatch.setattr(owned_process, "__file__", str(impatient))
    ready = tmp_path / "ready"
    process = OwnedProcess([sys.executable, "-c", DEAF, str(ready)], tmp_path)
    eventually(ready.exists, "the program ignores SIGTERM")

    process.stop()

    assert process._lifeline.returncode == -signal.SIGKILL % 256


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no-such-program did not start"):
        OwnedProcess([str(tmp_path / "no-such-program")], tmp_path / "deleted")
