"""A line on stderr that shows what a command is doing, and disappears when it is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from odcr_cli.formatting import printable

ShowStep = Callable[[str], None]
"""Shows the step that begins now."""


@contextmanager
def status_line(doing: str) -> Iterator[ShowStep]:
    """Shows the current step, if stderr is a terminal.

    Print nothing else inside the block, or the outputs get mixed.

    Args:
        doing: the first step, such as `Reading the tables`.

    Returns:
        Shows the next step.
    """
    console = Console(stderr=True)
    # With FORCE_COLOR, Rich takes a file for a terminal.
    if not sys.stderr.isatty() or console.is_dumb_terminal:
        yield lambda _doing: None
        return
    with console.status(_line(doing, console)) as status:
        yield lambda now: status.update(_line(now, console))


def _line(doing: str, console: Console) -> Text:
    line = Text(f"{printable(doing)} ...")
    # Leave room for the spinner.
    line.truncate(max(1, console.width - 3), overflow="ellipsis")
    return line
