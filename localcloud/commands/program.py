"""How the program ends: in order, and with one sentence where something around it is wrong."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_SECONDS = 0.01
_INTERRUPTED = 130
"""The exit code after Ctrl-C, by the shells' convention."""


@contextlib.contextmanager
def program() -> Iterator[None]:
    """Wraps all that the program does, its imports included.

    - The first SIGINT, SIGTERM or SIGHUP is a KeyboardInterrupt, which ends it silently; it comes again if Python
      drops it. Later ones are ignored, so that they do not break into the cleaning up.
    - A full or read-only disk is one sentence on standard error; a reader that has gone (`| head`) is none.
    - What the terminal's encoding lacks is printed as an escape.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    # An interrupt may come outside of the `try` below.
    sys.excepthook = _without_interrupts
    for each in (*_SIGNALS, signal.SIGALRM):
        signal.signal(each, interrupt)
    sys.unraisablehook = _interrupt_again
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at its end, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
            sys.stderr.write(f"Error: {where}{error.strerror or error}\n")
        sys.exit(1)
    except BaseException as error:
        if not _is_interrupt(error):
            raise
        sys.exit(_INTERRUPTED)
    finally:
        # What cleans up at Python's end is not to be interrupted again.
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


def _interrupt_again(dropped: "sys.UnraisableHookArgs") -> None:
    # Python drops what is raised while it finalizes an object, and an interrupt can come right then.
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
    else:
        sys.__unraisablehook__(dropped)


def _is_interrupt(error: BaseException | None) -> bool:
    # Until Python 3.12, what is raised while a class is made is the cause of a RuntimeError.
    return error is not None and (isinstance(error, KeyboardInterrupt) or _is_interrupt(error.__cause__))


def _without_interrupts(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not _is_interrupt(error):
        sys.__excepthook__(kind, error, trace)


def _open_what_is_closed() -> None:
    # After `>&-` the next file or socket would get the descriptor, and whatever is printed.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))
