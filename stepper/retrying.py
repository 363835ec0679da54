"""Which retrier retries a state after an error and when, or which catcher takes the error.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NOT_COVERED = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""Errors that States.ALL does not cover."""


class Retriers:
    """A state's retriers with their counts.

    Args:
        definitions: the state's `Retry`.
    """

    def __init__(self, definitions: Sequence[Mapping[str, Any]]) -> None:
        self._definitions = definitions
        self._used: Counter[int] = Counter()

    @property
    def count(self) -> int:
        """How often the state was retried."""
        return self._used.total()

    def wait_after(self, error: str, jitter: Callable[[float], float]) -> float | None:
        """Seconds until the state is retried, which is counted; None if it is not retried."""
        for number, retrier in enumerate(self._definitions):
            if not matches(retrier["ErrorEquals"], error):
                continue
            used = self._used[number]
            if used >= retrier.get("MaxAttempts", 3):
                return None
            self._used[number] += 1
            seconds = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used
            seconds = float(min(seconds, retrier.get("MaxDelaySeconds", seconds)))
            return jitter(seconds) if retrier.get("JitterStrategy") == "FULL" else seconds
        return None


def catcher_of(catchers: Sequence[Mapping[str, Any]], error: str) -> Mapping[str, Any] | None:
    """The first catcher that takes an error."""
    return next((catcher for catcher in catchers if matches(catcher["ErrorEquals"], error)), None)


def matches(names: Sequence[str], error: str) -> bool:
    """Whether an `ErrorEquals` covers an error."""
    if error in names:
        return True
    if error in _NOT_COVERED:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")
