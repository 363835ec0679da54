"""What an environment process writes, on its way to the log."""

import os
import threading
from collections.abc import Iterator
from typing import IO

from localcloud.lambda_runtime.logs import LogStream

_SECONDS = 5.0
"""How long the last lines of an invocation may take through the pipe."""


class Output:
    """Reads the process's stdout and stderr, which are one pipe, until it closes.

    Args:
        pipe: the read end.
        mark: what the process writes when an invocation's own lines are complete; it is taken out.
        log: gets the lines.
    """

    def __init__(self, pipe: IO[bytes] | None, mark: str, log: LogStream) -> None:
        self._pipe, self._mark, self._log = pipe, mark.encode(), log
        self._marked, self._closed = threading.Semaphore(0), threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_until_marked(self) -> None:
        """Returns when the invocation's lines are in the log."""
        self._marked.acquire(timeout=_SECONDS)

    def wait_until_closed(self) -> None:
        """Returns when all that the process wrote is in the log."""
        self._closed.wait(_SECONDS)

    def _read(self) -> None:
        for batch in self._batches():
            lines: list[str] = []
            for line in batch:
                text, found, _ = line.partition(self._mark)
                if text or not found:
                    lines.append(text.decode(errors="backslashreplace"))
                if found:
                    self._log.write(lines)
                    lines = []
                    self._marked.release()
            self._log.write(lines)
        self._closed.set()

    def _batches(self) -> Iterator[list[bytes]]:
        """Complete lines, as many at once as there are."""
        if self._pipe is None:
            return
        rest = b""
        with self._pipe as pipe:
            while part := os.read(pipe.fileno(), 1 << 16):
                *lines, rest = (rest + part).split(b"\n")
                if lines:
                    yield lines
        if rest:
            yield [rest]
