"""`python -m localcloud` in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.tests.probes import eventually


class CommandLine:
    """Runs the commands in a folder of their own, with its own place for temporary files."""

    def __init__(self, parent: Path, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.environment = {**environment, "PYTHONPATH": str(parent), "TMPDIR": str(self.temporary)}
        self._parent = parent
        self._up: list[subprocess.Popen[str]] = []

    def of(self, environment: Mapping[str, str]) -> "CommandLine":
        """The same folder, and so the same cloud, in another environment."""
        return CommandLine(self._parent, self.folder, environment)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command that ends."""
        return subprocess.run(
            [sys.executable, "-m", "localcloud", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def up(self) -> "subprocess.Popen[str]":
        """Starts `up`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "localcloud", "up", "--port", "0"],
            cwd=self.folder,
            env=self.environment,
            stdout=(self.folder / "out").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._up.append(process)
        return process

    @property
    def output(self) -> str:
        """What `up` has printed so far."""
        return (self.folder / "out").read_text()

    def ready(self) -> "subprocess.Popen[str]":
        """Starts `up`, and returns when it is ready."""
        process = self.up()
        eventually(lambda: "Stop: " in self.output or process.poll() is not None, "up is ready", 60)
        assert process.poll() is None, self.output
        return process

    @property
    def state(self) -> dict[str, object]:
        """The published `cloud.json`."""
        published: dict[str, object] = json.loads((self.folder / ".localcloud" / "cloud.json").read_text())
        return published

    @property
    def database_port(self) -> int:
        """As `up` has printed it."""
        return int(self.output.split("with all rights, at 127.0.0.1:")[1].split(",")[0])

    @property
    def log(self) -> Path:
        """The log, which stays."""
        return self.folder / ".localcloud" / "log"

    def left_behind(self) -> list[str]:
        """New files and folders, without the log."""
        expected = {self.temporary, self.folder / "out", self.log.parent, self.log}
        return [str(each) for each in self.folder.rglob("*") if each not in expected]

    def close(self) -> None:
        for process in self._up:
            if process.poll() is None:
                process.terminate()
            process.wait(60)
