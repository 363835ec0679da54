"""How a run grows with the rows, in docs/explanation/performance.md."""

import math
from collections.abc import Iterable
from typing import Any

from bench.markdown import table, verdict
from bench.runs.growth import HELD, SHORT, Run

LINEAR = 1.3
"""The work per target of the most rows, as a multiple of that of FEWER, that still counts as linear."""
FEWER = 100
MORE_STATEMENTS = 2
"""That the most rows may need beyond those of one row."""


def tables(results: dict[str, Any]) -> dict[str, str]:
    """By place."""
    runs = results["runs"]
    by_case = {case: of_case(runs, case) for case in (HELD, SHORT)}
    lines = [*_linear(by_case), _describes(runs, results["describes"]), _statements(by_case)]
    return {
        "growth-verdict": "\n".join(f"- {line}" for line in lines),
        "growth-runs": _runs([*by_case[HELD], *by_case[SHORT]]),
    }


def of_case(runs: Iterable[Run], case: str) -> list[Run]:
    """Runs of one case, the smallest first."""
    return sorted((run for run in runs if run["case"] == case), key=lambda run: run["rows"])


def label(run: Run) -> str:
    """A run in words."""
    rows = "1 row" if run["rows"] == 1 else f"{run['rows']:,} rows"
    if run["case"] == HELD:
        return f"{rows}, all fulfilled"
    return f"{rows}, all short" + (f", {run['short']:,} worked on" if run["short"] < run["rows"] else "")


def _targets(run: Run) -> int:
    """Those that its work was for: the ones that it asked EC2 for, or all, if it asked for none."""
    return run["short"] or run["rows"]


def _own_describes(run: Run) -> int:
    """FindShortfalls' part: an attempt describes before it asks, and again after it waited."""
    return run["describes"] - run["attempts"] - run["waits"]


def _runs(runs: Iterable[Run]) -> str:
    head = (
        "a run with | lasts, s | functions' CPU, ms | for each target | database, ms | for each target | "
        "SQL statements | describes by FindShortfalls | attempts | describes by them | requests for capacity | "
        "waiting for turns, s"
    )
    rows = (
        f"{label(run)} | {run['seconds']:.2f} | {run['cpu_ms']:,.0f} | {run['cpu_ms'] / _targets(run):.2f} | "
        f"{run['database_ms']:,.1f} | {run['database_ms'] / _targets(run):.2f} | {run['statements']:,} | "
        f"{_own_describes(run):,} | {run['attempts']:,} | {run['describes'] - _own_describes(run):,} | "
        f"{run['asks']:,} | {run['waited_ms'] / 1000:,.0f}"
        for run in runs
    )
    return table(head, rows)


def _linear(by_case: dict[str, list[Run]]) -> Iterable[str]:
    def growth(runs: list[Run], field: str) -> float:
        per_target: dict[int, float] = {run["rows"]: run[field] / _targets(run) for run in runs}  # type: ignore[literal-required]
        return per_target[max(per_target)] / per_target[FEWER]

    most = by_case[HELD][-1]["rows"]
    for what, field in (("functions' CPU time", "cpu_ms"), ("database's time", "database_ms")):
        held, short = growth(by_case[HELD], field), growth(by_case[SHORT], field)
        yield (
            f"At {most:,} rows the {what} for each target is {held:.2f} times that at {FEWER:,} if all are "
            f"fulfilled, {short:.2f} times if all are short. "
            + verdict(f"at most {LINEAR}", is_met=max(held, short) <= LINEAR)
        )


def _describes(runs: Iterable[Run], others: Iterable[dict[str, int]]) -> str:
    counts = [(run["reservations"], _own_describes(run)) for run in runs]
    counts += [(one["reservations"], one["calls"]) for one in others]
    # Of several runs with as many reservations, one that is wrong is shown.
    wrong = [(many, calls) for many, calls in counts if calls != max(1, math.ceil(many / 1000))]
    times = {1: "once", 2: "twice"}
    shown = sorted((dict(counts) | dict(wrong)).items())
    listed = ", ".join(f"{times.get(calls, f'{calls} times')} for {many:,}" for many, calls in shown)
    return f"FindShortfalls describes {listed} reservations. " + verdict("once for each thousand", is_met=not wrong)


def _statements(by_case: dict[str, list[Run]]) -> str:
    ends = {case: (runs[0], runs[-1]) for case, runs in by_case.items()}
    listed = "; ".join(
        f"{case}: {most['statements']} for {most['rows']:,} rows, {fewest['statements']} for {fewest['rows']:,}"
        for case, (fewest, most) in ends.items()
    )
    is_met = all(most["statements"] - fewest["statements"] <= MORE_STATEMENTS for fewest, most in ends.values())
    return f"SQL statements of a run, all {listed}. " + verdict(f"at most {MORE_STATEMENTS} more", is_met=is_met)
