"""Runs of a deployed stack, and what each used."""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from moto.dynamodb.models import DynamoDBBackend
from moto.ec2.responses import EC2Response

from bench.costs import records
from bench.costs.stack import Meter, log, logged, wait
from bench.costs.usage import EC2_SECONDS, SQL_SECONDS, Run, Usage, Work, billed_ms, is_followed, transitions
from bench.documents import ROOT
from deployment.stack import Stack

RESERVE, FIND, LOAD = "ReserveCapacity", "FindShortfalls", "LoadTargets"

LATE_SECONDS = 15.0
"""How long after its time for asking a run on AWS ends at the latest: with visits under way, and its record."""


@contextmanager
def instrumented() -> Iterator["count[int]"]:
    """Within it, EC2 takes `EC2_SECONDS` to answer, and writes to DynamoDB are counted.

    Yields:
        A counter: its next value is the number of writes so far, those that a condition prevented included, because
        they cost the same, and of reads of the counter itself.
    """
    answer, update, writes = EC2Response.call_action, DynamoDBBackend.update_item, count()

    def call_action(self: Any) -> Any:
        time.sleep(EC2_SECONDS)
        return answer(self)

    def update_item(*args: Any, **kwargs: Any) -> Any:
        next(writes)  # atomic, whichever thread does it
        return update(*args, **kwargs)

    with (
        patch.object(EC2Response, "call_action", call_action),
        patch.object(DynamoDBBackend, "update_item", update_item),
    ):
        yield writes


class Recorder:
    """A deployed stack, and what its runs have used so far.

    Args:
        stack: deployed.
        memory_mb: its functions' memory.
        writes: what `instrumented` yields.
    """

    def __init__(self, stack: Stack, memory_mb: dict[str, int], writes: "count[int]") -> None:
        self.stack = stack
        self._memory_mb, self._writes = memory_mb, writes
        definition = json.loads((ROOT / "statemachine" / "acquire_capacity.asl.json").read_text())
        self._ask_seconds = float(definition["States"][FIND]["Parameters"]["AskSeconds"])
        self.runs: list[Run] = []

    def run(self) -> str:
        """One execution, from start to end; no other run goes on meanwhile or follows."""
        execution = self.stack.start_run()
        self.end(execution)
        return execution

    def end(self, execution: str) -> None:
        """Waits until an execution has ended, and stops the next one that it starts.

        Raises:
            RuntimeError: it did not succeed.
        """
        machines = self.stack.client("stepfunctions")
        while machines.describe_execution(executionArn=execution)["status"] == "RUNNING":
            if records.entered(self.stack.history(execution), FIND) is not None:
                break
            time.sleep(0.05)
        # Otherwise the next run's usage would count as this one's.
        with self.throttled(LOAD):
            wait(self.stack, execution)
            if records.entered(self.stack.history(execution), "StartNextRun") is not None:
                arn = self.stack.outputs["StateMachineArn"]
                for other in machines.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
                    machines.stop_execution(executionArn=other["executionArn"])

    def record(self, case: str, targets: int, short: int) -> None:
        """One execution, and what it used."""
        meter, written, began = Meter(self.stack), next(self._writes), int(time.time() * 1000)
        execution = self.run()
        counted, written = meter.read(), next(self._writes) - written - 1
        events = self.stack.history(execution)
        lines = logged(self.stack, began)
        states = records.states(events)
        work = self._work(lines, counted["statements"], is_short="StartNextRun" in states or states[RESERVE] > 0)
        used = Usage(
            states=dict(states),
            repeats=records.repeats(events),
            functions=work,
            ec2_calls=sum(number for name, number in counted.items() if name[0].isupper()),
            bucket_writes=written,
            statements=counted["statements"],
            commits=counted["commits"],
            redo_bytes=counted["redo_bytes"],
            log_bytes=sum(map(records.ingested_bytes, lines.values())),
            metrics=sorted(set().union(*map(records.metrics, lines.values()))),
            seconds=round(records.length(events, {name: one["billed_ms"] / 1000 for name, one in work.items()}), 1),
        )
        if is_followed(used) and used["seconds"] > self._ask_seconds + LATE_SECONDS:
            raise RuntimeError(
                f"A run that asks for {self._ask_seconds:g} s took {used['seconds']}: this machine is too slow to make "
                "as many visits as AWS. Measure on a quicker one."
            )
        self.runs.append(Run(case=case, targets=targets, short=short, used=used))
        log(
            f"{case}, {short} of {targets} targets short: {transitions(used)} transitions, "
            f"{used['bucket_writes']} writes, {used['ec2_calls']} calls, {used['seconds']} s"
        )

    def cold_starts(self) -> dict[str, int]:
        """Processor milliseconds until the handler is loaded, the median of all starts, by function."""
        starts = {function: records.init_cpu_ms(lines) for function, lines in logged(self.stack, 0).items()}
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

    def _work(self, lines: dict[str, list[str]], statements: int, *, is_short: bool) -> dict[str, Work]:
        by_function = {name: some for name, of_one in lines.items() if (some := records.invocations(of_one))}
        with_database = sum(len(some) for name, some in by_function.items() if name not in (RESERVE, FIND))
        work: dict[str, Work] = {}
        for name, some in by_function.items():
            cpu_ms = sum(one.cpu_ms for one in some)
            if name == RESERVE:
                # It waits as long as on AWS: for EC2's answers, and at its pace.
                latency = (sum(one.lasted_ms for one in some) - cpu_ms) / 1000
            elif name == FIND:
                # It asks EC2, and then the schedule if something is short.
                latency = EC2_SECONDS * (2 if is_short else 1)
            else:
                latency = SQL_SECONDS * statements * len(some) / with_database
            work[name] = Work(
                invocations=len(some),
                cpu_ms=round(cpu_ms, 1),
                billed_ms=round(billed_ms(cpu_ms, latency, self._memory_mb[name], len(some))),
            )
        return work
