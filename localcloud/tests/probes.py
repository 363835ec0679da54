"""What tests look at: ports, processes, and whatever takes a moment to become true."""

import os
import socket
import time
from collections.abc import Callable
from typing import Any


def eventually(condition: Callable[[], Any], what: str, seconds: float = 15) -> Any:
    """Polls until the condition is true, and returns its value."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        time.sleep(0.02)
    return result


def alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def accepts(port: int) -> bool:
    """Whether something on this machine listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
