"""Recordings: one file with everything that odcr shows, to look at when the account is gone."""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from odcr_cli.account import Stack
from odcr_cli.door import TABLES, Row
from odcr_cli.source import LiveSource, Run, RunNotFound, Source
from odcr_cli.trouble import Trouble

_FORMAT = 1
_MOMENT = "$moment"


def record(
    source: LiveSource, path: Path, *, runs: int = 100, show_step: Callable[[str], None] = lambda _doing: None
) -> list[str]:
    """Writes a recording of the current state.

    Args:
        source: what to record.
        path: the file; it appears only when complete.
        runs: how many of the newest executions to record.
        show_step: called with each step before it begins.

    Returns:
        The names of listed runs that were gone before they could be read, so they are left out.

    Raises:
        Trouble: if something cannot be read, or the file cannot be written.
    """
    show_step("Listing the runs")
    listed = source.runs(runs)
    content: dict[str, Any] = {"Format": _FORMAT, "Now": source.now(), "Stack": asdict(source.stack), "Tables": {}}
    for table in TABLES:
        show_step(f"Reading {table}")
        content["Tables"][table] = source.rows(table)
    histories: dict[str, Any] = {}
    for number, run in enumerate(listed, 1):
        show_step(f"Reading run {number} of {len(listed)}")
        try:
            histories[run["name"]] = asdict(source.run(run["name"]))
        except RunNotFound:
            continue
    show_step("Looking at the reservations")
    content |= {
        "Runs": [run for run in listed if run["name"] in histories],
        "Histories": histories,
        "Reservations": source.reservations(),
    }
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(gzip.compress(json.dumps(content, default=_encoded).encode()))
        unfinished.replace(path)
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {error.strerror}. Name another file.") from error
    return [run["name"] for run in listed if run["name"] not in histories]


class RecordedSource(Source):
    """A recording as a source.

    Args:
        content: as `record` wrote it.
    """

    is_live = False

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self.stack = Stack(**content["Stack"])

    @classmethod
    def read(cls, path: str) -> "RecordedSource":
        """Reads a file.

        Raises:
            Trouble: if it is not a recording that this odcr understands.
        """
        try:
            content = json.loads(gzip.decompress(Path(path).read_bytes()), object_hook=_decoded)
            if content["Format"] != _FORMAT:
                raise Trouble(f"{path} was recorded by another version of odcr. Look at it with that one.")
            for part in ("Now", "Tables", "Runs", "Histories", "Reservations"):
                content[part]
            return cls(content)
        except (gzip.BadGzipFile, zlib.error, EOFError, ValueError, KeyError, TypeError) as error:
            raise Trouble(f"{path} is not a recording. Name a file that `odcr record` wrote.") from error
        except OSError as error:
            raise Trouble(f"{path} cannot be read: {error.strerror}. Name a file that `odcr record` wrote.") from error

    def now(self) -> datetime:
        """The moment of the recording."""
        moment: datetime = self._content["Now"]
        return moment

    def rows(self, table: str, *, since: str = "") -> list[Row]:
        """A table's recorded rows."""
        rows: list[Row] = self._content["Tables"].get(table, [])
        return [row for row in rows if row["Recorded"] >= since] if since else rows

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """The recorded runs."""
        runs: list[dict[str, Any]] = self._content["Runs"]
        return runs[:limit]

    def run(self, name: str) -> Run:
        """A recorded run."""
        history = self._content["Histories"].get(name.rpartition(":")[2])
        if history is None:
            raise RunNotFound(f"The recording has no run {name}. `odcr runs` lists them.")
        return Run(**history)

    def reservations(self) -> list[dict[str, Any]]:
        """The recorded reservations."""
        reservations: list[dict[str, Any]] = self._content["Reservations"]
        return reservations

    def log_lines(
        self,
        function: str,  # noqa: ARG002
        start: datetime,  # noqa: ARG002
        end: datetime,  # noqa: ARG002
        *,
        request: str,  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """Nothing: logs are not recorded."""
        return []


def _encoded(value: object) -> Any:
    if isinstance(value, datetime):
        return {_MOMENT: value.astimezone(UTC).isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be recorded")


def _decoded(content: dict[str, Any]) -> Any:
    return datetime.fromisoformat(content[_MOMENT]) if content.keys() == {_MOMENT} else content
