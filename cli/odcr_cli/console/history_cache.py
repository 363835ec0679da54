"""The page's cache of the history: read once, thinned as it ages, dropped when nobody looks at it."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from sys import intern

from odcr_cli.console.thinning import thinned
from odcr_cli.door import Row
from odcr_cli.formatting import format_moment, parse_moment
from odcr_cli.source import Source
from odcr_cli.trouble import Trouble

_FRESH_SECONDS = 4.0
_KEY = ("Execution", "InstanceType", "AvailabilityZone", "Group_Name")
_USED = frozenset(
    {
        *_KEY,
        *("Recorded", "Previous_Status", "Status", "Target_Capacity", "Reserved", "Unit"),
        *("Acquired", "Lost", "Calls", "Refusals", "Reason"),
    }
)
_LONGEST = timedelta(days=31)
_USUAL = timedelta(hours=25)
"""How much is always kept: the pages' default span."""
_REMEMBERED_SECONDS = 900.0
"""How long older rows are kept after somebody last looked at them."""
_TIDIED_SECONDS = 600.0
_MARGIN = timedelta(seconds=30)


class HistoryCache:
    """The rows of `odcr_history`: read once, then only what has been recorded since.

    The row of the current hour keeps changing; it has the moment of its last change, so it is read again.

    Args:
        clock: a monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reading = threading.Lock()
        """Held while rows are read, which may take long."""
        self._lock = threading.Lock()
        """Held only for an instant."""
        self._rows: dict[tuple[str, ...], Row] = {}
        self._since = ""
        self._last = ""
        self._read_at = float("-inf")
        self._tidied_at = float("-inf")
        self._asked_at = float("-inf")
        """When somebody last asked for more than the default span."""
        self._thread: threading.Thread | None = None
        self._thread_since = ""
        self._trouble: Trouble | None = None

    def rows(self, source: Source, since: datetime) -> list[Row]:
        """All rows recorded since a moment, oldest first.

        Raises:
            Trouble: if they cannot be read.
        """
        first = self._first(source, since)
        with self._reading:
            if not self._since or first < self._since:
                self._take(source, source.rows("odcr_history", since=first), first)
            elif source.is_live and self._clock() - self._read_at >= _FRESH_SECONDS:
                self._take(source, source.rows("odcr_history", since=self._last or self._since), self._since)
        return self._kept(first)

    def rows_within(self, source: Source, since: datetime, patience: float) -> list[Row] | None:
        """The rows, if they can be read within `patience` seconds; else None, and reading goes on in a thread.

        Raises:
            Trouble: if they cannot be read.
        """
        if not source.is_live:
            return self.rows(source, since)
        first = self._first(source, since)
        with self._lock:
            if self._thread is None or not self._thread.is_alive() or first < self._thread_since:
                self._trouble = None
                self._thread_since = first
                self._thread = threading.Thread(target=self._read, args=(source, since), name="history", daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(patience)
        if thread.is_alive():
            return None
        if self._trouble:
            raise self._trouble
        return self._kept(first)

    def available_rows(self, source: Source, since: datetime) -> list[Row]:
        """The rows that are already in the cache."""
        return self._kept(self._first(source, since))

    def available_since(self, source: Source, since: datetime) -> datetime:
        """The first moment whose rows are in the cache."""
        with self._lock:
            return max(since, parse_moment(self._since)) if self._since else source.now()

    def _read(self, source: Source, since: datetime) -> None:
        try:
            if not self._since:
                # First the newest rows, which come soon.
                self.rows(source, max(since, source.now() - _USUAL))
            self.rows(source, since)
        except Trouble as error:
            self._trouble = error

    def _first(self, source: Source, since: datetime) -> str:
        if source.now() - since > _USUAL:
            self._asked_at = self._clock()
        return format_moment(max(since, source.now() - _LONGEST))

    def _kept(self, first: str) -> list[Row]:
        with self._lock:
            kept = [row for row in self._rows.values() if row["Recorded"] >= first]
        return sorted(kept, key=lambda row: str(row["Recorded"]))

    def _take(self, source: Source, rows: list[Row], since: str) -> None:
        kept = self._rows | {_key_of(row): row for row in map(_slim, rows)}
        if since != self._since or self._clock() - self._tidied_at >= _TIDIED_SECONDS:
            now = source.now()
            is_looked_at = self._clock() - self._asked_at < _REMEMBERED_SECONDS
            since = max(since, format_moment(now - (_LONGEST if is_looked_at else _USUAL)))
            left = thinned((row for row in kept.values() if row["Recorded"] >= since), format_moment(now - _USUAL))
            kept = {_key_of(row): row for row in left}
            self._tidied_at = self._clock()
        with self._lock:
            self._rows, self._since = kept, since
            self._last = max((str(row["Recorded"]) for row in rows), default=self._last)
            self._read_at = self._clock()


def known_since(rows: Sequence[Row], start: datetime) -> datetime:
    """Where a plot of these rows begins: nothing is known before the first row of a young stack."""
    first = min((str(row["Recorded"]) for row in rows), default="")
    return max(start, parse_moment(first) - _MARGIN) if first else start


def _key_of(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name) or "") for name in _KEY)


def _slim(row: Row) -> Row:
    """The columns that the page uses, with equal texts shared."""
    return {name: intern(value) if type(value) is str else value for name, value in row.items() if name in _USED}
