"""A fake source without an account: a test's tables, runs and reservations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from click.testing import Result

from odcr_cli.account import Stack
from odcr_cli.source import Run, Source
from odcr_cli.trouble import Trouble

Odcr = Callable[..., Result]
"""Calls the command line on a source, on a terminal of a given width."""
NOW = datetime(2026, 11, 10, 21, 0, tzinfo=UTC)
RECENT = {"name": "run-1", "status": "SUCCEEDED", "startDate": NOW - timedelta(minutes=1)}
"""ListExecutions' item of a run that has just started."""
MACHINE = "arn:aws:states:ap-northeast-1:123456789012:stateMachine:odcr"
STACK = Stack("odcr", "ap-northeast-1", "123456789012", "CREATE_COMPLETE", {}, {"StateMachineArn": MACHINE})


@dataclass
class FakeSource(Source):
    """A source with prepared contents."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    histories: dict[str, Run] = field(default_factory=dict)
    held: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    moment: datetime = NOW
    is_live: bool = True
    stack: Stack = STACK

    def now(self) -> datetime:
        return self.moment

    def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
        return [row for row in self.tables.get(table, []) if not since or row["Recorded"] >= since]

    def runs(self, limit: int) -> list[dict[str, Any]]:
        return [run.described for run in self.histories.values()][:limit]

    def run(self, name: str) -> Run:
        if name not in self.histories:
            raise Trouble(f"There is no run {name}.")
        return self.histories[name]

    def reservations(self) -> list[dict[str, Any]]:
        return self.held

    def log_lines(
        self,
        function: str,  # noqa: ARG002
        start: datetime,  # noqa: ARG002
        end: datetime,  # noqa: ARG002
        *,
        request: str,  # noqa: ARG002
        limit: int,
    ) -> list[dict[str, Any]]:
        return self.lines[:limit]
