"""How a run grows with the rows: `make bench ONLY=growth`."""

import statistics
import time
from itertools import pairwise
from typing import Any, TypedDict

from bench.runs import history, log_lines
from bench.runs.stack import Meter, deployed, expect, hold, log, logged, offered, wait, want
from demo.build import build
from demo.stack import Stack
from localcloud.services import CONCURRENCY

HELD, SHORT = "fulfilled", "short"

SPEED = 2
"""Cloud seconds in a second: slow enough for this computer to visit all targets in a run's time."""

SIZES = (1, 10, 100, 1000)
"""Rows."""

PLAYS = 3
"""Of each run; the median counts."""

MANY = 100
"""From so many rows on, runs in which all are short are played once: they have attempts enough for a mean."""

DRY_DAYS = 30
"""A pool that has been dry for so long is asked once a minute, so that a run visits each target once."""

MORE_RESERVATIONS = (1001, 2001)
"""For the most rows: just beyond one page of EC2's answer, and beyond two."""

DESCRIBE, ASKS = "DescribeCapacityReservations", ("CreateCapacityReservation", "ModifyCapacityReservation")


class Run(TypedDict):
    """A run of one case; medians, if it was played more than once."""

    case: str
    rows: int
    reservations: int
    """That the stack held."""
    short: int
    """Targets that it asked EC2 for."""
    seconds: float
    """From the execution's start to its end, on the wall."""
    cpu_ms: float
    """Of all functions, on a whole processor."""
    waits: int
    """Attempts that waited for their turn of EC2's request rate."""
    waited_ms: float
    """How long they waited, all together, in the cloud's time."""
    database_ms: float
    """How long the database worked for the functions."""
    statements: int
    """SQL statements."""
    attempts: int
    """Invocations of ReserveCapacity that looked at EC2."""
    describes: int
    """Of all functions."""
    asks: int
    """Requests for capacity."""


def measure() -> dict[str, Any]:
    """Plays everything, in four to seven minutes on two processors.

    Returns:
        `{"runs": [Run], "describes": [{"reservations", "calls"}]}`: the latter of runs that ask for nothing.
    """
    log("sam build")
    build()
    with deployed(SPEED, CONCURRENCY) as stack:
        _run(stack)
        keys, runs = offered(stack, SIZES[-1]), []
        for before, rows in pairwise((0, *SIZES)):
            hold(stack, keys[before:rows], 1)
            want(stack, keys[before:rows], 1)
            _run(stack)
            runs += _of_size(stack, rows)
        describes = []
        reservations = SIZES[-1]
        for more in MORE_RESERVATIONS:
            hold(stack, [keys[number % len(keys)] for number in range(reservations, more)], 1)
            reservations = more
            describes.append(_describes(stack, keys, reservations))
        return {"runs": runs, "describes": describes}


def _run(stack: Stack) -> None:
    wait(stack, stack.start_run())


def _of_size(stack: Stack, rows: int) -> list[Run]:
    expect(stack, FULFILLED=rows)
    held = [_play(stack) for _ in range(PLAYS)]
    stack.sql("UPDATE odcr_capacity SET Target_Capacity = 2")
    stack.sql(
        "UPDATE odcr_status SET Status = 'SHORT', Target_Capacity = 2, "
        "Short_Since = UTC_TIMESTAMP() - INTERVAL %s DAY, Dry_Since = UTC_TIMESTAMP() - INTERVAL %s DAY",
        DRY_DAYS,
        DRY_DAYS,
    )
    # An environment that has never run creates its clients first. That is the start's work and not the rows'.
    _run(stack)
    short = []
    for _ in range(PLAYS if rows < MANY else 1):
        short.append(_play(stack))
        expect(stack, SHORT=rows)
    stack.sql("UPDATE odcr_capacity SET Target_Capacity = 1")
    _run(stack)
    expect(stack, FULFILLED=rows)
    runs = [_median(case, rows, plays) for case, plays in ((HELD, held), (SHORT, short))]
    for run in runs:
        log(f"{rows} rows, all {run['case']}: {run['seconds']:.2f} s")
    return runs


def _median(case: str, rows: int, plays: list[dict[str, float]]) -> Run:
    median: dict[str, Any] = {}
    for name, first in plays[0].items():
        middle = statistics.median(play[name] for play in plays)
        median[name] = int(middle) if isinstance(first, int) else round(middle, 3)
    run: Run = {"case": case, "rows": rows, "reservations": rows, **median}  # type: ignore[typeddict-item]
    return run


def _play(stack: Stack) -> dict[str, float]:
    """One run; the figures of `Run`."""
    began, meter = int(time.time() * 1000), Meter(stack)
    execution = stack.start_run()
    seconds = wait(stack, execution)
    counted = meter.read()
    lines = logged(stack, began)
    invocations = log_lines.invocations(line for some in lines.values() for line in some)
    events = stack.history(execution)
    return {
        "short": history.states(events)["ReserveCapacity"],
        "seconds": seconds,
        "cpu_ms": sum(one.cpu_ms for one in invocations),
        "waits": sum(one.slept_ms > 0 for one in invocations),
        "waited_ms": sum(one.slept_ms for one in invocations),
        "database_ms": counted["database_us"] / 1000,
        "statements": counted["statements"],
        "attempts": _attempts(events),
        "describes": counted[DESCRIBE],
        "asks": sum(counted[action] for action in ASKS),
    }


def _attempts(events: list[dict[str, Any]]) -> int:
    """Invocations of ReserveCapacity that looked at EC2: one whose turn did not come in the run answers {}."""
    by_id = {event["id"]: event for event in events}
    attempts = 0
    for event in events:
        if event["type"] in ("LambdaFunctionSucceeded", "LambdaFunctionFailed"):
            answer = event.get("lambdaFunctionSucceededEventDetails", {}).get("output")
            while event["type"] != "LambdaFunctionScheduled":
                event = by_id[event["previousEventId"]]
            arn = event["lambdaFunctionScheduledEventDetails"]["resource"]
            attempts += arn.endswith("-ReserveCapacity") and answer != "{}"
    return attempts


def _describes(stack: Stack, keys: list[tuple[str, str]], reservations: int) -> dict[str, int]:
    """How often a run describes so many reservations, all of which are wanted."""
    each, more = divmod(reservations, len(keys))
    stack.sql("UPDATE odcr_capacity SET Target_Capacity = %s", each)
    stack.sql(
        "UPDATE odcr_capacity SET Target_Capacity = Target_Capacity + 1 WHERE (InstanceType, AvailabilityZone) IN %s",
        keys[:more],
    )
    meter = Meter(stack)
    _run(stack)
    calls = meter.read()
    if asks := sum(calls[action] for action in ASKS):
        raise RuntimeError(f"The run sent {asks} requests for more than what is there")
    return {"reservations": reservations, "calls": calls[DESCRIBE]}
