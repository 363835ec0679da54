"""What is said about how a run grows follows from what was measured, a missed aim included."""

import json
from typing import Any

import pytest

from bench.documents import RESULTS
from bench.runs.growth import HELD, SHORT, Run, _attempts
from bench.tables.growth import label, of_case, tables


def run(case: str, rows: int) -> Run:
    """A run as it should be: some fixed work, and the same for each target."""
    short = min(rows, 500) if case == SHORT else 0
    attempts, waits = 4 * short, max(0, short - 25)
    return Run(
        case=case,
        rows=rows,
        short=short,
        seconds=2 + rows / 100,
        cpu_ms=20 + 2 * (short or rows),
        waits=waits,
        waited_ms=10_000 * waits,
        database_ms=10 + rows / 10,
        statements=28,
        attempts=attempts,
        describes=1 + attempts + waits,
        asks=attempts,
        reservations=rows,
    )


RUNS = [run(case, rows) for case in (HELD, SHORT) for rows in (1, 10, 100, 1000)]


def results(*others: Run, calls: int = 3) -> dict[str, Any]:
    """As in results.json, with other runs in place of the same ones."""
    runs = {(one["case"], one["rows"]): one for one in (*RUNS, *others)}
    describes = [{"reservations": 1001, "calls": 2}, {"reservations": 2001, "calls": calls}]
    return {"runs": [*runs.values()], "describes": describes}


def verdict(results: dict[str, Any]) -> list[str]:
    return tables(results)["growth-verdict"].splitlines()


def missed(results: dict[str, Any]) -> list[int]:
    return [place for place, line in enumerate(verdict(results)) if "**missed**" in line]


def test_what_is_as_it_should_be_is_told_so() -> None:
    cpu, database, describes, statements = verdict(results())
    assert (
        "0.92 times that at 100 if all are fulfilled, 0.93 times if all are short. The aim, at most 1.3, is met" in cpu
    )
    assert "0.55 times that at 100 if all are fulfilled, 1.10 times if all are short" in database
    assert "describes once for 1, once for 10, once for 100, once for 1,000, twice for 1,001, 3 times for 2,001" in (
        describes
    )
    assert "all fulfilled: 28 for 1,000 rows, 28 for 1; short: 28 for 1,000 rows, 28 for 1. The aim" in statements
    assert missed(results()) == []


@pytest.mark.parametrize("case", [HELD, SHORT])
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"cpu_ms": 4000.0}, 0),
        ({"database_ms": 400.0}, 1),
        ({"describes": 5000}, 2),
        ({"statements": 31}, 3),
    ],
)
def test_a_missed_aim_is_told(case: str, change: dict[str, Any], place: int) -> None:
    many = run(case, 1000)
    assert missed(results(many | change)) == [place]


def test_two_statements_more_are_allowed_and_so_is_less_than_a_third_more_work() -> None:
    many = run(SHORT, 1000)
    assert missed(results(many | {"statements": 30, "cpu_ms": 1.29 * 500 * 2.2})) == []


def test_describing_more_often_than_needed_is_told() -> None:
    more = results(calls=4)
    assert missed(more) == [2]
    assert "4 times for 2,001" in verdict(more)[2]


def test_the_table_has_each_run_and_says_what_a_run_left_for_the_next() -> None:
    head, _, *rows = tables(results())["growth-runs"].splitlines()
    assert len(rows) == len(RUNS)
    assert {line.count("|") for line in (head, *rows)} == {13}
    assert label(run(SHORT, 1000)) == "1,000 rows, all short, 500 worked on"
    assert label(run(HELD, 1)) == "1 row, all fulfilled"
    assert rows[-1].startswith("| 1,000 rows, all short, 500 worked on | 12.00 | 1,020 | 2.04 |")


def event(number: int, previous: int, kind: str, **details: str) -> dict[str, Any]:
    name = kind[0].lower() + kind[1:] + "EventDetails"
    return {"id": number, "previousEventId": previous, "type": kind, name: details}


def test_attempts_are_those_that_looked_at_ec2() -> None:
    load, reserve = (f"arn:aws:lambda:eu-west-1:1:function:odcr-{name}" for name in ("LoadTargets", "ReserveCapacity"))
    history = [
        event(1, 0, "LambdaFunctionScheduled", resource=load),
        event(2, 1, "LambdaFunctionSucceeded", output='{"Targets": []}'),
        *(event(number, 2, "LambdaFunctionScheduled", resource=reserve) for number in (3, 4, 5)),
        event(6, 4, "LambdaFunctionStarted"),
        event(7, 6, "LambdaFunctionFailed", error="Dry", cause="{}"),
        event(8, 3, "LambdaFunctionSucceeded", output='{"Reserved": 1}'),
        event(9, 5, "LambdaFunctionSucceeded", output="{}"),
    ]
    assert _attempts(history) == 2


def test_every_size_was_measured() -> None:
    recorded = json.loads(RESULTS.read_text())["growth"]
    for case in (HELD, SHORT):
        assert [one["rows"] for one in of_case(recorded["runs"], case)] == [1, 10, 100, 1000]
    *few, most = [one["short"] for one in of_case(recorded["runs"], SHORT)]
    assert few == [1, 10, 100]
    # As many as fit into a run.
    assert 450 <= most <= 500
    assert [one["reservations"] for one in recorded["describes"]] == [1001, 2001]
