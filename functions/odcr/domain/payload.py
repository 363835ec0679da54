"""What fits between two states: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

MAX_STATE_BYTES = 262_144
"""Of a state's input or output, as JSON in UTF-8."""

ROOM = 240_000
"""Bytes that the lists in one state's data take together; the rest is for what stands around them."""

_T = TypeVar("_T")


def size_of(event: Any) -> int:
    """Bytes of an event, with the comma that follows it."""
    return len(json.dumps(event, ensure_ascii=False).encode()) + 2


def in_turns(items: Sequence[_T], room: int, size: Callable[[_T], int], turn: str | None = None) -> Sequence[_T]:
    """The items as they are if all fit; else in another order each time, so that none is left out for ever.

    Args:
        items: of equal importance.
        room: bytes.
        size: an item's bytes.
        turn: what the order follows from; None: chance.
    """
    if sum(size(item) for item in items) <= room:
        return items
    # Fairness, not secrecy.
    return random.Random(turn).sample(items, len(items))  # noqa: S311


def fitting(items: Iterable[_T], room: int, size: Callable[[_T], int]) -> tuple[list[_T], int]:
    """The items that fit; one that does not makes room for smaller ones after it.

    Args:
        items: the most important first.
        room: bytes.
        size: an item's bytes.

    Returns:
        The items, and the bytes that are left.
    """
    taken: list[_T] = []
    for item in items:
        needed = size(item)
        if needed <= room:
            taken.append(item)
            room -= needed
    return taken, room
