"""Links of pages lead to files and headings that exist, and so do the names of pages in code."""

import re
from pathlib import Path

import pytest

from tests.documented import PAGES, ROOT

_CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NAMED = re.compile(r"\b(docs/[\w/.-]+\.(?:md|json|yaml|svg|png)\b)(?:,\s+[\"'](\w[\w ,]+)[\"'])?")
_FILE = re.compile(r"`((?:tests|functions|verify|statemachine|odcr)/[\w/]+(?:\.py|\.json|/)|test_\w+\.py)`")
_SOURCES = (
    "functions",
    "cli",
    "verify",
    "demo",
    "deployment",
    "localcloud",
    "bench",
    "scripts",
    "stepper",
    "tests",
    "statemachine",
)
_READ = (".py", ".yaml", ".json", ".html", ".pem")


def test_links_are_found_outside_of_code() -> None:
    text = "[a](b.md#c) and [d\ne](../f.md)\n\n```text\n[no](no.md)\n```\n[out](https://example.com)"
    assert links(text) == ["b.md#c", "../f.md"]


def test_anchors_are_those_of_github() -> None:
    text = "# odcr_group\n\n## What `a` costs, and *why*\n\n## Again\n\n## Again\n\n```sh\n# no\n```\n"
    assert anchors(text) == {"odcr_group", "what-a-costs-and-why", "again", "again-1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_or_heading(page: Path) -> None:
    dead = []
    for link in links(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        exists = target.is_relative_to(ROOT) and target.exists()
        if not exists or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            dead.append(link)
    assert dead == []


def test_every_page_is_reached_from_the_first_one() -> None:
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        left += [(page.parent / link.partition("#")[0]).resolve() for link in links(page.read_text(encoding="utf-8"))]
    assert set(PAGES) <= reached


def test_the_pages_and_headings_that_code_names_exist() -> None:
    files = [path for name in _SOURCES for path in (ROOT / name).rglob("*") if path.suffix in _READ]
    missing = set()
    for path in (*files, ROOT / "template.yaml", ROOT / "Makefile", ROOT / "pyproject.toml"):
        for page, heading in _NAMED.findall(path.read_text(encoding="utf-8")):
            exists = (ROOT / page).exists()
            if not exists or (heading and f"# {heading}\n" not in (ROOT / page).read_text(encoding="utf-8")):
                missing.add(f"{path.relative_to(ROOT)}: {page} {heading}")
    assert missing == set()


def test_the_files_that_pages_name_exist() -> None:
    missing = set()
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            folder = ROOT
            for named in _FILE.findall(line):
                # Further files on a line may be named without the folder of the first.
                places = [folder / named, ROOT / named, ROOT / "functions" / named]
                path = next((place for place in places if place.exists()), None)
                if path is None:
                    missing.add(f"{page.relative_to(ROOT)}: {named}")
                else:
                    folder = path.parent
    assert missing == set()


def links(text: str) -> list[str]:
    """The links of a page within the project."""
    return _LINK.findall(_CODE.sub("", text))


def anchors(text: str) -> set[str]:
    """The fragments by which GitHub finds a page's headings."""
    names = set[str]()
    for heading in _HEADING.findall(_CODE.sub("", text)):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in names:
            number += 1
        names.add(numbered)
    return names
