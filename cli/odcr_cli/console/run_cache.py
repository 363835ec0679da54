"""The page's caches of runs: the newest one, and some that have ended."""

import threading
import time
from collections.abc import Callable
from typing import Any

from odcr_cli.source import Run, Source
from odcr_cli.trouble import Trouble

_FRESH_SECONDS = 4.0
_KEPT_RUNS, _KEPT_SECONDS = 4, 60.0
_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})


class LastRunCache:
    """The newest execution, read every few seconds at most, for the header of each page."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._run: dict[str, Any] | None = None
        self._trouble = ""

    def of(self, source: Source) -> dict[str, Any] | None:
        """ListExecutions' item; None if there is no run.

        Raises:
            Trouble: if it cannot be read.
        """
        with self._lock:
            if self._clock() - self._read_at >= _FRESH_SECONDS:
                self._run, self._trouble = None, ""
                try:
                    self._run = next(iter(source.runs(1)), None)
                except Trouble as error:
                    self._trouble = str(error)
                self._read_at = self._clock()
            if self._trouble:
                raise Trouble(self._trouble)
            return self._run


class EndedRunsCache:
    """The last viewed runs that have ended, so that a click in a graph does not read thousands of events again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Run]] = {}

    def of(self, source: Source, name: str) -> Run:
        """An execution, by its name.

        Raises:
            Trouble: if there is none.
        """
        with self._lock:
            # An ended run may be redriven, so entries expire.
            self._kept = {key: entry for key, entry in self._kept.items() if self._clock() - entry[0] < _KEPT_SECONDS}
            if name in self._kept:
                return self._kept[name][1]
        run = source.run(name)
        if run.described["status"] in _ENDED:
            with self._lock:
                while len(self._kept) >= _KEPT_RUNS:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[name] = (self._clock(), run)
        return run
