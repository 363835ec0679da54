"""The links between the nodes of a level: which of them lead back, and which nodes they join."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """An edge between two nodes."""

    source: str
    target: str
    label: tuple[float, float] | None = None
    """The width and height of what is written on it."""


def connected_parts(names: list[str], links: list[Link], start: str) -> Iterator[tuple[list[str], list[int]]]:
    """The nodes and the links of each connected part, that of the start first."""
    neighbours: dict[str, set[str]] = {name: set() for name in names}
    for link in links:
        neighbours[link.source].add(link.target)
        neighbours[link.target].add(link.source)
    left = dict.fromkeys([start, *names])
    while left:
        found, waiting = set(), [next(iter(left))]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += neighbours[name]
        left = dict.fromkeys(name for name in left if name not in found)
        yield (
            [name for name in names if name in found],
            [number for number, link in enumerate(links) if link.source in found],
        )


def backward_links(names: list[str], links: list[Link], start: str) -> set[int]:
    """The links that lead back to where one came from; without them there are no loops."""
    leaving: dict[str, list[int]] = {name: [] for name in names}
    for number, link in enumerate(links):
        leaving[link.source].append(number)
    found: set[int] = set()
    state = dict.fromkeys(names, 0)  # 1: on the way from the start to here, 2: done
    for root in (start, *names):
        if state[root]:
            continue
        state[root], path = 1, [(root, iter(leaving[root]))]
        while path:
            name, numbers = path[-1]
            for number in numbers:
                target = links[number].target
                if state[target] == 1:
                    found.add(number)
                elif state[target] == 0:
                    state[target] = 1
                    path.append((target, iter(leaving[target])))
                    break
            else:
                state[name] = 2
                path.pop()
    return found
