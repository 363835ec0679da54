"""The docs and the picture show what was measured."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench import documents, pictures
from bench.commands import tables
from bench.documents import PICTURES, RESULTS, ROOT, filled, places

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
    loaded: dict[str, Any] = json.loads(RESULTS.read_text())
    return loaded


def test_places_are_filled_and_the_rest_stays() -> None:
    new = {"costs": "| new |\n", "catch": "x", "more": ""}
    once = filled(DOCUMENT, new, "a.md")
    assert once == DOCUMENT.replace("old", "| new |").replace("catch -->\n<!--", "catch -->\n\nx\n\n<!--")
    assert filled(once, new, "a.md") == once
    assert filled("Nothing.", {}, "a.md") == "Nothing."


@pytest.mark.parametrize(
    "text",
    [
        "\n<!-- bench: costs -->\n",
        "<!-- bench: catch -->\n<!-- bench: costs -->\n<!-- end -->\n",
        "x\n<!-- end -->\n",
        "<!-- bench: Costs_1 -->\n<!-- end -->\n",
        "<!--bench:costs-->\n<!-- end -->\n",
        "<!-- bench -->\n<!-- end -->\n",
    ],
)
def test_a_broken_marker_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"a.md: a marker is broken"):
        filled(text, {"costs": "", "catch": ""}, "a.md")


def test_nothing_is_written_if_a_table_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(DOCUMENT)
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"README.md: there is no table catch.* There are: costs."):
        documents.write({"costs": "new"})
    assert (tmp_path / "README.md").read_text() == DOCUMENT
    documents.write({"costs": "new", "catch": "x"})
    assert "new" in (tmp_path / "README.md").read_text()


def test_the_docs_show_the_results_and_every_table_is_shown(results: dict[str, Any]) -> None:
    measured, shown = tables(results), set()
    for path in documents.documents():
        text = path.read_text()
        shown |= {*places(text)}
        assert filled(text, measured, path.name) == text
    assert shown == measured.keys()


def test_the_picture_shows_the_results(results: dict[str, Any], tmp_path: Path) -> None:
    pictures.draw(results["catch"], tmp_path)
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
