"""The places in the docs that are filled with results: `<!-- bench: NAME -->`, the table, `<!-- end -->`."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
PICTURES = ROOT / "docs" / "pictures"

_PLACE = re.compile(r"(?<=<!-- bench: )([a-z-]+)( -->\n)((?:(?!<!--).)*)(?=<!-- end -->)", re.DOTALL)
_MARKER = re.compile(r"^<!--\s*(?:bench\b|end\b)", re.MULTILINE)


def documents() -> list[Path]:
    """The documents that may have such places."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def write(tables: dict[str, str]) -> None:
    """Writes each table into its place.

    Raises:
        ValueError: a place has no table, or is broken; nothing has been written then.
    """
    after = {path: filled(path.read_text(), tables, str(path.relative_to(ROOT))) for path in documents()}
    for path, text in after.items():
        if text != path.read_text():
            path.write_text(text)


def places(text: str) -> list[str]:
    """The names of a document's places."""
    return [place[1] for place in _PLACE.finditer(text)]


def filled(text: str, tables: dict[str, str], document: str) -> str:
    """A document's text with its places filled.

    Raises:
        ValueError: a place has no table, no proper name or no end.
    """
    names = places(text)
    if len(_MARKER.findall(text)) != 2 * len(names):
        raise ValueError(
            f"{document}: a marker is broken. Write <!-- bench: NAME -->, with small letters and hyphens, and after "
            f"each of them <!-- end -->. In order are: {', '.join(names) or 'none'}."
        )
    if unknown := [name for name in names if name not in tables]:
        raise ValueError(
            f"{document}: there is no table {', '.join(unknown)}. Correct the name, or measure it. There are: "
            f"{', '.join(sorted(tables)) or 'none'}."
        )
    return _PLACE.sub(lambda place: f"{place[1]}{place[2]}\n{tables[place[1]].strip()}\n\n", text)


def table(head: str, rows: Iterable[str], left: Collection[int] = (0,)) -> str:
    """A Markdown table; columns are aligned to the right, except those whose numbers are in `left`.

    Args:
        head: the columns' names, with ` | ` between them.
        rows: their cells, likewise.
        left: columns that are texts.
    """
    marks = ("---" if column in left else "---:" for column in range(len(head.split(" | "))))
    return "\n".join(f"| {cells} |" for cells in (head, " | ".join(marks), *rows))
