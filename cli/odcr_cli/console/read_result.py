"""What a page reads: what cannot be read is told in its place, and the rest of the page goes on."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from odcr_cli.trouble import Trouble

_T = TypeVar("_T")


class ReadResult(Generic[_T]):
    """What was read, or why it could not be.

    Args:
        read: reads it.
        otherwise: what stands for it if it cannot be read.
    """

    def __init__(self, read: Callable[[], _T], otherwise: Any) -> None:
        self.trouble = ""
        try:
            self.value = read()
        except Trouble as trouble:
            self.value, self.trouble = otherwise, str(trouble)
