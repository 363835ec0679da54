"""The items of a Map: as many at once as allowed, and the next one when an item is done."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Item = TypeVar("_Item")


class Items(Generic[_Item]):
    """The items of one Map state.

    Args:
        count: the number of items.
        at_once: the most that may be active at once.
        start: starts the item with this index. It may call `finish` before it returns.
    """

    def __init__(self, count: int, at_once: int, start: Callable[[int], _Item]) -> None:
        self._count, self._at_once, self._start = count, at_once, start
        self.active: dict[int, _Item] = {}
        """The active items, by index."""
        self._outputs: dict[int, Any] = {}
        self._next = 0
        self._is_starting = False
        self._on_outputs: Callable[[list[Any]], None] | None = None

    def begin(self, on_outputs: Callable[[list[Any]], None]) -> None:
        """Starts the first items.

        Args:
            on_outputs: called with the outputs, in the items' order, once all are done.
        """
        self._on_outputs = on_outputs
        self._go_on()

    def finish(self, index: int, output: Any) -> None:
        """Notes the output of an item, and starts the next one."""
        self._outputs[index] = output
        self.active.pop(index, None)
        self._go_on()

    def abandon(self) -> None:
        """Ends all items, because one has failed."""
        self._on_outputs = None
        self.active.clear()

    def _go_on(self) -> None:
        # An item that is done at once calls this while it is being started.
        if self._is_starting:
            return
        self._is_starting = True
        while self._on_outputs and self._next < self._count and len(self.active) < self._at_once:
            index, self._next = self._next, self._next + 1
            item = self._start(index)
            if index not in self._outputs:
                self.active[index] = item
        self._is_starting = False
        if self._on_outputs and len(self._outputs) == self._count:
            on_outputs, self._on_outputs = self._on_outputs, None
            on_outputs([self._outputs[index] for index in range(self._count)])
