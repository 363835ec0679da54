"""What happens in the cloud and is of no interest to most: a file with a line for each thing."""

import contextlib
import threading
import traceback
from datetime import datetime
from pathlib import Path


class Log:
    """The file, which begins empty.

    Args:
        path: its place; None for no file.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        if path is not None:
            path.write_text("", encoding="utf-8")

    def write(self, line: str, error: BaseException | None = None) -> None:
        """Adds a line and, below it, where an error came from. A full disk loses it, and ends nothing."""
        if self.path is None:
            return
        text = f"{datetime.now().astimezone():%H:%M:%S} {line}\n"
        if error is not None:
            text += "".join(traceback.format_exception(error))
        with self._lock, contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    def __str__(self) -> str:
        return str(self.path or "no log")
