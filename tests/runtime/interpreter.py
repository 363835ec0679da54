"""A Python of the Lambda runtime's version, with the locked packages."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.runtime.checkout import copy


@dataclass(frozen=True)
class Interpreter:
    """How to run the Python.

    Args:
        description: what it is, for people.
        command: the command before its arguments.
        variables: its environment.
        root: the folder that is its `/`; None: this machine's own.
    """

    description: str
    command: Sequence[str | Path]
    variables: Mapping[str, str] = field(repr=False)
    root: Path | None = None

    def path(self, folder: Path, name: str) -> str:
        """A folder's path as the interpreter sees it. With a root of its own, it gets a copy of the folder.

        Args:
            folder: the absolute path.
            name: the name of the copy, which replaces an earlier one.
        """
        if self.root is None:
            return str(folder)
        destination = self.root / "lent" / name
        if destination.exists():
            shutil.rmtree(destination)
        copy(folder, destination)
        return f"/lent/{name}"

    def run(self, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> bool:
        """Runs it to its end, with its output shown.

        Args:
            arguments: after the interpreter's name.
            variables: in addition to its environment.

        Returns:
            Whether it succeeded.
        """
        environment = {**self.variables, **(variables or {})}
        return subprocess.run([*self.command, *arguments], env=environment, check=False).returncode == 0
