"""Stopping in order."""

import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_once_on_signals() -> None:
    """Makes the first SIGINT, SIGTERM or SIGHUP a KeyboardInterrupt; further ones must not break into the stopping."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in _SIGNALS:
        signal.signal(each, interrupt)
