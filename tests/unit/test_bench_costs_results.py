"""docs/cost.md says what was measured, and what was measured is the template that is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.costs import COSTS
from bench.costs.counting import STACKS, standing
from bench.costs.results import DRY, HELD, SLOW, Measured
from bench.costs.tables import AIMS, OVER
from bench.documents import PICTURES, RESULTS, ROOT, filled, places

PAGE = ROOT / "docs" / "cost.md"


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(RESULTS.read_text())["costs"]
    return told


def test_the_page_says_what_the_results_say(results: dict[str, Any]) -> None:
    text = PAGE.read_text()
    assert filled(text, COSTS.tables(results)) == text
    assert set(places(text, PAGE.name)) == COSTS.tables(results).keys()


def test_no_sum_of_money_is_typed_in() -> None:
    typed = re.sub(r"<!-- bench: .*?<!-- end -->", "", PAGE.read_text(), flags=re.DOTALL)
    assert not re.findall(r"\$|USD|\d+\.\d|\d %", typed)


def test_the_picture_is_that_of_the_results(results: dict[str, Any], tmp_path: Path) -> None:
    COSTS.draw(results, tmp_path)
    (drawn,) = tmp_path.iterdir()
    assert drawn.read_bytes() == (PICTURES / drawn.name).read_bytes()


@pytest.mark.parametrize("name", STACKS)
def test_the_stacks_are_those_of_the_template(name: str, results: dict[str, Any]) -> None:
    assert standing(STACKS[name]).to_json() == results["stacks"][name]


def test_an_idle_run_takes_six_transitions_however_many_targets_there_are(results: dict[str, Any]) -> None:
    measured = Measured.of(results)
    held = [run for regions in OVER for run in measured.of_case(HELD, regions)]
    assert [run.targets for run in held] == [10, 100, 400, 1000, 4]
    assert {run.used.transitions for run in held} == {6}


def test_every_number_of_short_targets_was_measured_at_both_paces(results: dict[str, Any]) -> None:
    measured = Measured.of(results)
    for case in AIMS:
        assert [run.short for run in measured.of_case(case)] == [1, 10, 40, 100, 500]
        assert [run.short for run in measured.of_case(case, 4)] == [10, 40, 100, 500]


def test_a_target_that_has_a_function_for_the_run_takes_one_transition(results: dict[str, Any]) -> None:
    runs = [run for regions in OVER for run in Measured.of(results).of_case(DRY, regions) if run.short <= 40]
    assert runs
    for run in runs:
        of_branches = 3 * run.used.states["ReserveBranch"]
        # The next run is started: whether it is to be, and the start.
        assert run.used.transitions == 6 + of_branches + run.short + 2
        assert run.used.is_followed


def test_slowed_targets_are_visited_once_and_the_schedule_starts_the_next_run(results: dict[str, Any]) -> None:
    runs = [run for regions in OVER for run in Measured.of(results).of_case(SLOW, regions)]
    assert runs
    for run in runs:
        assert not run.used.is_followed
        assert run.used.functions["ReserveCapacity"].invocations == run.short


def test_a_run_ends_in_its_time(results: dict[str, Any]) -> None:
    definition = json.loads((ROOT / "statemachine" / "acquire_capacity.asl.json").read_text())
    assert max(run.used.seconds for run in Measured.of(results).runs) < definition["TimeoutSeconds"]
