"""Draws an execution as a self-contained SVG element, with CSS classes for colours and a link for each state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from odcr_cli.execution_graph.layout import HEIGHT, LABEL_SIZE, Arrow, Box, Layout, layout_of
from odcr_cli.execution_graph.model import END, START, Graph, Level, State, Way
from odcr_cli.execution_graph.progress import Progress, Summary
from odcr_cli.execution_graph.status_words import count_word, status_word
from odcr_cli.execution_graph.text import shortened, width_of
from odcr_cli.execution_graph.translation import Translate, untranslated
from odcr_cli.execution_graph.visits import Status

NAME_SIZE, ABOUT_SIZE, BADGE_SIZE = 14.0, 11.5, 11.5
_TEXT_AT = 40.0
_EDGE = 10.0
_BOLD = 1.1
"""How much wider bold text is."""
_SIGNS = {
    # Paths on a disc with a radius of 9 around (0, 0), because not every font has the characters.
    Status.SUCCEEDED: "M-4 0.5 L-1.2 3.4 L4.2 -3",
    Status.FAILED: "M-3.4 -3.4 L3.4 3.4 M3.4 -3.4 L-3.4 3.4",
    Status.CAUGHT: "M0 -4.6 L0 1 M0 4 L0 4.2",
    Status.ABORTED: "M-3.2 -3.2 H3.2 V3.2 H-3.2 Z",
    Status.RUNNING: "M-4 0 L-4 0.1 M0 0 L0 0.1 M4 0 L4 0.1",
    Status.NOT_REACHED: "",
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class _Badge:
    x: float
    width: float
    text: str


@dataclass(frozen=True)
class _Node:
    path: str
    box: Box
    frames: list[Box]
    css: str
    sign: str
    name: str
    about: str
    status: str
    badges: list[_Badge]
    href: str
    label: str
    """The text for screen readers."""
    is_map: bool
    current: bool


@dataclass(frozen=True)
class _Line:
    css: str
    path: str
    head: str
    text: str
    label: Box | None
    short: str
    taken: bool
    """Whether the execution made this transition. Such lines are drawn last, over those that they share a path with."""


def draw(
    graph: Graph,
    progress: Progress,
    link: Callable[[str], str],
    selected: str | None = None,
    translate: Translate = untranslated,
) -> Markup:
    """Draws an execution.

    Args:
        graph: the definition's graph.
        progress: the execution's progress.
        link: returns the address that selects the state at a path.
        selected: the path of the selected state.
        translate: translates the drawing's own texts.
    """
    layout, taken = layout_of(graph), progress.taken_transitions()
    nodes = [
        _node(state, layout, progress.summary(state.path), link(state.path), translate, current=state.path == selected)
        for state in _reading_order(graph.level, layout)
    ]
    return Markup(  # noqa: S704 - the template escapes
        _TEMPLATES.get_template("drawing.svg").render(
            layout=layout,
            nodes=nodes,
            lines=sorted((_line(arrow, taken, translate) for arrow in layout.arrows), key=lambda line: line.taken),
            ends=[(translate("Start"), layout.boxes[START]), (translate("End"), layout.boxes[END])],
            entries=[point for points in layout.entries.values() for point in points],
            status=progress.status,
            label=translate("Execution graph, {status}", status=status_word(progress.status, translate)),
            head=HEIGHT,
        )
    )


def _reading_order(level: Level, layout: Layout) -> Iterator[State]:
    """The states in keyboard order: from top to bottom and left to right, a state before the states inside it."""
    for state in sorted(
        level.states.values(), key=lambda state: (layout.boxes[state.path].y, layout.boxes[state.path].x)
    ):
        yield state
        for inner in state.levels:
            yield from _reading_order(inner, layout)


def _word(summary: Summary, translate: Translate) -> str:
    """The state's status as text, with a count if it occurs in several items or branches."""
    if summary.status is Status.NOT_REACHED:
        return ""
    if sum(summary.counts.values()) < 2 or summary.status is Status.SUCCEEDED or summary.items:
        return status_word(summary.status, translate)
    return count_word(summary.status, summary.counts[summary.status], translate)


def _node(state: State, layout: Layout, summary: Summary, href: str, translate: Translate, *, current: bool) -> _Node:
    box = layout.boxes[state.path]
    word = _word(summary, translate)
    badges = list(_badges(summary, box.width - _EDGE - (width_of(word, ABOUT_SIZE) * _BOLD + 8 if word else 0)))
    about_room = (badges[-1].x - 6 if badges else box.width - _EDGE - width_of(word, ABOUT_SIZE) - 10) - _TEXT_AT
    classes = ["state", summary.status.replace(" ", "-"), *(["inside"] if state.levels else [])]
    return _Node(
        state.path,
        box,
        layout.frames.get(state.path, []),
        " ".join([*classes, *(["selected"] if current else [])]),
        _SIGNS[summary.status],
        shortened(state.name, (box.width - _TEXT_AT - _EDGE) / _BOLD, NAME_SIZE),
        shortened(state.about, about_room, ABOUT_SIZE),
        word,
        badges,
        href,
        label_of(state, summary, translate),
        state.kind == "Map",
        current,
    )


def _badges(summary: Summary, right: float) -> Iterator[_Badge]:
    """The badges with counts, from right to left."""
    texts = []
    if summary.items:
        texts.append(f"{summary.items.succeeded}/{summary.items.total}")
    if summary.retries:
        texts.append(f"\u21bb{summary.retries}")
    if summary.entered > 1 and not summary.items:
        texts.append(f"\u00d7{summary.entered}")
    for text in texts:
        width = width_of(text, BADGE_SIZE) * _BOLD + 10
        right -= width
        yield _Badge(right, width, text)
        right -= 4


def label_of(state: State, summary: Summary, translate: Translate) -> str:
    """A state's label for screen readers: "ReserveCapacity, Task, failed in 3 of 40, 2 retries"."""
    parts = [state.name, state.kind, status_word(summary.status, translate)]
    if summary.items:
        items = summary.items
        counted = [(items.failed, Status.FAILED), (items.running, Status.RUNNING), (items.aborted, Status.ABORTED)]
        parts.append(translate("{done} of {all} items succeeded", done=items.succeeded, all=items.total))
        parts += [count_word(status, number, translate) for number, status in counted if number]
    elif sum(summary.counts.values()) > 1:
        among = sum(summary.counts.values())
        parts += [
            translate("{status} in {count} of {all}", status=status_word(status, translate), count=count, all=among)
            for status, count in summary.counts.items()
        ]
    elif summary.entered > 1:
        parts.append(translate("entered {count} times", count=summary.entered))
    if summary.retries:
        parts.append(
            translate("1 retry") if summary.retries == 1 else translate("{count} retries", count=summary.retries)
        )
    return ", ".join(parts)


def _line(arrow: Arrow, taken: set[tuple[str, str, bool]], translate: Translate) -> _Line:
    made = (arrow.source, arrow.target, arrow.way is Way.CATCH) in taken
    (_, y0), (x1, y1) = arrow.points[-2:]
    if y0 == y1:
        head = f"M{x1:g} {y1:g} l7 -4 v8 z"
    else:
        back = -8 if y1 > y0 else 8
        head = f"M{x1:g} {y1:g} l-4.5 {back:g} h9 z"
    text = arrow.text
    if arrow.way is Way.CATCH:
        text = translate("after any error") if text == "States.ALL" else translate("after {errors}", errors=text)
    css = f"arrow {arrow.way}{' taken' if made else ''}"
    short = shortened(arrow.text, arrow.label.width - 10, LABEL_SIZE) if arrow.label else ""
    points = arrow.points
    if arrow.joins and not made:
        points, head = points[:3], ""
    return _Line(css, _curve(points), head, text, arrow.label, short, made)


def _curve(points: tuple[tuple[float, float], ...]) -> str:
    """A path through the points: straight between points above each other, else a curve with vertical ends."""
    (x, y), *others = points
    parts = [f"M{x:g} {y:g}"]
    for nextx, nexty in others:
        if nextx == x or nexty == y:
            parts.append(f"L{nextx:g} {nexty:g}")
        else:
            middle = (y + nexty) / 2
            parts.append(f"C{x:g} {middle:g} {nextx:g} {middle:g} {nextx:g} {nexty:g}")
        x, y = nextx, nexty
    return "".join(parts)
