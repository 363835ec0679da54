"""A program that never outlives the local cloud."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

from localcloud.database import lifeline

_MARGIN_SECONDS = 10.0


class OwnedProcess:
    """A running program that ends with `stop()`, or when this process ends, even killed.

    Args:
        command: the program's full path and its arguments.
        folder: deleted when this process ends without `stop()`.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._ended = threading.Event()
        # A session of its own: Ctrl-C in the terminal must reach only this process, which then stops things in order.
        self._lifeline = subprocess.Popen(  # noqa: S603 - our own script, run by our own Python
            [sys.executable, "-I", "-S", str(Path(lifeline.__file__)), str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        first_line = self._lifeline.stdout.readline() if self._lifeline.stdout else ""
        if not first_line.strip().isdigit():
            self._close_line("")
            self._lifeline.wait()
            raise RuntimeError(f"{command[0]} did not start; try it by hand to see why")
        self.pid = int(first_line)
        """The program's process id."""
        threading.Thread(target=self._notice_the_end, daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether the program has not ended yet."""
        return not self._ended.is_set()

    def wait_for_end(self, seconds: float) -> bool:
        """Waits at most this long, and returns whether the program has ended."""
        return self._ended.wait(seconds)

    def stop(self) -> None:
        """Ends the program, if need be by force, and returns when it is gone. The folder stays."""
        self._close_line(lifeline.KEEP)
        try:
            self._lifeline.wait(lifeline.STOP_SECONDS + _MARGIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._lifeline.kill()
            self._lifeline.wait()
            raise RuntimeError(f"process {self.pid} does not end; end it by hand: kill -9 {self.pid}") from None
        self._ended.set()

    def _close_line(self, last_word: str) -> None:
        line = self._lifeline.stdin
        if line is None or line.closed:
            return
        # The lifeline may be gone already.
        with contextlib.suppress(BrokenPipeError):
            line.write(last_word)
            line.flush()
        with contextlib.suppress(BrokenPipeError):
            line.close()

    def _notice_the_end(self) -> None:
        if self._lifeline.stdout:
            with self._lifeline.stdout as output:
                output.read()
        self._ended.set()
