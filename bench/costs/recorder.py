"""Runs of a deployed stack, and what each used."""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.costs import counters, history, log_lines
from bench.costs.instruments import Writes
from bench.costs.standing import Standing
from bench.costs.usage import EC2_SECONDS, SQL_SECONDS, Usage, Work, billed_ms
from bench.local_runs import logged
from localcloud.stack import Stack

RESERVE, FIND, LOAD, RECORD = "ReserveCapacity", "FindShortfalls", "LoadTargets", "RecordResults"

_RUN_SECONDS = 900.0
"""How long a run may take on the wall."""


@dataclass
class Recorder:
    """A deployed stack, and what its runs have used so far."""

    stack: Stack
    standing: Standing
    writes: Writes
    runs: list[dict[str, Any]] = field(default_factory=list)

    def run(self) -> str:
        """One execution, from start to end, that is not taken down; no other does anything meanwhile or after it."""
        execution = self.stack.start_run()
        self.end(execution)
        return execution

    def end(self, execution: str) -> None:
        """Waits until an execution has ended.

        Raises:
            RuntimeError: it did not succeed.
        """
        while self._is_running(execution) and history.entered(self.stack.history(execution), FIND) is None:
            time.sleep(0.05)
        # The run that this one starts when it ends would mix its own use into this one's.
        with self.throttled(LOAD):
            ended = self.stack.wait(execution, _RUN_SECONDS)
            if history.entered(self.stack.history(execution), "StartNextRun") is not None:
                self._stop_others()
        if ended["status"] != "SUCCEEDED":
            raise RuntimeError(f"A run ended as {ended['status']}: {ended.get('cause')}")

    def take_down(self, case: str, targets: int, short: int, regions: int = 1) -> None:
        """One execution, and what it used."""
        meter, written = counters.Meter(self.stack), self.writes.count
        began = int(time.time() * 1000)
        execution = self.run()
        counted, written = meter.read(), self.writes.count - written
        events = self.stack.history(execution)
        lines = logged(self.stack, began)
        states = history.states(events)
        functions = self._work(lines, counted.statements, is_short="StartNextRun" in states or states[RESERVE] > 0)
        usage = Usage(
            states=dict(states),
            repeats=history.repeats(events),
            functions=functions,
            ec2_calls=counted.ec2_calls,
            bucket_writes=written,
            statements=counted.statements,
            commits=counted.commits,
            redo_bytes=counted.redo_bytes,
            log_bytes=sum(map(log_lines.ingested_bytes, lines.values())) + history.log_bytes(events, execution),
            messages=states["PublishAnnouncement"],
            metrics=tuple(sorted(set().union(*map(log_lines.metrics, lines.values())))),
            seconds=round(self._seconds(events, functions), 1),
        )
        self.runs.append(
            {"case": case, "targets": targets, "short": short, "regions": regions, "used": usage.to_json()}
        )
        tell(
            f"{case}, {short} of {targets} targets short in {regions} Region(s): {usage.transitions} transitions, "
            f"{usage.bucket_writes} writes, {usage.ec2_calls} calls, {usage.seconds} s"
        )

    def statuses(self) -> dict[str, int]:
        """How many targets stand how."""
        return dict(self.stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status"))

    def cold_starts(self) -> dict[str, int]:
        """Milliseconds on a processor until a function's handler is there, the median of all starts, by function."""
        starts = {function: log_lines.init_cpu_ms(lines) for function, lines in logged(self.stack, 0).items()}
        return {function: round(statistics.median(times)) for function, times in sorted(starts.items()) if times}

    @contextmanager
    def throttled(self, function: str) -> Iterator[None]:
        """Within it, Lambda does not run a function."""
        functions, name = self.stack.client("lambda"), f"{self.stack.name}-{function}"
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            functions.delete_function_concurrency(FunctionName=name)

    def _is_running(self, execution: str) -> bool:
        described = self.stack.client("stepfunctions").describe_execution(executionArn=execution)
        return bool(described["status"] == "RUNNING")

    def _stop_others(self) -> None:
        machines = self.stack.client("stepfunctions")
        running = machines.list_executions(
            stateMachineArn=self.stack.outputs["StateMachineArn"], statusFilter="RUNNING"
        )["executions"]
        for other in running:
            machines.stop_execution(executionArn=other["executionArn"])

    def _work(self, lines: dict[str, list[str]], statements: int, *, is_short: bool) -> dict[str, Work]:
        invocations = {name: found for name, of_one in lines.items() if (found := log_lines.invocations(of_one))}
        work = {}
        of_database = sum(len(found) for name, found in invocations.items() if name not in (RESERVE, FIND))
        for name, found in invocations.items():
            cpu_ms, slept_ms = sum(one.cpu_ms for one in found), sum(one.slept_ms for one in found)
            if name == RESERVE:
                # It lives in the cloud's time, and EC2 takes its time to answer: it lasts as long as on AWS.
                billed = sum(one.lasted_ms for one in found) * self.stack.cloud.clock.speed + len(found)
            else:
                # All Regions are asked at once, and the schedule after them if something is short.
                latency = SQL_SECONDS * statements * len(found) / of_database
                if name == FIND:
                    latency = EC2_SECONDS * (2 if is_short else 1)
                billed = billed_ms(cpu_ms, latency, self.standing.memory_mb[name], len(found))
            work[name] = Work(len(found), round(cpu_ms, 1), round(slept_ms), round(billed))
        return work

    def _seconds(self, events: list[dict[str, Any]], functions: dict[str, Work]) -> float:
        """How long it would take on AWS."""
        others = sum(one.billed_ms for name, one in functions.items() if name != RESERVE) / 1000
        begins, ends = (history.entered(events, name) for name in ("ReserveShortfalls", RECORD))
        if begins is None or ends is None:
            return others
        return others + (ends - begins).total_seconds() * self.stack.cloud.clock.speed


def tell(text: str) -> None:
    """Says what is being done."""
    sys.stderr.write(f"  {text}\n")
