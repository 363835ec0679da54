"""The checkout, and copies and programs that the checks need."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

KEPT = ROOT / ".runtime"
"""The folder with what takes long to make. `make clean` deletes it."""

LOCK = ROOT / "requirements-dev.txt"


class CheckFailed(Exception):  # noqa: N818 - says what happened
    """A check fails, or cannot be made here; the message says what to do."""


def copy(folder: Path, destination: Path) -> None:
    """Copies a folder without what git ignores; links become copies of their targets."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    shutil.copytree(folder, destination, ignore=shutil.ignore_patterns(".git", *ignored))


def run(command: Sequence[str | Path]) -> None:
    """Runs a program whose output matters only if it fails.

    Raises:
        CheckFailed: if it fails, with the end of its output.
    """
    completed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if completed.returncode:
        words = " ".join(str(word) for word in command)
        raise CheckFailed(f"This ended with {completed.returncode}: {words}\n{completed.stdout[-2000:]}")
