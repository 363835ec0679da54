"""The checkout: its folder, what it is built from, and what is not its own."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

KEPT = ROOT / ".runtime"
"""What takes long to make; `make clean` deletes it."""

LOCK = ROOT / "requirements-dev.txt"


class CheckFailed(Exception):  # noqa: N818 - says what happened
    """What is checked is not as it has to be, or cannot be checked here; the message says what to do."""


def copy(folder: Path, destination: Path) -> None:
    """Copies a folder without what git ignores; links become what they point to."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    shutil.copytree(folder, destination, ignore=shutil.ignore_patterns(".git", *ignored))


def run(command: Sequence[str | Path]) -> None:
    """Runs a program whose words matter only if it fails.

    Raises:
        CheckFailed: it failed; the message ends with its last words.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        words = " ".join(str(word) for word in command)
        raise CheckFailed(f"This ended with {done.returncode}: {words}\n{done.stdout[-2000:]}")
