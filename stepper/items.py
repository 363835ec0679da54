"""The items of a Map: as many at once as it allows, the next one when one is done."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Item = TypeVar("_Item")


class Items(Generic[_Item]):
    """Args:
    count: how many there are.
    at_once: how many may be worked on at once.
    start: starts the one of this index. It may be done before it is returned.
    """

    def __init__(self, count: int, at_once: int, start: Callable[[int], _Item]) -> None:
        self._count, self._at_once, self._start = count, at_once, start
        self.active: dict[int, _Item] = {}
        """Those that are worked on, by index."""
        self._outputs: dict[int, Any] = {}
        self._next = 0
        self._is_starting = False
        self._tell: Callable[[list[Any]], None] | None = None

    def begin(self, tell: Callable[[list[Any]], None]) -> None:
        """Starts the first ones.

        Args:
            tell: is told of the outputs, in the items' order, once all are done.
        """
        self._tell = tell
        self._go_on()

    def done(self, index: int, output: Any) -> None:
        """The item of this index has ended."""
        self._outputs[index] = output
        self.active.pop(index, None)
        self._go_on()

    def abandon(self) -> None:
        """One of them failed, and the others with it."""
        self._tell = None
        self.active.clear()

    def _go_on(self) -> None:
        # An item that is done at once comes here while it is started.
        if self._is_starting:
            return
        self._is_starting = True
        while self._tell and self._next < self._count and len(self.active) < self._at_once:
            index, self._next = self._next, self._next + 1
            item = self._start(index)
            if index not in self._outputs:
                self.active[index] = item
        self._is_starting = False
        if self._tell and len(self._outputs) == self._count:
            tell, self._tell = self._tell, None
            tell([self._outputs[index] for index in range(self._count)])
