"""Ends a program of this project in order: one sentence and no stack trace for any error of the system."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_SECONDS = 0.01
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, as in shells."""


@contextlib.contextmanager
def program() -> Iterator[None]:
    """Wraps all of a program, including its imports: `in_sentences`, and signals end it in order.

    The first SIGINT, SIGTERM or SIGHUP raises KeyboardInterrupt, and does so again if Python drops it. Further ones
    are ignored, so that they do not interrupt the cleaning up.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    # An interrupt may also come before or after the `try` of in_sentences.
    sys.excepthook = _without_interrupts
    for each in (*_SIGNALS, signal.SIGALRM):
        signal.signal(each, interrupt)
    sys.unraisablehook = _interrupt_again
    try:
        with in_sentences():
            yield
    finally:
        # What cleans up at Python's end is not to be interrupted again.
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


@contextlib.contextmanager
def in_sentences() -> Iterator[None]:
    """Wraps a program that handles signals itself.

    - Characters that the terminal cannot show are escaped.
    - A closed pipe ends the program silently; output to a closed file (`>&-`) is discarded.
    - An error of the system (a full or read-only disk) is one sentence on standard error.
    - An uncaught interrupt ends the program silently.
    """
    sys.excepthook = _without_interrupts
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        _write_nowhere()
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"Error: {sentence(error)}\n")
        sys.exit(1)
    except BaseException as error:
        if not _is_interrupt(error):
            raise
        sys.exit(INTERRUPTED)


def _is_interrupt(error: BaseException | None) -> bool:
    # Until Python 3.12, what is raised while a class is made is the cause of a RuntimeError.
    return error is not None and (isinstance(error, KeyboardInterrupt) or _is_interrupt(error.__cause__))


def _without_interrupts(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not _is_interrupt(error):
        sys.__excepthook__(kind, error, trace)


def sentence(error: OSError) -> str:
    """What the system refused, and where."""
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
    return f"{where}{error.strerror or error}"


def _interrupt_again(dropped: "sys.UnraisableHookArgs") -> None:
    # Python drops what is raised while it finalizes an object, and an interrupt can come right then.
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
    else:
        sys.__unraisablehook__(dropped)


def _open_what_is_closed() -> None:
    # Otherwise the next file or socket gets the closed descriptor, and receives the printed text.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))


def _write_nowhere() -> None:
    # Otherwise Python writes the rest when it ends, and complains again.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
