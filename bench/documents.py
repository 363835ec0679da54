"""The places in the docs that are filled with results."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
PICTURES = ROOT / "docs" / "pictures"

_PLACE = re.compile(r"(?<=<!-- bench: )([a-z-]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""`<!-- bench: NAME -->`, what was written last, `<!-- end -->`."""


def documents() -> list[Path]:
    """The documents that may have such places."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def write(tables: dict[str, str]) -> None:
    """Writes each table where its name stands; tables that stand nowhere are left out."""
    for path in documents():
        before = path.read_text()
        after = filled(before, tables)
        if after != before:
            path.write_text(after)


def filled(text: str, tables: dict[str, str]) -> str:
    """A document's text with its places filled; places of other names stay as they are."""

    def fill(place: re.Match[str]) -> str:
        name, marker = place.groups()
        return f"{name}{marker}\n{tables[name].strip()}\n\n" if name in tables else place[0]

    return _PLACE.sub(fill, text)
