"""How long a run would take on AWS: the local cloud's waits are shortened, and it runs fewer functions at once."""

import heapq
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.documents import ROOT

DEFINITION = ROOT / "statemachine" / "acquire_capacity.asl.json"


def makespan(items: Iterable[float], slots: int) -> float:
    """Seconds until the last of these items is done, if so many are worked on at once, in their order."""
    free = [0.0] * slots
    for seconds in items:
        heapq.heappush(free, heapq.heappop(free) + seconds)
    return max(free)


def repeat_seconds(errors: Sequence[str], definition: Path = DEFINITION) -> float:
    """Seconds that the state machine waits before it repeats ReserveCapacity after each of these errors.

    Raises:
        ValueError: it waits for a random time after one of them.
    """
    retries = _retries(definition)
    return sum(_interval(error, retries) for error in errors)


def _interval(error: str, retries: Iterable[Mapping[str, Any]]) -> float:
    for retry in retries:
        if {error, "States.ALL"} & {*retry["ErrorEquals"]}:
            if retry["MaxAttempts"] == 0:
                break
            if retry["BackoffRate"] != 1:
                raise ValueError(f"Nobody can say how long the state machine waits after {error}")
            return float(retry["IntervalSeconds"])
    raise ValueError(f"The state machine does not repeat ReserveCapacity after {error}")


def _retries(definition: Path) -> list[dict[str, Any]]:
    states = json.loads(definition.read_text())["States"]
    retries: list[dict[str, Any]] = states["ReserveShortfalls"]["ItemProcessor"]["States"]["ReserveCapacity"]["Retry"]
    return retries
