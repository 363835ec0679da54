"""Reads a part of a page; if that fails, the page shows the trouble and its other parts."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from odcr_cli.trouble import Trouble

_T = TypeVar("_T")


class ReadResult(Generic[_T]):
    """A value, or why it could not be read.

    Args:
        read: reads the value.
        otherwise: the value if it cannot be read.
    """

    def __init__(self, read: Callable[[], _T], otherwise: Any) -> None:
        self.trouble = ""
        try:
            self.value = read()
        except Trouble as trouble:
            self.value, self.trouble = otherwise, str(trouble)
