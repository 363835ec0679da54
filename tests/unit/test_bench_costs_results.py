"""docs/cost.md says what was measured, and what was measured is the template that is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.costs import COSTS
from bench.costs.counting import STACKS, standing
from bench.costs.results import DRY, HELD, MET, Measured
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
    held = Measured.of(results).of_case(HELD)
    assert [run.targets for run in held] == [10, 100, 1000]
    assert [run.used.transitions for run in held] == [6, 6, 6]


def test_a_target_in_a_dry_pool_takes_five_and_one_that_is_met_takes_one(results: dict[str, Any]) -> None:
    measured = Measured.of(results)
    # A message is published, and taken out of the outbox.
    for case, each, told in ((DRY, 5, 0), (MET, 1, 2)):
        runs = measured.of_case(case)
        assert [run.short for run in runs] == [1, 10, 100, 500]
        assert [run.used.transitions for run in runs] == [6 + each * run.short + told for run in runs]


def test_a_run_ends_in_its_time(results: dict[str, Any]) -> None:
    definition = json.loads((ROOT / "statemachine" / "acquire_capacity.asl.json").read_text())
    assert max(run.used.seconds for run in Measured.of(results).runs) < definition["TimeoutSeconds"]
