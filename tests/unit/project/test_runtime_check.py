"""`make runtime` fails when it has to."""

import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.kept import kept
from tests.runtime import load_handler
from tests.runtime.artifact import Artifact

HERE = "{}.{}".format(*sys.version_info)


def loading(code: str, artifact: Path, version: str = HERE) -> str:
    """What loading `app.handler` of an artifact with that code ends with; empty if it works."""
    artifact.joinpath("app.py").write_text(code)
    libraries = artifact / "libraries"
    command = [sys.executable, "-I", "-S", "-B", load_handler.__file__, version, artifact, libraries, "app.handler"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def test_a_handler_loads(tmp_path: Path) -> None:
    assert loading("def handler(event, context): ...", tmp_path) == ""


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("def handler(", "SyntaxError"),
        ("handler = len\nPATTERN = '\\d'", "SyntaxError"),  # an invalid escape: a warning for now
        ("import yaml\nhandler = len", "No module named 'yaml'"),  # is installed, but not in the artifact
        ("import warnings\nhandler = len\nwarnings.warn('old', DeprecationWarning)", "DeprecationWarning: old"),
        ("handler = 1", "cannot be called"),
        ("", "no attribute 'handler'"),
    ],
)
def test_a_handler_does_not_load(code: str, complaint: str, tmp_path: Path) -> None:
    assert complaint in loading(code, tmp_path)


def test_another_python_is_noticed(tmp_path: Path) -> None:
    assert f"This is Python {HERE} and not 2.7" in loading("handler = len", tmp_path, "2.7")


def test_what_must_not_be_in_an_artifact(tmp_path: Path) -> None:
    names = ("fast.cpython-313-x86_64-linux-gnu.so", "odcr/__pycache__/zone.cpython-311.pyc", "boto3/session.py")
    for name in (*names, "app.py", "odcr/boto3.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert sorted(Artifact(tmp_path).unwanted()) == sorted(names)


def test_what_was_interrupted_is_made_again_and_what_is_complete_is_kept(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        folder.mkdir()
        made.append(folder)
        if len(made) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path / "it", "a", make)
    for made_from in ("a", "a", "b"):
        assert kept(tmp_path / "it", made_from, make).is_dir()
    assert len(made) == 3
