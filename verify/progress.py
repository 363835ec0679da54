"""Shows the progress, and handles the end of the terminal."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from odcr_cli.formatting import printable
from verify.belief import Seen, Verdict

_COLOURS = {Verdict.AS_ASSUMED: "green", Verdict.DIFFERS: "bold red"}


class _Screen(Console):
    """A console whose end does not stop the work."""

    def on_broken_pipe(self) -> None:
        """Goes quiet, where rich would end the process."""
        self.quiet = True


class Progress:
    """Prints lines with the time since the start."""

    def __init__(self) -> None:
        self.console = _Screen()
        self._began = time.monotonic()

    def line(self, text: str) -> None:
        """Prints a line."""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self.show(Text(f"{minutes:3}:{seconds:02}  {printable(text)}"))

    def answer(self, seen: Seen) -> None:
        """Prints what the account answered about a belief."""
        verdict = (str(seen.verdict), _COLOURS.get(seen.verdict, "yellow"))
        self.show(Text.assemble("        ", verdict, f": {printable(seen.text)}"))

    def show(self, text: Text) -> None:
        """Prints a text; once the terminal is gone, does nothing, so that the clean-up goes on."""
        try:
            self.console.print(text, soft_wrap=True)
        except OSError:
            self.console.quiet = True


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP clean up as Ctrl-C does."""

    def interrupt(number: int, _: Any) -> None:
        if number == signal.SIGHUP:
            # The shell and the kernel may both send it; the second one must not end the clean-up.
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    # Respect nohup, which ignores SIGHUP.
    changed = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in changed:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, before[number])
