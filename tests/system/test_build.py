"""`make run` without a package index."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployment.build import ROOT, SAM, build
from localcloud.clients.environment import building

NO_INDEX = {
    "PIP_CONFIG_FILE": os.devnull,
    # Nothing listens on the discard port: https://www.iana.org/assignments/service-names-port-numbers
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_RETRIES": "1",
}
NEEDED = (
    "localcloud",
    "demo",
    "deployment",
    "cli",
    "functions",
    "statemachine",
    "scripts",
    "template.yaml",
    "samconfig.toml",
    "Makefile",
)
"""The parts of the checkout that `make run` needs."""


def test_unchanged_functions_are_not_built_again_and_need_no_index(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    before = {file: file.stat().st_mtime_ns for file in built.rglob("*")}
    build(built)
    assert {file: file.stat().st_mtime_ns for file in built.rglob("*")} == before


def test_functions_that_are_built_side_by_side_are_the_same(built: Path, tmp_path: Path) -> None:
    command = [SAM, "build", "--parallel", "--build-dir", str(tmp_path / "build")]
    done = subprocess.run(
        command, cwd=ROOT, env=building(os.environ), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert _files(tmp_path / "build") == _files(built)


def _files(folder: Path) -> set[Path]:
    return {file.relative_to(folder) for file in folder.glob("*/**/*") if file.is_file()}


def test_make_run_says_in_a_few_lines_why_it_cannot_build(tmp_path: Path) -> None:
    for name in NEEDED:
        place = ROOT / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "--old-file=setup", "run"],
        cwd=tmp_path,
        env=inherited | NO_INDEX,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    before, failed, why = done.stdout.partition("StackFailed: ")
    assert failed, done.stdout + done.stderr
    assert before.splitlines()[-1].startswith("Building the functions")
    ended, *lines = why.splitlines()
    assert ended.endswith(" ended with 1:")
    assert "Connection refused" in lines[0]
    assert "is it the right one, and reachable?" in lines[-1]
    assert len(lines) <= 5
    assert "Traceback" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) <= 1  # make's own line
