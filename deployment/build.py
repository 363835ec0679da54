"""Builds the functions with the SAM CLI, unless nothing has changed."""

import hashlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

from localcloud.clients.environment import building
from localcloud.kept import kept

ROOT = Path(__file__).parents[1]
"""The checkout, where the template is."""
SAM = str(Path(sys.executable).with_name("sam"))

_FAILED = "Build Failed"
"""The line that `sam build` prints before the reason."""
_AFTER_ALL = re.compile(r"make: \*\*\* .*")
_RETRYING = re.compile(r".*WARNING: Retrying \(.*\) after connection broken by '(?P<cause>.*)': (?P<what>\S+)")
_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>: ")
_NO_PACKAGE = ("connection broken by", "No matching distribution")
_ASK_INDEX = "The functions' packages come from pip's package index: is it the right one, and reachable?"
_LINES = 12
"""Of a failure's reason at most; the last ones."""


class StackFailed(Exception):  # noqa: N818 - says what happened
    """The SAM CLI did not build or deploy; the message says why."""


def build(folder: Path | None = None) -> None:
    """Builds the artifacts, as `sam build` does, unless they were built here from the same sources.

    `sam build` asks the package index each time. A build by hand empties the folder, and is not taken for ours.

    Args:
        folder: where to; by default where `Stack.deploy` takes them from.

    Raises:
        StackFailed: it failed.
    """

    def make(unfinished: Path) -> None:
        run([SAM, "build", "--build-dir", str(unfinished)], building(os.environ), cause)

    made_from = f"{metadata.version('aws-sam-cli')}\n{_contents(ROOT / 'functions', ROOT / 'template.yaml')}"
    kept(folder or ROOT / ".aws-sam" / "build", made_from, make)


def run(command: list[str], environment: Mapping[str, str], reason: Callable[[str], str] = str) -> None:
    """Runs the SAM CLI in the checkout.

    Args:
        command: `SAM` and its arguments.
        environment: all of it but PATH.
        reason: what of its output says why it failed.

    Raises:
        StackFailed: it failed.
    """
    # The functions' Makefile calls python3, which must be this one.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    # It leaves a temporary folder behind for each function that it uploads.
    with tempfile.TemporaryDirectory(prefix="localcloud-sam-") as scratch:
        result = subprocess.run(  # noqa: S603 - the SAM CLI beside this Python, with our own arguments
            command,
            cwd=ROOT,
            env={**environment, "PATH": path, "TMPDIR": scratch},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if result.returncode:
        raise StackFailed(f"{shlex.join(command)} ended with {result.returncode}:\n{reason(result.stdout)}")


def cause(output: str) -> str:
    """Why a build failed, in a few lines, and what to do if a package could not be fetched.

    Args:
        output: all that `sam build` printed.
    """
    _, failed, reason = output.rpartition(f"{_FAILED}\n")
    lines = [line.strip() for line in (reason if failed else output).splitlines()]
    lines = [_shortened(line.removeprefix("Error: ")) for line in lines if line]
    # pip says each time that it tries again.
    lines = [line for line in dict.fromkeys(lines) if not _AFTER_ALL.fullmatch(line)][-_LINES:]
    if any(sign in output for sign in _NO_PACKAGE):
        lines.append(_ASK_INDEX)
    return "\n".join(lines)


def _shortened(line: str) -> str:
    if retrying := _RETRYING.fullmatch(line):
        return f"{retrying['what']}: {_OBJECT.sub('', retrying['cause'])}"
    return line


def _contents(*places: Path) -> str:
    """Every file in these places with a digest, but for what Python compiled."""
    files = [file for place in places for file in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file}\n"
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    )
