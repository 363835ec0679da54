"""`make runtime` fails on each fault that it looks for."""

import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.kept import kept
from tests.runtime import load_handler
from tests.runtime.artifact import Artifact

HERE = "{}.{}".format(*sys.version_info)


def loading(code: str, artifact: Path, version: str = HERE) -> str:
    """The error of loading `app.handler` from an artifact with this code; empty if there is none."""
    artifact.joinpath("app.py").write_text(code)
    libraries = artifact / "libraries"
    command = [sys.executable, "-I", "-S", "-B", load_handler.__file__, version, artifact, libraries, "app.handler"]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(completed.returncode) == bool(completed.stderr), completed.stderr
    return completed.stderr


def test_a_handler_loads(tmp_path: Path) -> None:
    assert loading("def handler(event, context): ...", tmp_path) == ""


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("def handler(", "SyntaxError"),
        ("handler = len\nPATTERN = '\\d'", "SyntaxError"),  # an invalid escape: a warning for now
        ("import yaml\nhandler = len", "No module named 'yaml'"),  # installed here, but not in the artifact
        ("import warnings\nhandler = len\nwarnings.warn('old', DeprecationWarning)", "DeprecationWarning: old"),
        ("handler = 1", "cannot be called"),
        ("", "no attribute 'handler'"),
    ],
)
def test_a_handler_does_not_load(code: str, complaint: str, tmp_path: Path) -> None:
    assert complaint in loading(code, tmp_path)


def test_another_python_is_noticed(tmp_path: Path) -> None:
    assert f"This is Python {HERE} and not 2.7" in loading("handler = len", tmp_path, "2.7")


def test_files_that_must_not_be_in_an_artifact_are_listed(tmp_path: Path) -> None:
    names = ("fast.cpython-313-x86_64-linux-gnu.so", "odcr/__pycache__/zone.cpython-311.pyc", "boto3/session.py")
    for name in (*names, "app.py", "odcr/boto3.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert sorted(Artifact(tmp_path).unwanted()) == sorted(names)


def test_an_interrupted_folder_is_made_again_and_a_complete_one_is_kept(tmp_path: Path) -> None:
    calls = []

    def make(folder: Path) -> None:
        folder.mkdir()
        calls.append(folder)
        if len(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path / "it", "a", make)
    for made_from in ("a", "a", "b"):
        assert kept(tmp_path / "it", made_from, make).is_dir()
    assert len(calls) == 3
