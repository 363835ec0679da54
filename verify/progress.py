"""What the person sees, and what becomes of the work when they go away."""

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
    """A console without which the work goes on."""

    def on_broken_pipe(self) -> None:
        """Says nothing more, where rich would end the process."""
        self.quiet = True


class Progress:
    """What the person sees: one line for each thing, with the time since the start."""

    def __init__(self) -> None:
        self.console = _Screen()
        self._began = time.monotonic()

    def line(self, text: str) -> None:
        """A line."""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self.show(Text(f"{minutes:3}:{seconds:02}  {printable(text)}"))

    def seen(self, seen: Seen) -> None:
        """What an account said to a belief."""
        verdict = (str(seen.verdict), _COLOURS.get(seen.verdict, "yellow"))
        self.show(Text.assemble("        ", verdict, f": {printable(seen.text)}"))

    def show(self, text: Text) -> None:
        """Any text. Once the terminal is gone nobody reads it, and what was made is deleted all the same."""
        try:
            self.console.print(text, soft_wrap=True)
        except OSError:
            self.console.quiet = True


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Makes a SIGTERM, or the end of the terminal, clean up as Ctrl-C does."""

    def interrupt(number: int, _: Any) -> None:
        if number == signal.SIGHUP:
            # The shell and the kernel may both send it, and the second one would end the clean-up.
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    # nohup has it ignored, and means it.
    changed = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in changed:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, before[number])
