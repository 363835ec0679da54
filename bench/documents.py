"""The places in the docs that are filled with results."""

import re
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
PICTURES = ROOT / "docs" / "pictures"

_PLACE = re.compile(r"(?<=<!-- bench: )([a-z-]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""`<!-- bench: NAME -->`, what was written last, `<!-- end -->`."""

_MARKER = re.compile(r"^<!--\s*(bench\b.*?|end)\s*-->\s*?$", re.MULTILINE)
"""Whatever was meant to begin or end a place."""


def documents() -> list[Path]:
    """The documents that may have such places."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def write(tables: dict[str, str]) -> None:
    """Writes each table into its places; a table without a place is left out.

    Raises:
        ValueError: a place is broken; nothing has been written then.
    """
    before = {path: path.read_text() for path in documents()}
    for path, text in before.items():
        places(text, str(path.relative_to(ROOT)))
    for path, text in before.items():
        after = filled(text, tables)
        if after != text:
            path.write_text(after)


def check(known: Collection[str]) -> None:
    """Checks that every place has its table.

    Raises:
        ValueError: one has none, or is broken.
    """
    for path in documents():
        name = str(path.relative_to(ROOT))
        unknown = [place for place in places(path.read_text(), name) if place not in known]
        if unknown:
            raise ValueError(
                f"{name}: no table is called {', '.join(unknown)}. There are: {', '.join(sorted(known)) or 'none'}. "
                "Correct the name, or measure the benchmark that has it."
            )


def places(text: str, document: str) -> list[str]:
    """The names of a document's places.

    Raises:
        ValueError: a place has no end or no proper name; the message has the document and the line.
    """
    names: list[str] = []
    is_open = False
    for marker in _MARKER.finditer(text):
        where = f"{document}, line {text.count(chr(10), 0, marker.start()) + 1}: {marker[0].strip()}"
        if marker[1] == "end":
            if not is_open:
                raise ValueError(f"{where} ends nothing")
            is_open = False
            continue
        if is_open:
            raise ValueError(f"{where} begins before {names[-1]} has ended; write <!-- end --> above")
        name = re.fullmatch(r"<!-- bench: ([a-z-]+) -->", marker[0])
        if name is None:
            raise ValueError(f"{where} names no place; write <!-- bench: NAME -->, with small letters and hyphens")
        names.append(name[1])
        is_open = True
    if is_open:
        raise ValueError(f"{document}: {names[-1]} has no <!-- end -->")
    return names


def filled(text: str, tables: dict[str, str]) -> str:
    """A document's text with its places filled; places of other names stay as they are."""

    def fill(place: re.Match[str]) -> str:
        name, marker = place.groups()
        return f"{name}{marker}\n{tables[name].strip()}\n\n" if name in tables else place[0]

    return _PLACE.sub(fill, text)
