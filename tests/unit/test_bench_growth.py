"""What is said of how a run grows follows from what was measured, a failed aim included."""

import json
import re
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bench.documents import PICTURES, RESULTS, ROOT, filled, places
from bench.growth import GROWTH, empty
from bench.growth.results import HELD, SHORT, Describes, Measured, Run
from bench.growth.tables import told

PAGE = ROOT / "docs" / "performance.md"
PLACES = {"growth-verdict", "growth-runs"}


def run(case: str, rows: int) -> Run:
    """A run as it should be: some fixed work, and the same for each target."""
    short = min(rows, 500) if case == SHORT else 0
    attempts, waits = 4 * short, max(0, short - 25)
    return Run(
        case=case,
        rows=rows,
        short=short,
        plays=1,
        seconds=2 + rows / 100,
        engine_seconds=1 + rows / 200,
        cpu_ms=20 + 2 * (short or rows),
        waits=waits,
        waited_ms=10_000 * waits,
        database_ms=10 + rows / 10,
        statements=28,
        attempts=attempts,
        describes=1 + attempts + waits,
        asks=attempts,
        other_calls=0,
        reservations=rows,
    )


RUNS = tuple(run(case, rows) for case in (HELD, SHORT) for rows in (1, 10, 100, 1000))
DESCRIBES = (Describes(1001, 2), Describes(2001, 3))


def results(*other: Run, describes: tuple[Describes, ...] = DESCRIBES) -> dict[str, Any]:
    """As in results.json, with other runs in the place of the same ones."""
    runs = {(one.case, one.rows): one for one in (*RUNS, *other)}
    return {
        "runs": [one.to_json() for one in runs.values()],
        "describes": [{"reservations": one.reservations, "calls": one.calls} for one in describes],
    }


def verdict(told: dict[str, Any]) -> list[str]:
    return GROWTH.tables(told)["growth-verdict"].splitlines()


def missed(told: dict[str, Any]) -> list[int]:
    return [place for place, line in enumerate(verdict(told)) if "**missed**" in line]


def test_what_is_as_it_should_be_is_told_so() -> None:
    cpu, database, describes, statements, engine = verdict(results())
    assert (
        "0.92 times that at 100 if all are fulfilled, 0.93 times if all are short. The aim, at most 1.3, is met" in cpu
    )
    assert "0.55 times that at 100 if all are fulfilled, 1.10 times if all are short" in database
    assert "describes once for 1, once for 10, once for 100, once for 1,000, twice for 1,001, 3 times for 2,001" in (
        describes
    )
    assert "all fulfilled: 28 for 1,000 rows, 28 for 1; short: 28 for 1,000 rows, 28 for 1. The aim" in statements
    assert "50% to 50% of the wall time" in engine
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
    assert missed(results(replace(many, **change))) == [place]


def test_two_statements_more_are_allowed_and_so_is_less_than_a_third_more_work() -> None:
    many = run(SHORT, 1000)
    assert missed(results(replace(many, statements=30, cpu_ms=1.29 * 500 * 2.2))) == []


def test_describing_twice_what_fits_in_one_answer_is_told() -> None:
    told = results(describes=(Describes(1001, 2), Describes(2001, 4)))
    assert missed(told) == [2]
    assert "4 times for 2,001" in verdict(told)[2]
    assert Describes(0, 1).expected == Describes(1000, 1).expected == 1


def test_the_table_has_each_run_and_says_what_a_run_left_for_the_next() -> None:
    head, _, *rows = GROWTH.tables(results())["growth-runs"].splitlines()
    assert len(rows) == len(RUNS)
    assert {line.count("|") for line in (head, *rows)} == {15}
    assert told(run(SHORT, 1000)) == "1,000 rows, all short, 500 worked on"
    assert told(run(HELD, 1)) == "1 row, all fulfilled"
    assert rows[-1].startswith("| 1,000 rows, all short, 500 worked on | 12.00 | 6.00 | 50% | 1,020 | 2.04 |")


GIVEN = [json.dumps({"Target": {"InstanceType": name, "AvailabilityZone": "z"}, "Attempt": 0}) for name in "ab"]


def event(number: int, previous: int, kind: str, **details: str) -> dict[str, Any]:
    name = kind[0].lower() + kind[1:] + "EventDetails"
    return {"id": number, "previousEventId": previous, "type": kind, name: details}


def test_empty_functions_answer_what_the_real_ones_did() -> None:
    history = [
        event(1, 0, "LambdaFunctionScheduled", resource="find", input='{"Targets": []}'),
        event(2, 1, "LambdaFunctionStarted"),
        event(3, 2, "LambdaFunctionSucceeded", output='{"Shortfalls": []}'),
        event(4, 3, "LambdaFunctionScheduled", resource="reserve", input=GIVEN[0]),
        event(5, 3, "LambdaFunctionScheduled", resource="reserve", input=GIVEN[1]),
        event(6, 4, "LambdaFunctionStarted"),
        event(7, 5, "LambdaFunctionStarted"),
        event(8, 7, "LambdaFunctionFailed", error="Dry", cause='{"errorMessage": "none", "errorType": "Dry"}'),
        event(9, 6, "LambdaFunctionSucceeded", output='"met"'),
    ]
    assert empty.answers(history) == {
        "find": {empty.NO_TARGET: {"output": {"Shortfalls": []}}},
        "reserve": {"b z 0": {"error": "Dry", "message": "none"}, "a z 0": {"output": "met"}},
    }


def test_an_empty_function_raises_what_the_real_one_raised(tmp_path: Path) -> None:
    packed = empty.packed({"b z 0": {"error": "Dry", "message": "none"}, "a z 0": {"output": "met"}})
    zipfile.ZipFile(BytesIO(packed)).extractall(tmp_path)
    source = tmp_path / "empty.py"
    module: dict[str, Any] = {"__file__": str(source)}
    exec(compile(source.read_text(), source, "exec"), module)
    assert module["handler"](json.loads(GIVEN[0]), None) == "met"
    with pytest.raises(Exception, match="none") as raised:
        module["handler"](json.loads(GIVEN[1]), None)
    assert type(raised.value).__name__ == "Dry"


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESULTS.read_text())["growth"]
    return read


def test_the_page_says_what_the_results_say(recorded: dict[str, Any]) -> None:
    text = PAGE.read_text()
    assert filled(text, GROWTH.tables(recorded)) == text
    assert set(places(text, PAGE.name)) >= GROWTH.tables(recorded).keys() == PLACES


def test_no_figure_is_typed_in() -> None:
    outside = re.sub(r"<!-- bench: .*?<!-- end -->", "", PAGE.read_text(), flags=re.DOTALL).replace("EC2", "")
    assert not re.search(r"\d", outside.split("## How it grows")[1].split("\n## ")[0])


def test_the_picture_is_that_of_the_results(recorded: dict[str, Any], tmp_path: Path) -> None:
    GROWTH.draw(recorded, tmp_path)
    (drawn,) = tmp_path.iterdir()
    assert drawn.read_bytes() == (PICTURES / drawn.name).read_bytes()


def test_every_size_was_measured(recorded: dict[str, Any]) -> None:
    measured = Measured.of(recorded)
    for case in (HELD, SHORT):
        assert [one.rows for one in measured.of_case(case)] == [1, 10, 100, 1000]
    *few, most = [one.short for one in measured.of_case(SHORT)]
    assert few == [1, 10, 100]
    # As many as fit into a run.
    assert 450 <= most <= 500
    assert [one.reservations for one in measured.describes] == [1001, 2001]
