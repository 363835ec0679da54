"""The tables of docs/performance.md."""

from collections.abc import Callable, Iterable
from typing import Final

from bench.benchmark import Results
from bench.growth.results import HELD, SHORT, Describes, Measured, Run

LINEAR: Final = 1.3
"""The work for one row of many, as a multiple of that of FEWER, that still counts as linear."""
FEWER: Final = 100
MORE_STATEMENTS: Final = 2
"""That a thousand rows may take beyond those of one."""


def tables(results: Results) -> dict[str, str]:
    """By place."""
    measured = Measured.of(results)
    return {"growth-verdict": _verdict(measured), "growth-runs": _runs(measured)}


def _runs(measured: Measured) -> str:
    head = (
        "a run with",
        "lasts, s",
        "the engine's, s",
        "its share",
        "functions' CPU, ms",
        "for each target",
        "database, ms",
        "for each target",
        "SQL statements",
        "describes by FindShortfalls",
        "attempts",
        "describes by them",
        "requests for capacity",
        "waiting for turns, s",
    )
    rows = [
        (
            told(run),
            f"{run.seconds:.2f}",
            f"{run.engine_seconds:.2f}",
            f"{min(1, run.engine_share):.0%}",
            f"{run.cpu_ms:,.0f}",
            f"{run.cpu_ms / run.worked_on:.2f}",
            f"{run.database_ms:,.1f}",
            f"{run.database_ms / run.worked_on:.2f}",
            f"{run.statements:,}",
            f"{run.own_describes:,}",
            f"{run.attempts:,}",
            f"{run.describes - run.own_describes:,}",
            f"{run.asks:,}",
            f"{run.waited_ms / 1000:,.0f}",
        )
        for case in (HELD, SHORT)
        for run in measured.of_case(case)
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def told(run: Run) -> str:
    """A run in words."""
    rows = "1 row" if run.rows == 1 else f"{run.rows:,} rows"
    if run.case == HELD:
        return f"{rows}, all fulfilled"
    return f"{rows}, all short" + (f", {run.short:,} worked on" if run.short < run.rows else "")


def _verdict(measured: Measured) -> str:
    lines = [*_linear(measured), *_describes(measured), *_statements(measured), _engine(measured)]
    return "\n".join(f"- {line}" for line in lines)


def _linear(measured: Measured) -> Iterable[str]:
    for what, of in (
        ("the functions' CPU time", lambda run: run.cpu_ms),
        ("the database's time", lambda run: run.database_ms),
    ):
        ratios = {case: growth(measured, case, of) for case in (HELD, SHORT)}
        most = max(measured.runs, key=lambda run: run.rows).rows
        yield (
            f"At {most:,} rows {what} for each target is {ratios[HELD]:.2f} times that at {FEWER:,} if all are "
            f"fulfilled, {ratios[SHORT]:.2f} times if all are short. "
            + _judged(f"at most {LINEAR}", max(ratios.values()) <= LINEAR)
        )


def growth(measured: Measured, case: str, of: Callable[[Run], float]) -> float:
    """The work for each target of the most rows, as a multiple of that of FEWER."""
    fewer, most = measured.run(case, FEWER), measured.of_case(case)[-1]
    return (of(most) / most.worked_on) / (of(fewer) / fewer.worked_on)


def _describes(measured: Measured) -> Iterable[str]:
    calls = {one.reservations: one for one in sorted(measured.all_describes, key=_by_reservations)}
    wrong = {one.reservations: one for one in measured.all_describes if one.calls != one.expected}
    listed = ", ".join(f"{_times((calls | wrong)[many].calls)} for {many:,}" for many in calls)
    yield f"FindShortfalls describes {listed} reservations. " + _judged("once for each thousand", not wrong)


def _statements(measured: Measured) -> Iterable[str]:
    more = {}
    for case in (HELD, SHORT):
        fewest, *_, most = measured.of_case(case)
        more[case] = (fewest, most)
    listed = "; ".join(
        f"{case}: {most.statements} for {most.rows:,} rows, {fewest.statements} for {fewest.rows:,}"
        for case, (fewest, most) in more.items()
    )
    is_met = all(most.statements - fewest.statements <= MORE_STATEMENTS for fewest, most in more.values())
    yield f"SQL statements of a run, all {listed}. " + _judged(f"at most {MORE_STATEMENTS} more", is_met)


def _engine(measured: Measured) -> str:
    def range_of(case: str) -> str:
        shares = [min(1.0, run.engine_share) for run in measured.of_case(case)]
        return f"{min(shares):.0%} to {max(shares):.0%}"

    return (
        f"With empty functions the same states take {range_of(HELD)} of the wall time if all are fulfilled, "
        f"{range_of(SHORT)} if all are short: the local engine's part, with the waits between repeats."
    )


def _judged(aim: str, is_met: bool) -> str:
    return f"The aim, {aim}, is {'met' if is_met else '**missed**'}."


def _times(calls: int) -> str:
    return {1: "once", 2: "twice"}.get(calls, f"{calls} times")


def _by_reservations(one: Describes) -> int:
    return one.reservations
