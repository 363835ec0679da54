"""Boxes never overlap, whatever the definition, and each is inside the one around it."""

import json
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import pytest
from grandalf.layouts import Layer, SugiyamaLayout  # type: ignore[import-untyped]
from grandalf.utils import Poset  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from odcr_cli.execution_graph.layout import HEIGHT, WIDTH, Box, Layout, layout_of
from odcr_cli.execution_graph.model import END, START, Level, graph_of

NAMES = [f"State{number}" for number in range(9)]


@st.composite
def machines(draw: st.DrawFn, depth: int = 2, prefix: str = "") -> dict[str, Any]:
    """A definition whose states lead anywhere, also back, to themselves, or nowhere."""
    names = [prefix + name for name in NAMES[: draw(st.integers(1, len(NAMES) if depth == 2 else 4))]]
    target = st.sampled_from(names)
    states: dict[str, Any] = {}
    for name in names:
        kinds = ["Task", "Choice", "Pass", "Fail"] + (["Map", "Parallel"] if depth else [])
        kind = draw(st.sampled_from(kinds))
        state: dict[str, Any] = {"Type": kind}
        if kind == "Choice":
            ways = draw(st.lists(st.tuples(target, st.sampled_from(["x", "a" * 60])), max_size=4))
            state["Choices"] = [
                {"Variable": f"$.{name}", "IsPresent": True, "Next": following_} for following_, name in ways
            ]
            state["Default"] = draw(target)
        elif kind != "Fail":
            following = draw(st.none() | target)
            state |= {"Next": following} if following else {"End": True}
        if kind in ("Task", "Map", "Parallel"):
            errors = st.sampled_from(["States.ALL", "SomethingBroke"])
            caught = draw(st.lists(st.tuples(errors, target), max_size=2))
            state["Catch"] = [{"ErrorEquals": [error], "Next": following_} for error, following_ in caught]
        if kind == "Map":
            state["ItemProcessor"] = draw(machines(depth - 1, f"{name}-"))
        if kind == "Parallel":
            count = draw(st.integers(1, 3))
            state["Branches"] = [draw(machines(depth - 1, f"{name}-{number}-")) for number in range(count)]
        states[name] = state
    return {"StartAt": draw(target), "States": states}


def overlap(first: Box, second: Box) -> bool:
    return (
        first.x < second.x + second.width
        and second.x < first.x + first.width
        and first.y < second.y + second.height
        and second.y < first.y + first.height
    )


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width + 0.01
        and inner.y + inner.height <= outer.y + outer.height + 0.01
    )


def levels(level: Level, around: Box) -> Iterator[tuple[Level, str, int]]:
    """Each level inside another one, with the state around it and its number there."""
    del around
    for state in level.states.values():
        for number, inner in enumerate(state.levels):
            yield inner, state.path, number
            yield from levels(inner, Box(0, 0, 0, 0))


def labels_of(layout: Layout, paths: set[str]) -> list[Box]:
    return [arrow.label for arrow in layout.arrows if arrow.label and {arrow.source, arrow.target} <= paths]


@settings(max_examples=60, deadline=None)
@given(machines())
def test_nothing_overlaps_and_all_is_inside(definition: dict[str, Any]) -> None:
    graph = graph_of(json.dumps(definition))
    layout = layout_of(graph)
    whole = Box(0, 0, layout.width, layout.height)
    parts = [(graph.level, whole, {START, END})]
    for level, path, number in levels(graph.level, whole):
        frame = layout.frames[path][number]
        assert inside(frame, layout.boxes[path])
        assert frame.y >= layout.boxes[path].y + HEIGHT
        parts.append((level, frame, set()))
    for level, frame, more in parts:
        paths = {state.path for state in level.states.values()} | more
        boxes = [layout.boxes[path] for path in sorted(paths)] + labels_of(layout, paths)
        assert all(inside(box, frame) for box in boxes)
        assert not any(overlap(first, second) for first, second in combinations(boxes, 2))


@settings(max_examples=30, deadline=None)
@given(machines())
def test_arrows_begin_and_end_at_their_boxes_and_cross_none(definition: dict[str, Any]) -> None:
    layout = layout_of(graph_of(json.dumps(definition)))
    assert layout == layout_of(graph_of(json.dumps(definition)))
    for arrow in layout.arrows:
        for path, (x, y) in ((arrow.source, arrow.points[0]), (arrow.target, arrow.points[-1])):
            box = layout.boxes[path]
            assert box.x - 0.01 <= x <= box.x + box.width + 0.01
            assert box.y - 0.01 <= y <= box.y + box.height + 0.01
        for x, y in arrow.points[1:-1]:
            for box in (layout.boxes[arrow.source], layout.boxes[arrow.target]):
                assert not overlap(Box(x, y, 0, 0), box)


def test_each_state_is_above_the_one_that_follows_it() -> None:
    names = ["A", "B", "C", "D"]
    chain = dict(pairwise(names))
    states = {name: {"Type": "Pass", **({"Next": chain[name]} if name in chain else {"End": True})} for name in names}
    boxes = layout_of(graph_of(json.dumps({"StartAt": "A", "States": states}))).boxes
    assert [path for path, _ in sorted(boxes.items(), key=lambda box: box[1].y)] == [START, *names, END]
    assert len({box.x + box.width / 2 for box in boxes.values()}) == 1


def test_errors_of_many_states_run_to_their_handler_in_one_line() -> None:
    names = [f"State{number}" for number in range(20)]
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Handler"}]
    states: dict[str, Any] = {
        name: {"Type": "Task", "Resource": "any", "Next": following, "Catch": caught}
        for name, following in pairwise([*names, "Handler"])
    }
    states["Handler"] = {"Type": "Fail"}
    layout = layout_of(graph_of(json.dumps({"StartAt": names[0], "States": states})))
    assert layout.width < 2 * WIDTH
    ends = {arrow.points[-2:] for arrow in layout.arrows if arrow.joins}
    assert len(ends) == 1
    assert sum(arrow.joins for arrow in layout.arrows) == len(names) - 2


def mesh(size: int) -> str:
    """A definition of Choices each of which leads to all others."""
    names = [f"State{number}" for number in range(size)]
    states: dict[str, Any] = {
        name: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "StringEquals": other, "Next": other} for other in names if other != name],
            "Default": "Done",
        }
        for name in names
    }
    return json.dumps({"StartAt": names[0], "States": states | {"Done": {"Type": "Succeed"}}})


class Counted:
    """What grandalf does, counted: a test of seconds would be one of the machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.orderings = self.placings = 0
        order, place = Layer.order, SugiyamaLayout.setxy

        def ordered(layer: Any) -> Any:
            self.orderings += 1
            return order(layer)

        def placed(layout: Any) -> None:
            self.placings += 1
            place(layout)
            assert isinstance(layout.conflicts, frozenset), "each pair of neighbours is looked up in it"

        monkeypatch.setattr(Layer, "order", ordered)
        monkeypatch.setattr(SugiyamaLayout, "setxy", placed)
        monkeypatch.setattr(Poset, "__ne__", lambda *_: pytest.fail("All vertices were compared."))


def test_the_work_is_bounded_where_a_picture_would_be_unreadable_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    small = layout_of(graph_of(mesh(5)))
    assert counted.placings == 1
    layers = len({box.y for box in (*small.boxes.values(), *labels_of(small, set(small.boxes)))})
    assert layers < counted.orderings <= 6 * layers
    counted.orderings = counted.placings = 0
    large = layout_of(graph_of(mesh(24)))
    assert counted.placings == 0
    assert counted.orderings == len({box.y for box in (*large.boxes.values(), *labels_of(large, set(large.boxes)))})
    boxes = [*large.boxes.values(), *labels_of(large, set(large.boxes))]
    assert not any(overlap(first, second) for first, second in combinations(boxes, 2))
