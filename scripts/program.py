"""How a program of this project ends: in order, and whatever goes wrong around it, with one sentence and no trace."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, as shells have it."""


@contextlib.contextmanager
def program() -> Iterator[None]:
    """For all that a program does, its imports included: `in_sentences`, and in order.

    The first SIGINT, SIGTERM or SIGHUP is a KeyboardInterrupt. Further ones must not break into the stopping, and are
    ignored.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    # An interrupt may come before the `try` of in_sentences is entered, or after it was left.
    sys.excepthook = _without_interrupts
    for each in _SIGNALS:
        signal.signal(each, interrupt)
    with in_sentences():
        yield


@contextlib.contextmanager
def in_sentences() -> Iterator[None]:
    """For a program that has its own way with signals.

    - What the terminal cannot show is shown as its code.
    - Output that nobody takes (a closed pipe, `>&-`) ends the program, or goes nowhere.
    - What the system refuses (a full or read-only disk) is one sentence on the standard error.
    - An interrupt that nobody caught ends it without a word.
    """
    sys.excepthook = _without_interrupts
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as error:
        _write_nowhere()
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"Error: {sentence(error)}\n")
        sys.exit(1)


def _without_interrupts(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


def sentence(error: OSError) -> str:
    """What the system refused, and where."""
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
    return f"{where}{error.strerror or error}"


def _open_what_is_closed() -> None:
    # A descriptor below 3 that is closed would be given to the next file or socket, and what is printed goes there.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))


def _write_nowhere() -> None:
    # Else Python tries once more when it ends, and says so.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
