"""Work that can be left where it sleeps and gone on with later: functions that run side by side in simulated time."""

from collections.abc import Callable
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

_Result = TypeVar("_Result")


class Strand(Generic[_Result]):
    """Args: work: what is to be done; within it `sleep_until` may be called, however deep."""

    def __init__(self, work: Callable[[], _Result]) -> None:
        self._result: list[_Result] = []
        self._greenlet = greenlet(lambda: self._result.append(work()))

    def go_on(self) -> float | None:
        """Works on until it sleeps; returns the moment at which it wants to go on, or None when all is done.

        Raises:
            Exception: whatever the work raises.
        """
        # Whoever lets it go on is who it comes back to, which may be another strand.
        self._greenlet.parent = getcurrent()
        moment: float | None = self._greenlet.switch()
        return moment

    @property
    def result(self) -> _Result:
        """What came of it, once all is done."""
        return self._result[0]


def is_in_strand() -> bool:
    """Whether there is a strand at hand."""
    return getcurrent().parent is not None


def sleep_until(moment: float) -> None:
    """Leaves the strand at hand until then.

    Raises:
        RuntimeError: there is none.
    """
    parent = getcurrent().parent
    if parent is None:
        raise RuntimeError("Only what runs in a strand can sleep: advance or run the execution instead of stepping it")
    parent.switch(moment)
