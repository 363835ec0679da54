"""The docs and the pictures say what was measured."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench import documents
from bench.commands import MEASUREMENTS, all_tables, main
from bench.documents import PICTURES, RESULTS, ROOT, filled, places
from bench.tables import cold_start

DOCUMENT = """Before.

<!-- bench: costs -->

old

<!-- end -->
Between.
<!-- bench: catch -->
<!-- end -->
"""


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESULTS.read_text())
    return read


def test_places_are_filled_and_the_rest_stays() -> None:
    once = filled(DOCUMENT, {"costs": "| new |\n"})
    assert once == DOCUMENT.replace("old", "| new |")
    assert filled(once, {"catch": "x"}) == once.replace("catch -->\n<!--", "catch -->\n\nx\n\n<!--")
    assert filled(once, {"costs": "| new |\n"}) == once


def test_the_places_of_a_document() -> None:
    assert places(DOCUMENT, "a.md") == ["costs", "catch"]
    assert places("Nothing.", "a.md") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n<!-- bench: costs -->\n", "a.md: costs has no <!-- end -->"),
        ("<!-- bench: one -->\n<!-- bench: two -->\n<!-- end -->\n", "line 2: .* begins before one has ended"),
        ("x\n<!-- end -->\n", "line 2: <!-- end --> ends nothing"),
        ("<!-- bench: Costs_1 -->\n<!-- end -->\n", "names no place"),
        ("<!--bench:costs-->\n<!-- end -->\n", "names no place"),
        ("<!-- bench -->\n<!-- end -->\n", "names no place"),
    ],
)
def test_a_broken_place_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        places(text, "a.md")


def test_a_place_without_a_table_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(DOCUMENT)
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    documents.check({"costs", "catch", "more"})
    with pytest.raises(ValueError, match=r"README.md: no table is called catch. There are: costs."):
        documents.check({"costs"})
    documents.write({"costs": "new"})
    assert "new" in (tmp_path / "README.md").read_text()


def test_what_was_never_measured_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.commands.RESULTS", tmp_path / "results.json")
    monkeypatch.setattr("bench.commands.PICTURES", tmp_path)
    command = CliRunner().invoke(main, ["--draw", "catch"])
    assert command.exit_code == 1
    assert command.output == "Error: bench/results.json has nothing of catch. Measure it: make bench ONLY=catch\n"


def test_the_docs_show_the_results_and_every_table_is_shown(results: dict[str, Any]) -> None:
    tables, shown = all_tables(results), set()
    for path in documents.documents():
        text = path.read_text()
        shown |= {*places(text, path.name)}
        assert filled(text, tables) == text
    assert shown == tables.keys()


def test_the_pictures_show_the_results(results: dict[str, Any], tmp_path: Path) -> None:
    for name, measurement in MEASUREMENTS.items():
        if measurement.draw:
            measurement.draw(results[name], tmp_path)
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert drawn == {path.name: path.read_bytes() for path in PICTURES.glob("*.svg")}


@pytest.mark.parametrize(
    ("page", "section", "figure"),
    [
        ("explanation/performance.md", "## What it catches", r"\d"),
        ("explanation/performance.md", "## How it grows", r"\d"),
        ("explanation/cost.md", "# What it costs", r"\$|USD|\d+\.\d|\d %"),
    ],
)
def test_no_figure_is_typed_in(page: str, section: str, figure: str) -> None:
    outside = re.sub(r"<!-- bench: .*?<!-- end -->", "", (ROOT / "docs" / page).read_text(), flags=re.DOTALL)
    typed = outside.split(section)[1]
    if section.startswith("##"):
        typed = typed.split("\n## ")[0].replace("95 %", "").replace("EC2", "")
    assert not re.findall(figure, typed)


@pytest.mark.parametrize(("ratio", "verdict"), [(1.15, "is met."), (1.16, "is **missed** by LoadTargets.")])
def test_a_slow_start_misses_the_aim(ratio: float, verdict: str) -> None:
    times = {"floor_ms": 300.4, "start_ms": 330.0}
    functions = {"LoadTargets": times | {"ratio": ratio}, "RotateSecret": times | {"ratio": 1.0}}
    table = cold_start.tables({"python": "3.13", "starts": 3, "functions": functions})["cold-start"]
    assert f"| LoadTargets | 300 | 330 | {ratio:.2f} |" in table
    assert f"The aim, at most 1.15, {verdict}" in table
