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
    bundle: str = ""
    """Links of one bundle that lead to the same node may run in one line."""


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


def followers(links: list[Link], numbers: list[int], backwards: set[int]) -> dict[int, int]:
    """The links that join the line of another one on its way to the same node, and that other one.

    Without it, a machine whose every state leads to one handler of errors is drawn as a staircase. The longest of a
    bundle leads; the shortest keeps a line of its own, so that the target stays below all that lead there.
    """
    ranks = _ranks(links, numbers, backwards)
    bundles: dict[tuple[str, str], list[int]] = {}
    for number in numbers:
        link = links[number]
        if link.bundle and not link.label and number not in backwards:
            bundles.setdefault((link.bundle, link.target), []).append(number)
    found: dict[int, int] = {}
    for bundle in bundles.values():
        leader, *others = sorted(bundle, key=lambda number: ranks[links[number].source])
        found |= dict.fromkeys(others[:-1], leader)
    left = [link for number in numbers if number not in found for link in [links[number]]]
    names = list(dict.fromkeys(name for number in numbers for name in (links[number].source, links[number].target)))
    return found if not names or len(list(connected_parts(names, left, names[0]))) == 1 else {}


def _ranks(links: list[Link], numbers: list[int], backwards: set[int]) -> dict[str, int]:
    """How far each node is from the top, by the longest way; a label is a layer of its own."""
    ranks = {name: 0 for number in numbers for name in (links[number].source, links[number].target)}
    changed = True
    while changed:
        changed = False
        for number in numbers:
            one, two = links[number].source, links[number].target
            if number in backwards:
                one, two = two, one
            least = ranks[one] + (2 if links[number].label else 1)
            if ranks[two] < least:
                ranks[two], changed = least, True
    return ranks
