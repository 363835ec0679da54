"""Markdown as all tables in the docs have it."""

from collections.abc import Collection, Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[int] = (0,)) -> str:
    """A table; columns are aligned to the right, except those whose numbers are in `left`."""
    marks = ["---" if column in left else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def verdict(aim: str, *, is_met: bool) -> str:
    """Says whether an aim was met."""
    return f"The aim, {aim}, is {'met' if is_met else '**missed**'}."
