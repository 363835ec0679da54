"""Lays out a graph, inner levels first: a state with levels inside is one node of the level around it."""

from dataclasses import dataclass, field, replace

from odcr_cli.execution_graph.layering import place_nodes
from odcr_cli.execution_graph.links import Link
from odcr_cli.execution_graph.model import END, START, Graph, Level, State, Transition, Way
from odcr_cli.execution_graph.text import width_of

WIDTH, HEIGHT = 252.0, 54.0
"""The size of a state without levels, and of the head of one with levels."""
END_WIDTH, END_HEIGHT = 76.0, 28.0
"""The size of the nodes Start and End."""
ASIDE, BELOW = 10.0, 16.0
"""The margins of a level: left and right, and above and below."""
ENTRY = 22.0
"""The height for the arrow to the first state of a level."""
LABEL_SIZE, LABEL_HEIGHT, LABEL_WIDTH = 11.0, 20.0, 190.0
_MARGIN = 12.0


@dataclass(frozen=True)
class Box:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> "Box":
        return Box(self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True)
class Arrow:
    """An arrow between two nodes of a level: one transition, or several of the same kind."""

    source: str
    target: str
    way: Way
    text: str
    """The full text, for the tooltip."""
    points: tuple[tuple[float, float], ...]
    joins: bool = False
    """Whether it joins another arrow's line at its third point."""
    label: Box | None = None
    """The label's box; None if it has no label."""

    def moved(self, x: float, y: float) -> "Arrow":
        points = tuple((px + x, two + y) for px, two in self.points)
        return replace(self, points=points, label=self.label and self.label.moved(x, y))


@dataclass
class Layout:
    """The layout of a level with all that is inside it."""

    width: float
    height: float
    boxes: dict[str, Box] = field(default_factory=dict)
    """The boxes of the states, of Start and of End, by path."""
    frames: dict[str, list[Box]] = field(default_factory=dict)
    """The frames of the levels inside a state, by the state's path."""
    entries: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """The points where the levels inside a state are entered, by the state's path."""
    arrows: list[Arrow] = field(default_factory=list)

    def add(self, other: "Layout", x: float, y: float) -> None:
        """Adds another layout at an offset."""
        self.boxes |= {path: box.moved(x, y) for path, box in other.boxes.items()}
        self.frames |= {path: [box.moved(x, y) for box in boxes] for path, boxes in other.frames.items()}
        self.entries |= {path: [(px + x, two + y) for px, two in points] for path, points in other.entries.items()}
        self.arrows += [arrow.moved(x, y) for arrow in other.arrows]


def layout_of(graph: Graph) -> Layout:
    """The positions of all states, arrows and labels of a graph."""
    inner = _level(graph.level, outermost=True)
    whole = Layout(inner.width + 2 * _MARGIN, inner.height + 2 * _MARGIN)
    whole.add(inner, _MARGIN, _MARGIN)
    return whole


def _level(level: Level, *, outermost: bool) -> Layout:
    insides = {state.path: _inside(state) for state in level.states.values() if state.levels}
    sizes = {
        state.path: (insides[state.path].width, insides[state.path].height) if state.levels else (WIDTH, HEIGHT)
        for state in level.states.values()
    }
    start = next(
        (transition.target for transition in level.transitions if transition.source == START), next(iter(sizes))
    )
    transitions = list(level.transitions)
    if outermost:
        sizes = {START: (END_WIDTH, END_HEIGHT), **sizes, END: (END_WIDTH, END_HEIGHT)}
        start = START
    else:
        transitions = [
            transition for transition in transitions if transition.source != START and transition.target != END
        ]
    groups = _merged(transitions)
    places = place_nodes(
        sizes, [Link(group.source, group.target, _label_size(group), _bundle(group)) for group in groups], start
    )
    layout = Layout(places.width, places.height)
    for path, (x, y) in places.nodes.items():
        layout.boxes[path] = Box(x, y, *sizes[path])
        if path in insides:
            own = layout.boxes[path]
            layout.add(insides[path], x, y)
            layout.boxes[path] = own
    for number, group in enumerate(groups):
        size, middle = _label_size(group), places.labels.get(number)
        label = Box(middle[0] - size[0] / 2, middle[1] - size[1] / 2, *size) if size and middle else None
        joins, points = number in places.joining, tuple(places.ways[number])
        layout.arrows.append(Arrow(group.source, group.target, group.way, group.label, points, joins, label))
    return layout


def _inside(state: State) -> Layout:
    """The layout of a state with levels: its head, with the levels side by side below."""
    levels = [_level(level, outermost=False) for level in state.levels]
    height = max(level.height for level in levels) + 2 * BELOW + ENTRY
    width = sum(level.width + 2 * ASIDE for level in levels)
    layout = Layout(max(width, WIDTH + 2 * ASIDE), HEIGHT + height)
    x = (layout.width - width) / 2
    frames, entries = [], []
    for level, inner in zip(state.levels, levels, strict=True):
        layout.add(inner, x + ASIDE, HEIGHT + ENTRY + BELOW)
        frames.append(Box(x, HEIGHT, inner.width + 2 * ASIDE, height))
        first = next((transition.target for transition in level.transitions if transition.source == START), "")
        if first in layout.boxes:
            entries.append((layout.boxes[first].x + layout.boxes[first].width / 2, layout.boxes[first].y))
        x += inner.width + 2 * ASIDE
    layout.frames[state.path], layout.entries[state.path] = frames, entries
    return layout


def _merged(transitions: list[Transition]) -> list[Transition]:
    """The transitions, with those of the same kind between the same states merged."""
    groups: dict[tuple[str, str, Way], list[str]] = {}
    for transition in transitions:
        labels = groups.setdefault((transition.source, transition.target, transition.way), [])
        if transition.label:
            labels.append(transition.label)
    return [
        Transition(source, target, way, " or ".join(labels) if way is Way.CHOICE else ", ".join(labels))
        for (source, target, way), labels in groups.items()
    ]


def _label_size(transition: Transition) -> tuple[float, float] | None:
    # Most catchers catch every error; labels for them would clutter the drawing.
    if not transition.label or transition.label == "States.ALL":
        return None
    return min(width_of(transition.label, LABEL_SIZE) + 14, LABEL_WIDTH), LABEL_HEIGHT


def _bundle(transition: Transition) -> str:
    """The bundle: errors that lead to the same state may share a line."""
    return str(transition.way) if transition.way is Way.CATCH else ""
