"""Someone at a shell in the checkout who types what the documentation says, and whose settings lead to an account."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from demo.build import ROOT
from localcloud.tests.escape import Proxy, person


class Someone:
    """Their commands, in their environment.

    Args:
        folder: an empty one, for their home.
        proxy: their only way out.
        variables: more of their environment.
    """

    def __init__(self, folder: Path, proxy: Proxy, variables: Mapping[str, str]) -> None:
        self.proxy = proxy
        self._environment = {**person(folder, proxy), **variables}
        self._output = folder / "output"
        self._serving: subprocess.Popen[bytes] | None = None

    def types(self, line: str, answers: str = "") -> "subprocess.CompletedProcess[str]":
        """A command that ends."""
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

    def serves(self, line: str, seconds: float = 300) -> str:
        """A command that starts a local cloud and stays; returns what it has printed when the cloud is ready."""
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

    def has_stopped(self) -> int:
        """The exit code of the command that served."""
        assert self._serving is not None
        return self._serving.wait(60)

    def leave(self) -> None:
        """Ends the command that served, if it has not ended."""
        if self._serving is not None and self._serving.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._serving.pid, signal.SIGTERM)
            self._serving.wait(60)


def _without_setup(line: str) -> str:
    # Whoever runs the tests has the virtual environment; a second setup would ask the package index.
    return re.sub(r"(?<![\w-])make ", "make --old-file=setup ", line)
