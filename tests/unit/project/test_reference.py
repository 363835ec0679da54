"""The reference agrees with the code: generated parts are up to date, and written parts are complete."""

import re
from pathlib import Path

import pytest

from odcr.domain.outcome import Status
from odcr.gateways.schema import TABLES
from scripts.reference import REFERENCE, filled, parameters
from tests.paths import ROOT

TYPES = "varchar|int|bigint|datetime|decimal|double|text|mediumtext"
PAGES = sorted(REFERENCE.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text) == text, f"{page.relative_to(ROOT)} is out of date: run make docs"


def test_every_generated_part_has_an_end() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("<!-- generated: ") == text.count("<!-- /generated -->")


def test_every_parameter_is_in_a_section() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    declared = re.findall(r"^  (\w+):\n    Type: (?:String|Number)$", template, re.MULTILINE)
    assert re.findall(r"^\| `(\w+)` \|", parameters(), re.MULTILINE) == declared


def test_the_page_names_exactly_the_columns_of_the_tables() -> None:
    sections = re.split(r"^## ", (REFERENCE / "tables.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = {
        section.split("\n", 1)[0]: [
            column
            for first in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
            for column in re.findall(r"`(\w+)`", first)
        ]
        for section in sections
    }
    for table, statement in TABLES.items():
        columns = re.findall(rf"^ *(\w+) (?:{TYPES})\b", statement, re.MULTILINE)
        columns += re.findall(r"\((\w+) (?:int|varchar)\b", statement)
        assert sorted(named[table]) == sorted(set(columns)), table


@pytest.mark.parametrize("page", [REFERENCE / "statuses.md", ROOT / "README.zh-CN.md"], ids=lambda page: page.name)
def test_the_page_explains_exactly_the_statuses(page: Path) -> None:
    rows = re.findall(r"^\| ((?:`[A-Z_]+`、?)+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(re.findall(r"[A-Z_]+", " ".join(rows))) == sorted(Status)
