"""What the page keeps between requests: the history, which only grows, the newest run, and runs that have ended."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from odcr_cli.answers import moment, moment_of
from odcr_cli.door import Row
from odcr_cli.source import Run, Source
from odcr_cli.trouble import Trouble

_FRESH_SECONDS = 4.0
_KEY = ("Execution", "InstanceType", "AvailabilityZone", "Group_Name")
_LONGEST = timedelta(days=31)
_KEPT_RUNS, _KEPT_SECONDS = 4, 60.0
_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})
_MARGIN = timedelta(seconds=30)


class History:
    """The rows of `odcr_history`, read once; after that only what was recorded since.

    The row of an hour grows while the hour lasts, and bears the moment of its last change: so it is read again.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, ...], Row] = {}
        self._since = ""
        self._last = ""
        self._read_at = float("-inf")

    def rows(self, source: Source, since: datetime) -> list[Row]:
        """All rows that were recorded since then, the oldest first.

        Raises:
            Trouble: if they cannot be read.
        """
        first = moment(max(since, source.now() - _LONGEST))
        with self._lock:
            if not self._since or first < self._since:
                self._take(source.rows("odcr_history", since=first), first)
            elif source.is_live and self._clock() - self._read_at >= _FRESH_SECONDS:
                self._take(source.rows("odcr_history", since=self._last or self._since), self._since)
            found = [row for row in self._rows.values() if row["Recorded"] >= first]
        return sorted(found, key=lambda row: str(row["Recorded"]))

    def ready(self, source: Source, since: datetime, patience: float) -> list[Row] | None:
        """The rows if they can be had in so many seconds; else None, and they are read meanwhile."""
        if not source.is_live:
            return self.rows(source, since)
        found: list[list[Row]] = []
        trouble: list[Trouble] = []

        def read() -> None:
            try:
                found.append(self.rows(source, since))
            except Trouble as error:
                trouble.append(error)

        thread = threading.Thread(target=read, name="history", daemon=True)
        thread.start()
        thread.join(patience)
        if trouble:
            raise trouble[0]
        return found[0] if found else None

    def _take(self, rows: list[Row], since: str) -> None:
        for row in rows:
            self._rows[tuple(str(row.get(name) or "") for name in _KEY)] = row
        self._since = since
        self._last = max((str(row["Recorded"]) for row in rows), default=self._last)
        self._read_at = self._clock()


def began(rows: Sequence[Row], start: datetime) -> datetime:
    """Where a picture of that history begins: before the first row, of a stack that is younger, nothing is known."""
    first = min((str(row["Recorded"]) for row in rows), default="")
    return max(start, moment_of(first) - _MARGIN) if first else start


class LastRun:
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


class EndedRuns:
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
