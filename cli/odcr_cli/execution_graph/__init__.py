"""The graph of an execution of any state machine, as Step Functions' console draws it, from the APIs' answers.

graph = execution_graph.graph_of(definition)
progress = execution_graph.progress_of(graph, events, status)
svg = execution_graph.draw(graph, progress, link, selected)
details = execution_graph.details_of(graph, progress, selected)
"""

from odcr_cli.execution_graph.details import Details, details_of
from odcr_cli.execution_graph.drawing import draw
from odcr_cli.execution_graph.model import Graph, graph_of
from odcr_cli.execution_graph.progress import Progress, progress_of

__all__ = ["Details", "Graph", "Progress", "details_of", "draw", "graph_of", "progress_of"]
