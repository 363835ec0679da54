"""Runs of a deployed stack, and what each used."""

import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bench.costs import counters, history, log_lines
from bench.costs.duration import makespan, repeat_seconds
from bench.costs.standing import Standing
from bench.costs.usage import EC2_SECONDS, SQL_SECONDS, Usage, billed_ms
from bench.local_runs import logged
from localcloud.stack import Stack

_RUN_SECONDS = 900.0
"""How long a run may take on the wall."""


@dataclass
class Recorder:
    """A deployed stack, and what its runs have used so far."""

    stack: Stack
    standing: Standing
    runs: list[dict[str, Any]] = field(default_factory=list)

    def run(self) -> str:
        """One execution, from start to end, that is not taken down."""
        execution = self.stack.start_run()
        ended = self.stack.wait(execution, _RUN_SECONDS)
        if ended["status"] != "SUCCEEDED":
            raise RuntimeError(f"A run ended as {ended['status']}: {ended.get('cause')}")
        return execution

    def take_down(self, case: str, targets: int, short: int) -> None:
        """One execution, and what it used."""
        meter = counters.Meter(self.stack)
        began = int(time.time() * 1000)
        execution = self.run()
        counted = meter.read()
        events = self.stack.history(execution)
        lines = [line for told in logged(self.stack, began).values() for line in told]
        invocations = log_lines.invocations(lines)
        states = history.states(events)
        usage = Usage(
            states=dict(states),
            repeats=history.repeats(events),
            invocations=len(invocations),
            cpu_ms=round(sum(one.cpu_ms for one in invocations), 1),
            waits=sum(one.waited_ms > 0 for one in invocations),
            waited_ms=round(sum(one.waited_ms for one in invocations)),
            ec2_calls=counted.ec2_calls,
            statements=counted.statements,
            commits=counted.commits,
            redo_bytes=counted.redo_bytes,
            log_bytes=log_lines.ingested_bytes(lines) + history.log_bytes(events, execution),
            messages=states["PublishAnnouncement"],
            metrics=tuple(sorted(log_lines.metrics(lines))),
            seconds=round(self._seconds(events, lines, counted), 1),
        )
        self.runs.append({"case": case, "targets": targets, "short": short, "used": usage.to_json()})
        tell(f"{case}, {short} of {targets} targets short: {usage.transitions} transitions")

    def statuses(self) -> dict[str, int]:
        """How many targets stand how."""
        return dict(self.stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status"))

    def cold_starts(self) -> dict[str, int]:
        """Milliseconds on a processor until a function's handler is there, the median of all starts, by function."""
        starts = {function: log_lines.init_cpu_ms(lines) for function, lines in logged(self.stack, 0).items()}
        return {function: round(statistics.median(times)) for function, times in sorted(starts.items()) if times}

    def _seconds(self, events: list[dict[str, Any]], lines: list[str], counted: counters.Counters) -> float:
        """How long it would take on AWS, if each state machine's wait and each answer took its time."""
        attempts, memory = log_lines.targets(lines), self.standing.memory_mb
        asked = max(0, counted.ec2_calls - 1)
        seconds_of: dict[tuple[str, str], float] = defaultdict(float)
        others = SQL_SECONDS * counted.statements + EC2_SECONDS * (counted.ec2_calls - asked)
        for one in log_lines.invocations(lines):
            if one.request_id in attempts:
                latency = EC2_SECONDS * asked / len(attempts)
                seconds_of[attempts[one.request_id]] += billed_ms(one.cpu_ms, one.waited_ms, latency, memory) / 1000
            else:
                others += billed_ms(one.cpu_ms, one.waited_ms, 0, memory) / 1000
        errors = history.errors_before_repeats(events)
        items = [seconds_of[key] + repeat_seconds(errors[key]) for key in errors]
        return others + makespan(items, self.standing.at_once)


def tell(text: str) -> None:
    """Says what is being done."""
    sys.stderr.write(f"  {text}\n")
