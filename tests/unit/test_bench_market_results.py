"""The recorded results, and that the docs and the pictures say what they say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.documents import PICTURES, RESULTS, documents, filled
from bench.market.catch import CATCH
from bench.market.comparison import compare
from bench.market.measure import MANY, MANY_LIVES_SECONDS
from bench.market.scenario import PLENTY, SCARCE
from bench.market.strategy import ODCR, RIVALS, STRATEGIES
from bench.market.tables import AIM, is_ahead

DOCS = [path for path in documents() if "<!-- bench: catch" in path.read_text()]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(RESULTS.read_text())["catch"]
    return told


MISSED = {(500, 1, 60.0, "bursts of 6"), (500, 1, 60.0, "bursts of 25")}
"""Where the aim is missed: of 500, each is asked once in a run. The ideal asker goes round in two thirds of that."""


def test_odcr_holds_what_the_ideal_asker_holds(results: dict[str, Any]) -> None:
    assert {(cell["targets"], cell["regions"], cell["life"], cell["scenario"]) for cell in results["many"]} == {
        (targets, regions, life, scenario.name)
        for targets, regions in MANY
        for life in MANY_LIVES_SECONDS
        for scenario in SCARCE
    }
    below = {
        (cell["targets"], cell["regions"], cell["life"], cell["scenario"])
        for cell in results["many"]
        if cell["strategies"][ODCR.name]["of_ideal"] < AIM
    }
    assert below == MISSED


def test_no_other_ladder_is_ahead_by_more_than_chance(results: dict[str, Any]) -> None:
    wet = [cell for cell in [*results["scenarios"], *results["many"]] if cell["oracle_hours"]]
    compared = [(cell, one.name) for cell in wet for one in RIVALS if one.name in cell["strategies"]]
    assert {cell["targets"] for cell, _ in compared} == {1, 40}
    ahead = {(cell["scenario"], cell["targets"], name) for cell, name in compared if is_ahead(cell["strategies"][name])}
    # Halving goes on asking in one climb, several times as often as odcr's pace has it.
    assert ahead == {("bursts of 6", 1, "halving")}


def test_ec2_would_refuse_no_request_of_odcrs(results: dict[str, Any]) -> None:
    for cell in [*results["scenarios"], *results["lives"], *results["many"]]:
        assert cell["strategies"][ODCR.name]["overdrawn"] == 0


def test_the_results_are_those_of_the_code(results: dict[str, Any]) -> None:
    (recorded,) = [one for one in results["scenarios"] if (one["scenario"], one["gap"]) == (PLENTY.name, 60)]
    assert compare(PLENTY, 60, STRATEGIES, recorded["seeds"]) == recorded


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_the_docs_say_what_the_results_say(path: Path, results: dict[str, Any]) -> None:
    assert filled(path.read_text(), CATCH.tables(results)) == path.read_text()


def test_every_place_of_the_page_has_its_table(results: dict[str, Any]) -> None:
    page = next(path for path in DOCS if path.name == "performance.md").read_text()
    places = set(re.findall(r"<!-- bench: (catch[a-z-]*) -->", page))
    assert places <= CATCH.tables(results).keys()
    outside = re.sub(r"<!-- bench: .*?<!-- end -->", "", page, flags=re.DOTALL).replace("95 %", "").replace("EC2", "")
    assert not re.search(r"\d", outside.split("## What it catches")[1].split("\n## ")[0])


def test_the_pictures_are_those_of_the_results(results: dict[str, Any], tmp_path: Path) -> None:
    CATCH.draw(results, tmp_path)
    drawn = sorted(tmp_path.iterdir())
    assert [path.name for path in drawn] == ["catch-lives.svg", "catch-many.svg", "catch-scenarios.svg"]
    for path in drawn:
        assert path.read_bytes() == (PICTURES / path.name).read_bytes()
