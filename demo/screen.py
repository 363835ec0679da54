"""Prints the demonstration's output. Errors, SQL and names are never taken for markup."""

import io
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

Part = str | tuple[str, str]
"""Text, or text and its style."""

_ANY_WIDTH = 100_000


class Screen:
    """Prints lines and tables without cutting anything, whatever the terminal.

    Args:
        file: the output; by default the standard output.
        width: the width in columns; by default the terminal's.
    """

    def __init__(self, file: TextIO | None = None, width: int | None = None) -> None:
        self._console = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
        if isinstance(self._console.file, io.TextIOWrapper):
            # Print an escape for what the terminal cannot show.
            self._console.file.reconfigure(errors="backslashreplace")

    def say(self, *parts: Part) -> None:
        """Prints one line, however long."""
        self._console.print(Text.assemble(*parts), soft_wrap=True)

    def bar(self, full: int, of: int) -> str:
        """A bar of `of` cells, the first `full` of them full."""
        on, off = "#." if self._console.options.ascii_only else "█░"
        return on * min(full, of) + off * (of - full)

    def table(self, title: str, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Prints a table; if it does not fit, each row as a line that breaks between words only."""
        table = Table(*heading, title=title, title_justify="left")
        texts = [[_shown(value) for value in row] for row in rows]
        for row in texts:
            table.add_row(*map(Text, row))
        unlimited = self._console.options.update_width(_ANY_WIDTH)
        if self._console.measure(table, options=unlimited).maximum <= self._console.width:
            self._console.print(table)
            return
        self._console.print(Text(title, "italic"))
        for row in texts:
            cells = [f"{name} {value}" for name, value in zip(heading, row, strict=True) if value]
            self._console.print(Text(", ".join(cells)))


def _shown(value: object) -> str:
    """A value of a row as SQL clients show it."""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
