"""Places nodes in layers from top to bottom, by grandalf's implementation of Sugiyama's method.

grandalf ranks the nodes, orders each layer so that few edges cross, and chooses the horizontal positions. This module
breaks the loops, places the layers vertically, and routes the edges straight through each layer, so that they do not
cross the neighbours of a tall node.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from grandalf.graphs import Edge, graph_core  # type: ignore[import-untyped]
from grandalf.utils import Poset  # type: ignore[import-untyped]

from odcr_cli.execution_graph.grandalf_layout import ACROSS, BETWEEN, FastLayout, middles_of, vertex_of
from odcr_cli.execution_graph.links import Link, backward_links, connected_parts, followers

DOWN = 40.0
"""The distance between layers."""
_STUB, _HEAD = 5.0, 13.0
"""How far a line runs straight down out of a layer, and into one with room for the arrowhead."""
_LANE = 4.0
"""The width kept free for an edge that passes a layer."""
_ROUNDS = 3
_FINE = 4_000
"""The most nodes, labels and passing edges to place carefully; larger graphs get one ordering and plain rows."""


@dataclass
class Placement:
    """The positions of everything, from (0, 0) to (width, height)."""

    width: float = 0.0
    height: float = 0.0
    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    """The upper left corner of each node."""
    ways: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    """The points of each link from source to target, by the link's number."""
    joining: set[int] = field(default_factory=set)
    """The links that join another link's line at their third point."""
    labels: dict[int, tuple[float, float]] = field(default_factory=dict)
    """The middle of each link's label, by the link's number."""


def place_nodes(sizes: dict[str, tuple[float, float]], links: list[Link], start: str) -> Placement:
    """Places nodes of given sizes; parts that are not connected to the start stand to the right."""
    result = Placement()
    backwards = backward_links(list(sizes), links, start)
    for names, numbers in connected_parts(list(sizes), links, start):
        part = _Part(sizes, links, names, numbers, backwards).place()
        shift = result.width + ACROSS if result.nodes else 0.0
        result.nodes |= {name: (x + shift, y) for name, (x, y) in part.nodes.items()}
        result.ways |= {number: [(x + shift, y) for x, y in way] for number, way in part.ways.items()}
        result.joining |= part.joining
        result.labels |= {number: (x + shift, y) for number, (x, y) in part.labels.items()}
        result.width, result.height = shift + part.width, max(result.height, part.height)
    return result


class _Part:
    """Places a connected part of the graph."""

    def __init__(
        self,
        sizes: dict[str, tuple[float, float]],
        links: list[Link],
        names: list[str],
        numbers: list[int],
        backwards: set[int],
    ) -> None:
        self._sizes, self._links, self._names = sizes, links, names
        self._loops = [number for number in numbers if links[number].source == links[number].target]
        self._numbers = [number for number in numbers if number not in self._loops]
        self._backwards = backwards
        self._leaders = followers(links, self._numbers, backwards)
        self._room = dict.fromkeys(names, 0.0)
        """The width that a node's loops to itself take at its right, and at its left to keep it centred."""
        for number in self._loops:
            label = links[number].label
            self._room[links[number].source] += 20 + (label[0] if label else 8)
        self._vertices: dict[str, Any] = {}
        self._layer: dict[Any, int] = {}
        self._chains: dict[int, list[Any]] = {}
        self._labels: dict[int, Any] = {}
        self._beside: dict[tuple[Any, bool], dict[Any, None]] = {}
        """The next nodes of a node's links, below or above it."""
        self._places: dict[tuple[Any, bool], dict[Any, int]] = {}
        """The positions of these nodes from left to right."""

    def place(self) -> Placement:
        for name in self._names:
            width, height = self._sizes[name]
            self._vertices[name] = vertex_of(width + 2 * self._room[name], height)
            self._vertices[name].view.data = width
        layout = self._layout()
        self._x = middles_of(layout)
        left = min(x - vertex.view.w / 2 for vertex, x in self._x.items())
        self._x = {vertex: x - left for vertex, x in self._x.items()}
        self._bands: list[tuple[float, float]] = []
        top = 0.0
        for layer in layout.layers:
            height = max(vertex.view.h for vertex in layer)
            self._bands.append((top, top + height))
            top += height + DOWN
        result = Placement(max(x + vertex.view.w / 2 for vertex, x in self._x.items()), top - DOWN)
        for name, vertex in self._vertices.items():
            result.nodes[name] = self._corner(name, vertex)
        for number in self._numbers:
            result.ways[number] = self._way(number)
            if number in self._labels:
                vertex = self._labels[number]
                result.labels[number] = (self._x[vertex], sum(self._bands[self._layer[vertex]]) / 2)
        result.joining = {number for number in self._leaders if len(self._chains[number]) > 2}
        self._draw_loops(result)
        return result

    def _layout(self) -> Any:
        """Runs grandalf's layout."""
        edges, vertices = [], list(self._vertices.values())
        pairs: set[frozenset[str]] = set()
        edges_of: dict[int, list[Any]] = {}
        for number in (number for number in self._numbers if number not in self._leaders):
            link = self._links[number]
            ends = [self._vertices[link.source], self._vertices[link.target]]
            if number in self._backwards:
                ends.reverse()
            pair = frozenset((link.source, link.target))
            if link.label or pair in pairs:
                # An extra vertex makes room for the label, or separates links between the same two nodes.
                self._labels[number] = vertex_of(*(link.label or (_LANE, 0.0)))
                vertices.append(self._labels[number])
                ends.insert(1, self._labels[number])
            pairs.add(pair)
            edges_of[number] = [Edge(source, two) for source, two in pairwise(ends)]
            edges += edges_of[number]
        # Not grandalf's Graph, which keeps edges in a set: the drawing would differ each time.
        # Add the edges one by one: the constructor compares all vertices with each other.
        core = graph_core(vertices[:1])
        core.sV = Poset(vertices)
        for edge in edges:
            core.add_edge(edge)
        layout = FastLayout(core)
        layout.xspace, layout.yspace = BETWEEN, DOWN
        layout.dw, layout.dh = _LANE, 0.0
        layout.init_all(roots=[vertex for vertex in core.V() if not vertex.e_in()], inverted_edges=[])
        is_fine = sum(map(len, layout.layers)) <= _FINE
        for _ in range(_ROUNDS if is_fine else 1):
            for _step in layout.ordering_step(oneway=not is_fine):
                pass
        try:
            if is_fine:
                layout.setxy()
        except RecursionError:
            # grandalf recurses from neighbour to neighbour; with a thousand in a layer, set them side by side instead.
            is_fine = False
        if not is_fine:
            for layer in layout.layers:
                for vertex in layer:
                    vertex.view.xy = (0.0, 0.0)
        for number, parts in edges_of.items():
            chain = [parts[0].v[0]]
            for edge in parts:
                passed = layout.ctrls.get(edge, {})
                chain += [passed[rank] for rank in sorted(passed)[1:-1]]
                chain.append(edge.v[1])
            self._chains[number] = chain
        self._layer = {vertex: number for number, layer in enumerate(layout.layers) for vertex in layer}
        for number, leader in self._leaders.items():
            source = self._vertices[self._links[number].source]
            below = [vertex for vertex in self._chains[leader] if self._layer[vertex] > self._layer[source]]
            self._chains[number] = [source, *below]
        for chain in self._chains.values():
            self._beside.setdefault((chain[0], True), {})[chain[1]] = None
            self._beside.setdefault((chain[-1], False), {})[chain[-2]] = None
        return layout

    def _corner(self, name: str, vertex: Any) -> tuple[float, float]:
        width, height = self._sizes[name]
        top, bottom = self._bands[self._layer[vertex]]
        return self._x[vertex] - width / 2, (top + bottom - height) / 2

    def _way(self, number: int) -> list[tuple[float, float]]:
        chain = self._chains[number]
        points: list[tuple[float, float]] = []
        for position, vertex in enumerate(chain):
            top, bottom = self._bands[self._layer[vertex]]
            middle, half = (top + bottom) / 2, vertex.view.h / 2
            x = self._x[vertex]
            if position == 0:
                x += self._port(number, vertex, below=True)
                points += [(x, middle + half), (x, bottom + _STUB)]
            elif position == len(chain) - 1:
                x += self._port(number, vertex, below=False)
                points += [(x, top - _HEAD), (x, middle - half)]
            else:
                points += [(x, top - _HEAD), (x, bottom + _STUB)]
        if number in self._backwards:
            points.reverse()
        return points

    def _port(self, number: int, vertex: Any, *, below: bool) -> float:
        """The distance from the node's middle at which a link starts or ends, so that no two share a point."""
        key = vertex, below
        if key not in self._places:
            ordered = sorted(self._beside[key], key=self._x.__getitem__)
            self._places[key] = {neighbour: place for place, neighbour in enumerate(ordered)}
        places = self._places[key]
        place = places[self._chains[number][1 if below else -2]] - (len(places) - 1) / 2
        return place * min(22.0, 0.7 * float(vertex.view.data) / len(places))

    def _draw_loops(self, result: Placement) -> None:
        used = dict.fromkeys(self._names, 0.0)
        for number in self._loops:
            link = self._links[number]
            x, y = result.nodes[link.source]
            width, height = self._sizes[link.source]
            right, middle = x + width, y + height / 2
            room = 20 + (link.label[0] if link.label else 8)
            out = right + used[link.source] + 12
            result.ways[number] = [(right, middle + 10), (out, middle + 10), (out, middle - 10), (right, middle - 10)]
            if link.label:
                result.labels[number] = (out + link.label[0] / 2, middle)
            used[link.source] += room
