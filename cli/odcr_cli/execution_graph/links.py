"""The links between the nodes of a level: connected parts, loops and bundles."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """An edge between two nodes."""

    source: str
    target: str
    label: tuple[float, float] | None = None
    """The width and height of its label."""
    bundle: str = ""
    """Links of the same bundle to the same node may share a line."""


def connected_parts(names: list[str], links: list[Link], start: str) -> Iterator[tuple[list[str], list[int]]]:
    """The nodes and links of each connected part, the start's first."""
    neighbours: dict[str, set[str]] = {name: set() for name in names}
    for link in links:
        neighbours[link.source].add(link.target)
        neighbours[link.target].add(link.source)
    left = dict.fromkeys([start, *names])
    while left:
        reached, waiting = set(), [next(iter(left))]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += neighbours[name]
        left = dict.fromkeys(name for name in left if name not in reached)
        yield (
            [name for name in names if name in reached],
            [number for number, link in enumerate(links) if link.source in reached],
        )


def backward_links(names: list[str], links: list[Link], start: str) -> set[int]:
    """The links that close loops."""
    leaving: dict[str, list[int]] = {name: [] for name in names}
    for number, link in enumerate(links):
        leaving[link.source].append(number)
    backwards: set[int] = set()
    state = dict.fromkeys(names, 0)  # 1: on the current path, 2: done
    for root in (start, *names):
        if state[root]:
            continue
        state[root], path = 1, [(root, iter(leaving[root]))]
        while path:
            name, numbers = path[-1]
            for number in numbers:
                target = links[number].target
                if state[target] == 1:
                    backwards.add(number)
                elif state[target] == 0:
                    state[target] = 1
                    path.append((target, iter(leaving[target])))
                    break
            else:
                state[name] = 2
                path.pop()
    return backwards


def followers(links: list[Link], numbers: list[int], backwards: set[int]) -> dict[int, int]:
    """The links that join another link's line to the same node, each with that link.

    Otherwise a machine in which every state leads to one error handler would look like a staircase. The longest link of
    a bundle leads; the shortest keeps its own line, so that the target stays below all its sources.
    """
    ranks = _ranks(links, numbers, backwards)
    bundles: dict[tuple[str, str], list[int]] = {}
    for number in numbers:
        link = links[number]
        if link.bundle and not link.label and number not in backwards:
            bundles.setdefault((link.bundle, link.target), []).append(number)
    leaders: dict[int, int] = {}
    for bundle in bundles.values():
        leader, *others = sorted(bundle, key=lambda number: ranks[links[number].source])
        leaders |= dict.fromkeys(others[:-1], leader)
    left = [link for number in numbers if number not in leaders for link in [links[number]]]
    names = list(dict.fromkeys(name for number in numbers for name in (links[number].source, links[number].target)))
    return leaders if not names or len(list(connected_parts(names, left, names[0]))) == 1 else {}


def _ranks(links: list[Link], numbers: list[int], backwards: set[int]) -> dict[str, int]:
    """Each node's distance from the top by the longest path; a label takes a layer."""
    ranks = {name: 0 for number in numbers for name in (links[number].source, links[number].target)}
    changed = True
    while changed:
        changed = False
        for number in numbers:
            upper, two = links[number].source, links[number].target
            if number in backwards:
                upper, two = two, upper
            least = ranks[upper] + (2 if links[number].label else 1)
            if ranks[two] < least:
                ranks[two], changed = least, True
    return ranks
