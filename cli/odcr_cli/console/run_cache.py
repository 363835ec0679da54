"""What the page keeps between requests beside the history: the newest run, and runs that have ended."""

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
    """The newest execution, asked for every few seconds at most: the head of each page says how old it is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._run: dict[str, Any] | None = None
        self._trouble = ""

    def of(self, source: Source) -> dict[str, Any] | None:
        """ListExecutions' summary; None if there is none.

        Raises:
            Trouble: if it cannot be found out.
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
    """The runs that were looked at last and have ended: each click in a graph would read thousands of events anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Run]] = {}

    def of(self, source: Source, name: str) -> Run:
        """An execution by its name.

        Raises:
            Trouble: if there is none.
        """
        with self._lock:
            # One that has ended may be redriven.
            self._kept = {key: one for key, one in self._kept.items() if self._clock() - one[0] < _KEPT_SECONDS}
            if name in self._kept:
                return self._kept[name][1]
        run = source.run(name)
        if run.described["status"] in _ENDED:
            with self._lock:
                while len(self._kept) >= _KEPT_RUNS:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[name] = (self._clock(), run)
        return run
