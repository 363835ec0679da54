"""A program that never outlives the local cloud. Without imports of ours, since it is also a script:

    python owned_process.py FOLDER PROGRAM [ARGUMENT...]

The script, the lifeline, runs the program. Its standard input is the line to the owner: when that closes, the program
is asked to stop, is killed if it does not, and FOLDER is deleted, unless the owner wrote `keep` first. A pipe closes
even for a killed owner; no signal handler can offer that. Standard output is the program's process id on a line of its
own, and closes when the program has ended.
"""

import contextlib
import os
import select
import shutil
import subprocess
import sys
import threading
from pathlib import Path

STOP_SECONDS = 20.0
"""How long the program may take to stop before it is killed."""
KEEP = "keep\n"
_MARGIN_SECONDS = 10.0


class OwnedProcess:
    """A running program that ends with `stop()`, or when this process ends, even killed.

    Args:
        command: the program's full path and its arguments.
        folder: deleted when this process ends without `stop()`.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        # A session of its own: Ctrl-C in the terminal must reach only this process, which then stops things in order.
        self._lifeline = subprocess.Popen(  # noqa: S603 - our own script, run by our own Python
            [sys.executable, "-I", "-S", __file__, str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self._lifeline.stdin is not None  # noqa: S101 - it is a pipe
        assert self._lifeline.stdout is not None  # noqa: S101 - it is a pipe
        self._line, self._output = self._lifeline.stdin, self._lifeline.stdout
        first_line = self._output.readline()
        if not first_line.strip().isdigit():
            self.stop()
            raise RuntimeError(f"{command[0]} did not start; try it by hand to see why")
        self.pid = int(first_line)
        """The program's process id."""

    @property
    def running(self) -> bool:
        """Whether the program has not ended yet."""
        return not self.wait_for_end(0)

    def wait_for_end(self, seconds: float) -> bool:
        """Waits at most this long, and returns whether the program has ended."""
        return self._output.closed or bool(select.select([self._output], [], [], seconds)[0])

    def stop(self) -> None:
        """Ends the program, if need be by force, and returns when it is gone. The folder stays."""
        # The lifeline may be gone already.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._line.write(KEEP)
            self._line.flush()
        with contextlib.suppress(BrokenPipeError):
            self._line.close()
        try:
            self._lifeline.wait(STOP_SECONDS + _MARGIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._lifeline.kill()
            self._lifeline.wait()
            raise RuntimeError(f"process {self.pid} does not end; end it by hand: kill -9 {self.pid}") from None
        self._output.close()


def run(folder: str, command: list[str]) -> int:
    """Runs the program on its lifeline; returns its exit code."""
    program = subprocess.Popen(  # noqa: S603 - the owner's own command line
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    sys.stdout.write(f"{program.pid}\n")
    sys.stdout.flush()
    said: list[str] = []

    def stop_when_the_line_closes() -> None:
        said.append(sys.stdin.read())
        program.terminate()
        try:
            program.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()

    line = threading.Thread(target=stop_when_the_line_closes, daemon=True)
    line.start()
    code = program.wait()
    os.close(sys.stdout.fileno())  # closing sys.stdout itself would leave the descriptor open
    # If the program ended by itself, its owner still reads the log in FOLDER, and then closes the line.
    line.join()
    if said != [KEEP]:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
