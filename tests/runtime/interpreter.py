"""A Python of the Lambda runtime's version, with the locked packages."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.runtime.checkout import copy


@dataclass(frozen=True)
class Interpreter:
    """How to run it.

    Args:
        description: what it is, for people.
        command: what its arguments are appended to.
        variables: its environment.
        root: the folder that is `/` to it, if that is not this machine's own.
    """

    description: str
    command: Sequence[str | Path]
    variables: Mapping[str, str] = field(repr=False)
    root: Path | None = None

    def path(self, folder: Path, name: str) -> str:
        """What the interpreter calls a folder. One that it does not see is copied to where it does.

        Args:
            folder: absolute.
            name: of the copy; replaces an earlier one.
        """
        if self.root is None:
            return str(folder)
        seen = self.root / "lent" / name
        if seen.exists():
            shutil.rmtree(seen)
        copy(folder, seen)
        return f"/lent/{name}"

    def run(self, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> bool:
        """Runs it to its end; what it prints is seen.

        Args:
            arguments: after the interpreter's name.
            variables: in addition to its environment.

        Returns:
            Whether it succeeded.
        """
        environment = {**self.variables, **(variables or {})}
        return subprocess.run([*self.command, *arguments], env=environment, check=False).returncode == 0
