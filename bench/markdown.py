"""Markdown as all tables in the docs have it."""

from collections.abc import Collection, Iterable


def table(head: str, rows: Iterable[str], left: Collection[int] = (0,)) -> str:
    """A table; columns are aligned to the right, except those whose numbers are in `left`.

    Args:
        head: the columns' names, with ` | ` between them.
        rows: their cells, likewise.
        left: columns that are texts.
    """
    marks = ("---" if column in left else "---:" for column in range(len(head.split(" | "))))
    return "\n".join(f"| {cells} |" for cells in (head, " | ".join(marks), *rows))


def verdict(aim: str, *, is_met: bool) -> str:
    """Says whether an aim was met."""
    return f"The aim, {aim}, is {'met' if is_met else '**missed**'}."
