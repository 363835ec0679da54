import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import documents
from bench.commands import BENCHMARKS, main, of
from bench.documents import filled, places

DOCUMENT = """Before.

<!-- bench: costs -->

old

<!-- end -->
Between.
<!-- bench: catch -->
<!-- end -->
"""


def test_places_are_filled_and_the_rest_stays() -> None:
    once = filled(DOCUMENT, {"costs": "| new |\n"})
    assert once == DOCUMENT.replace("old", "| new |")
    assert filled(once, {"catch": "x"}) == once.replace("catch -->\n<!--", "catch -->\n\nx\n\n<!--")
    assert filled(once, {"costs": "| new |\n"}) == once


def test_the_places_of_a_document() -> None:
    assert places(DOCUMENT, "a.md") == ["costs", "catch"]
    assert places("Nothing.", "a.md") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n<!-- bench: costs -->\n", "a.md: costs has no <!-- end -->"),
        ("<!-- bench: one -->\n<!-- bench: two -->\n<!-- end -->\n", "line 2: .* begins before one has ended"),
        ("x\n<!-- end -->\n", "line 2: <!-- end --> ends nothing"),
        ("<!-- bench: Costs_1 -->\n<!-- end -->\n", "names no place"),
        ("<!--bench:costs-->\n<!-- end -->\n", "names no place"),
        ("<!-- bench -->\n<!-- end -->\n", "names no place"),
    ],
)
def test_a_broken_place_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        places(text, "a.md")


def test_every_place_has_its_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(DOCUMENT)
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    documents.check({"costs", "catch", "more"})
    with pytest.raises(ValueError, match=r"README.md: no table is called catch. There are: costs."):
        documents.check({"costs"})
    documents.write({"costs": "new"})
    assert "new" in (tmp_path / "README.md").read_text()


def test_what_was_never_measured_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = BENCHMARKS[0].name
    monkeypatch.setattr("bench.commands.RESULTS", tmp_path / "results.json")
    monkeypatch.setattr("bench.commands.PICTURES", tmp_path)
    told = CliRunner().invoke(main, ["--draw", name])
    assert told.exit_code == 1
    assert told.output == f"Error: bench/results.json has nothing of {name}. Measure it: make bench ONLY={name}\n"


def test_the_docs_have_no_place_without_a_table() -> None:
    results = json.loads(documents.RESULTS.read_text())
    documents.check({name for one in BENCHMARKS for name in one.tables(of(results, one))})
