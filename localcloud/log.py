"""The local cloud's log: a line for everything that most people need not see."""

import contextlib
import logging
import threading
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path


class Log:
    """A file, which begins empty.

    Args:
        path: its place; None for no file.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        if path is not None:
            path.write_text("", encoding="utf-8")

    def write(self, line: str, error: BaseException | None = None) -> None:
        """Appends a line and the error's traceback. A full disk loses it, and ends nothing."""
        if self.path is None:
            return
        text = f"{datetime.now().astimezone():%H:%M:%S} {line}\n"
        if error is not None:
            text += "".join(traceback.format_exception(error))
        with self._lock, contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    @contextlib.contextmanager
    def taking_all(self) -> Iterator[None]:
        """Within it, the complaints of threads and libraries go here instead of the person's terminal."""
        handler, hook = logging.Handler(logging.WARNING), threading.excepthook
        setattr(handler, "emit", self._write_record)  # noqa: B010 - mypy minds the assignment
        logging.getLogger().addHandler(handler)
        threading.excepthook = self._write_end_of_thread
        try:
            yield
        finally:
            threading.excepthook = hook
            logging.getLogger().removeHandler(handler)

    def _write_record(self, record: logging.LogRecord) -> None:
        self.write(f"{record.name}: {record.getMessage()}", record.exc_info[1] if record.exc_info else None)

    def _write_end_of_thread(self, end: threading.ExceptHookArgs) -> None:
        name = end.thread.name if end.thread else "a thread"
        self.write(f"{name} ended with {end.exc_type.__name__}: {end.exc_value}", end.exc_value)

    def __str__(self) -> str:
        return str(self.path or "no log")
