"""Work that can stop where it sleeps and continue later, so that functions run side by side in simulated time."""

from collections.abc import Callable
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

_Result = TypeVar("_Result")


class Strand(Generic[_Result]):
    """One piece of work that may sleep.

    Args:
        work: the work; it may call `sleep_until` at any depth.
    """

    def __init__(self, work: Callable[[], _Result]) -> None:
        self._result: list[_Result] = []
        self._greenlet = greenlet(lambda: self._result.append(work()))

    def go_on(self) -> float | None:
        """Continues until it sleeps; returns the time when it wants to continue, or None when it is done.

        Raises:
            Exception: whatever the work raises.
        """
        # It returns to its caller, which may be another strand.
        self._greenlet.parent = getcurrent()
        moment: float | None = self._greenlet.switch()
        return moment

    @property
    def result(self) -> _Result:
        """The work's result, once it is done."""
        return self._result[0]


def is_in_strand() -> bool:
    """Whether the caller runs in a strand."""
    return getcurrent().parent is not None


def sleep_until(moment: float) -> None:
    """Leaves the current strand until then.

    Raises:
        RuntimeError: if there is no strand.
    """
    parent = getcurrent().parent
    if parent is None:
        raise RuntimeError("Only a strand can sleep: call advance or run instead of step")
    parent.switch(moment)
