"""One environment's log stream in CloudWatch Logs, written to moto directly."""

import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Any

from moto.logs.models import logs_backends

TAIL_BYTES = 4096
"""What `LogType: Tail` returns at most: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

_creating = threading.Lock()


class LogStream:
    """A stream of its own in the function's group, which is created if it is missing.

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
        """Appends the lines, in order, all of this moment. A group or stream deleted meanwhile is made again."""
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
