"""A person at a shell in the checkout who types what the docs say, and whose settings lead to an account."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from deployment.build import ROOT
from localcloud.tests.escape import Proxy, person


class ShellUser:
    """Runs commands in the person's environment.

    Args:
        folder: an empty folder, for the person's home.
        proxy: the only way out.
        variables: further environment variables.
    """

    def __init__(self, folder: Path, proxy: Proxy, variables: Mapping[str, str]) -> None:
        self.proxy = proxy
        self._environment = {**person(folder, proxy), **variables}
        self._output = folder / "output"
        self._serving: subprocess.Popen[bytes] | None = None

    def run(self, line: str, answers: str = "") -> "subprocess.CompletedProcess[str]":
        """Runs a command that ends by itself."""
        return subprocess.run(
            ["sh", "-c", _without_setup(line)],
            cwd=ROOT,
            env=self._environment,
            input=answers,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start_cloud(self, line: str, seconds: float = 300) -> str:
        """Starts a command that keeps a local cloud running; returns its output up to when the cloud is ready."""
        with self._output.open("wb") as output:
            self._serving = subprocess.Popen(
                ["sh", "-c", _without_setup(line)],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while " -m localcloud down\n" not in self._output.read_text():
            assert self._serving.poll() is None, self._output.read_text()
            assert time.monotonic() < deadline, self._output.read_text()
            time.sleep(0.2)
        return self._output.read_text()

    def exit_code(self) -> int:
        """The exit code of the command of `start_cloud`, once it has ended."""
        assert self._serving is not None
        return self._serving.wait(60)

    def stop(self) -> None:
        """Ends the command of `start_cloud`, if it is still running."""
        if self._serving is not None and self._serving.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._serving.pid, signal.SIGTERM)
            self._serving.wait(60)


def _without_setup(line: str) -> str:
    # The tests run in the virtual environment; setting it up again would ask the package index.
    return re.sub(r"(?<![\w-])make ", "make --old-file=setup ", line)
