"""Where a graph is drawn: inner levels first, for a state with levels inside is one node of the level around it."""

from dataclasses import dataclass, field, replace

from odcr_cli.execution_graph.layering import place_nodes
from odcr_cli.execution_graph.links import Link
from odcr_cli.execution_graph.model import END, START, Graph, Level, State, Transition, Way
from odcr_cli.execution_graph.text import width_of

WIDTH, HEIGHT = 252.0, 54.0
"""A state without levels, and the head of one with levels."""
END_WIDTH, END_HEIGHT = 76.0, 28.0
"""The nodes Start and End."""
ASIDE, BELOW = 10.0, 16.0
"""The room beside the states of a level, and above and below them."""
ENTRY = 22.0
"""The height above the states of a level for the arrow to its first one."""
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
    """What joins two nodes of a level: one transition, or several of the same kind."""

    source: str
    target: str
    way: Way
    text: str
    """All that is said of it."""
    points: tuple[tuple[float, float], ...]
    joins: bool = False
    """Whether it runs into the line of another arrow with its third point, and on in that."""
    label: Box | None = None
    """Where the text is written; short ways of errors are not labelled, to keep the picture quiet."""

    def moved(self, x: float, y: float) -> "Arrow":
        points = tuple((one + x, two + y) for one, two in self.points)
        return replace(self, points=points, label=self.label and self.label.moved(x, y))


@dataclass
class Layout:
    """A picture of one level and all that is inside it."""

    width: float
    height: float
    boxes: dict[str, Box] = field(default_factory=dict)
    """Of each state by path; of Start and End."""
    frames: dict[str, list[Box]] = field(default_factory=dict)
    """The levels inside a state, by its path."""
    entries: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Where the first state of each level inside a state is entered."""
    arrows: list[Arrow] = field(default_factory=list)

    def add(self, other: "Layout", x: float, y: float) -> None:
        """Puts another picture into this one."""
        self.boxes |= {path: box.moved(x, y) for path, box in other.boxes.items()}
        self.frames |= {path: [box.moved(x, y) for box in boxes] for path, boxes in other.frames.items()}
        self.entries |= {path: [(one + x, two + y) for one, two in points] for path, points in other.entries.items()}
        self.arrows += [arrow.moved(x, y) for arrow in other.arrows]


def layout_of(graph: Graph) -> Layout:
    """Where each state, each arrow and each label of a graph is drawn."""
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
    start = next((one.target for one in level.transitions if one.source == START), next(iter(sizes)))
    transitions = list(level.transitions)
    if outermost:
        sizes = {START: (END_WIDTH, END_HEIGHT), **sizes, END: (END_WIDTH, END_HEIGHT)}
        start = START
    else:
        transitions = [one for one in transitions if one.source != START and one.target != END]
    groups = _merged(transitions)
    places = place_nodes(sizes, [Link(one.source, one.target, _label_size(one), _bundle(one)) for one in groups], start)
    layout = Layout(places.width, places.height)
    for path, (x, y) in places.nodes.items():
        layout.boxes[path] = Box(x, y, *sizes[path])
        if path in insides:
            own = layout.boxes[path]
            layout.add(insides[path], x, y)
            layout.boxes[path] = own
    for number, one in enumerate(groups):
        size, middle = _label_size(one), places.labels.get(number)
        label = Box(middle[0] - size[0] / 2, middle[1] - size[1] / 2, *size) if size and middle else None
        joins, points = number in places.joining, tuple(places.ways[number])
        layout.arrows.append(Arrow(one.source, one.target, one.way, one.label, points, joins, label))
    return layout


def _inside(state: State) -> Layout:
    """A state with levels: its head, and below it the levels side by side."""
    levels = [_level(level, outermost=False) for level in state.levels]
    height = max(level.height for level in levels) + 2 * BELOW + ENTRY
    width = sum(level.width + 2 * ASIDE for level in levels)
    layout = Layout(max(width, WIDTH + 2 * ASIDE), HEIGHT + height)
    x = (layout.width - width) / 2
    frames, entries = [], []
    for level, inner in zip(state.levels, levels, strict=True):
        layout.add(inner, x + ASIDE, HEIGHT + ENTRY + BELOW)
        frames.append(Box(x, HEIGHT, inner.width + 2 * ASIDE, height))
        first = next((one.target for one in level.transitions if one.source == START), "")
        if first in layout.boxes:
            entries.append((layout.boxes[first].x + layout.boxes[first].width / 2, layout.boxes[first].y))
        x += inner.width + 2 * ASIDE
    layout.frames[state.path], layout.entries[state.path] = frames, entries
    return layout


def _merged(transitions: list[Transition]) -> list[Transition]:
    """The transitions, those of the same kind between the same states as one."""
    groups: dict[tuple[str, str, Way], list[str]] = {}
    for one in transitions:
        labels = groups.setdefault((one.source, one.target, one.way), [])
        if one.label:
            labels.append(one.label)
    return [
        Transition(source, target, way, " or ".join(labels) if way is Way.CHOICE else ", ".join(labels))
        for (source, target, way), labels in groups.items()
    ]


def _label_size(transition: Transition) -> tuple[float, float] | None:
    # That every error is caught is the rule, and would be written all over the picture.
    if not transition.label or transition.label == "States.ALL":
        return None
    return min(width_of(transition.label, LABEL_SIZE) + 14, LABEL_WIDTH), LABEL_HEIGHT


def _bundle(transition: Transition) -> str:
    """Errors that lead to the same state may run in one line."""
    return str(transition.way) if transition.way is Way.CATCH else ""
