"""What a person is shown while a command works: what it does now, in a line on stderr that goes when it is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from odcr_cli.formatting import printable

Tell = Callable[[str], None]
"""Is told what is being done now."""


@contextmanager
def status_line(doing: str) -> Iterator[Tell]:
    """Shows what is being done, if stderr is a terminal; else nothing.

    Nothing else may be printed within it, or the two would stand in each other.

    Args:
        doing: what is done at first, such as `Reading the tables`.

    Returns:
        Whom to tell what is done next.
    """
    console = Console(stderr=True)
    # FORCE_COLOR makes a file a terminal to Rich.
    if not sys.stderr.isatty() or console.is_dumb_terminal:
        yield lambda _doing: None
        return
    with console.status(_line(doing, console)) as status:
        yield lambda now: status.update(_line(now, console))


def _line(doing: str, console: Console) -> Text:
    line = Text(f"{printable(doing)} ...")
    # The spinner stands before it.
    line.truncate(max(1, console.width - 3), overflow="ellipsis")
    return line
