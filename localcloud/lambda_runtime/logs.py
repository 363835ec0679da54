"""An environment's log stream in CloudWatch Logs, and how its process's output gets there."""

import os
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

from moto.logs.models import logs_backends

TAIL_BYTES = 4096
"""What `LogType: Tail` returns at most: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
_PIPE_SECONDS = 5.0
"""How long the last lines of an invocation may take through the pipe."""

_creating = threading.Lock()


class LogStream:
    """A stream of its own in the function's group, written to moto directly.

    Args:
        account_id: of the function.
        region: of the function.
        group: the log group's name.
        version: the function's version, part of the stream's name.
    """

    def __init__(self, account_id: str, region: str, group: str, version: str) -> None:
        self.name = f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{secrets.token_hex(16)}"
        self._group = group
        self._backend: Any = logs_backends[account_id][region]
        self._tail: list[str] = []

    def begin(self) -> None:
        """Forgets the tail: a new invocation starts."""
        self._tail = []

    def write(self, lines: list[str]) -> None:
        """Appends the lines, all at this moment; creates the group and the stream if they are missing."""
        if not lines:
            return
        self._tail += lines
        with _creating:
            self._backend.ensure_log_group(self._group)
            if self.name not in self._backend.groups[self._group].streams:
                self._backend.create_log_stream(self._group, self.name)
        now = int(time.time() * 1000)
        self._backend.put_log_events(self._group, self.name, [{"timestamp": now, "message": line} for line in lines])

    def tail(self) -> str:
        """The end of what this invocation wrote."""
        return "".join(f"{line}\n" for line in self._tail).encode()[-TAIL_BYTES:].decode(errors="ignore")


class Output:
    """Copies a process's output, stdout and stderr in one pipe, to its log until the pipe closes.

    Args:
        pipe: the read end.
        mark: what the process writes after an invocation's own lines; it does not reach the log.
        log: receives the lines.
    """

    def __init__(self, pipe: IO[bytes], mark: str, log: LogStream) -> None:
        self._pipe, self._mark, self._log = pipe, mark.encode(), log
        self._marked, self._closed = threading.Semaphore(0), threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_until_marked(self) -> None:
        """Returns when the invocation's lines are in the log."""
        self._marked.acquire(timeout=_PIPE_SECONDS)

    def wait_until_closed(self) -> None:
        """Returns when all that the process wrote is in the log."""
        self._closed.wait(_PIPE_SECONDS)

    def _read(self) -> None:
        for batch in self._batches():
            lines: list[str] = []
            for line in batch:
                text, mark, _ = line.partition(self._mark)
                if text or not mark:
                    lines.append(text.decode(errors="backslashreplace"))
                if mark:
                    self._log.write(lines)
                    lines = []
                    self._marked.release()
            self._log.write(lines)
        self._closed.set()

    def _batches(self) -> Iterator[list[bytes]]:
        """Complete lines, as many at once as there are."""
        rest = b""
        with self._pipe as pipe:
            while part := os.read(pipe.fileno(), 1 << 16):
                *lines, rest = (rest + part).split(b"\n")
                if lines:
                    yield lines
        if rest:
            yield [rest]
