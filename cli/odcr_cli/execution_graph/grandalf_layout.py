"""grandalf's layout, as `layering` uses it: faster lookups, vertices with a size, and middles that do not overlap."""

from typing import Any

from grandalf.graphs import Vertex  # type: ignore[import-untyped]
from grandalf.layouts import SugiyamaLayout, VertexViewer  # type: ignore[import-untyped]

ACROSS = 26.0
"""The least distance between nodes of a layer."""
BETWEEN = 8.0
"""The least distance between edges that pass a layer side by side."""


class FastLayout(SugiyamaLayout):  # type: ignore[misc]
    """grandalf's layout with a set of conflicts: it looks up each pair of neighbours four times."""

    def _detect_alignment_conflicts(self) -> None:
        super()._detect_alignment_conflicts()
        self.conflicts: Any = frozenset(self.conflicts)


def vertex_of(width: float, height: float) -> Any:
    """A vertex with the size of a node, a label or a passing edge."""
    vertex = Vertex()
    vertex.view = VertexViewer(width + ACROSS - BETWEEN, height)
    return vertex


def middles_of(layout: Any) -> dict[Any, float]:
    """The middle of each vertex, moved right where two would overlap.

    They can: the published method that grandalf follows has a flaw (https://arxiv.org/abs/2008.01252).
    """
    middles: dict[Any, float] = {}
    for layer in layout.layers:
        edge = float("-inf")
        for vertex in layer:
            x = max(vertex.view.xy[0], edge + vertex.view.w / 2)
            middles[vertex] = x
            edge = x + vertex.view.w / 2 + BETWEEN
    return middles
