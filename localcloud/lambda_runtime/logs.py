"""An environment's log stream in CloudWatch Logs, and how its process's output gets there."""

import os
import secrets
import tempfile
import threading
import time
from datetime import UTC, datetime
from typing import Any

from moto.logs.models import logs_backends

TAIL_BYTES = 4096
"""What `LogType: Tail` returns at most: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

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
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - the environment closes it
        """Where the process writes its stdout and stderr."""
        self._copied = 0
        self._group = group
        self._backend: Any = logs_backends[account_id][region]
        self._tail: list[str] = []

    def begin(self) -> None:
        """Forgets the tail: a new invocation starts."""
        self._tail = []

    def copy(self, *, to_the_end: bool = True) -> None:
        """Appends what the process has written since; a line that it may still be writing only with `to_the_end`."""
        file = self.output.fileno()
        # Without moving the position, which is also the process's.
        written = os.pread(file, os.fstat(file).st_size - self._copied, self._copied)
        if not to_the_end:
            written = written[: written.rfind(b"\n") + 1]
        self._copied += len(written)
        if written:
            self.write(*written.decode(errors="backslashreplace").removesuffix("\n").split("\n"))

    def write(self, *lines: str) -> None:
        """Appends the lines, all at this moment; creates the group and the stream if they are missing."""
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
