"""The graph of an execution in a browser."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import flask
import pytest
from playwright.sync_api import Page

from odcr_cli import execution_graph
from tests import sample_executions
from tests.browser.conftest import Server
from tests.moto_interpreter import PlayedExecution, interpreter

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>Graph</title><h1>Graph</h1>{}"""
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('.execution-graph a')].map(a => {
    const box = a.querySelector('.box').getBoundingClientRect();
    return {path: a.dataset.path, left: box.left, right: box.right, top: box.top, bottom: box.bottom};
  });
  return boxes.flatMap(a => boxes.filter(b => a.path < b.path && a.left < b.right && b.left < a.right
    && a.top < b.bottom && b.top < a.bottom).map(b => [a.path, b.path]));
}"""
TOO_WIDE = """() => [...document.querySelectorAll('.execution-graph a')].flatMap(a => {
  const box = a.querySelector('.box').getBoundingClientRect();
  return [...a.querySelectorAll('text')].filter(text => {
    const own = text.getBoundingClientRect();
    return own.right > box.right || own.left < box.left;
  }).map(text => text.textContent);
})"""
CROWDED = """() => [...document.querySelectorAll('.execution-graph a')].flatMap(a => {
  const texts = [...a.querySelectorAll('.about, .badge, .word')].map(text => text.getBoundingClientRect())
    .filter(box => box.width).sort((first, second) => first.left - second.left);
  return texts.slice(1).filter((box, n) => box.left < texts[n].right).map(() => a.dataset.path);
})"""
HOSTILE = [
    "</svg><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "A" * 80,
    "W" * 80,
    "容量を予約する" * 8,
    "احجز السعة قبل الذروة" * 3,
    "\u202eoverridden\u202e",
    "\u0000\u0007\ud800 broken",
    "🛒" * 30,
    "a/b~c/..",
]


@pytest.fixture(scope="module")
def run() -> Iterator[PlayedExecution]:
    """A run of this project with a retried, a refused and a failed item."""
    with interpreter():
        yield sample_executions.acquiring()


def shown(played: PlayedExecution, selected: str | None = None) -> str:
    graph = execution_graph.graph_of(played.definition)
    progress = execution_graph.progress_of(graph, played.events, played.status)
    return PAGE.format(execution_graph.draw(graph, progress, lambda path: f"/?state={quote(path, safe='')}", selected))


def application(played: PlayedExecution) -> flask.Flask:
    app = flask.Flask("graph")
    app.add_url_rule("/", "graph", lambda: shown(played, flask.request.args.get("state")))
    return app


def color(page: Page, path: str, kind: str = "box", property_: str = "stroke") -> Any:
    return page.locator(f'a[data-path="{path}"] .{kind}').evaluate(f"node => getComputedStyle(node).{property_}")


def test_each_status_has_its_colour_and_its_word(page: Page, serve: Server, run: PlayedExecution) -> None:
    page.goto(serve(shown(run)))
    inner = "ReserveShortfalls/ReserveBranch/"
    caught, succeeded, not_reached = f"{inner}ReserveCapacity", f"{inner}TargetFailed", "ReleaseLease"
    assert len({color(page, path) for path in (caught, succeeded, not_reached)}) == 3
    assert page.locator(f'a[data-path="{caught}"] .word').text_content() == "2 caught"
    assert page.locator(f'a[data-path="{succeeded}"] .word').text_content() == "succeeded"
    assert page.locator(f'a[data-path="{not_reached}"] .word').count() == 0
    badges = page.locator(f'a[data-path="{caught}"] .count').all_text_contents()
    assert sorted(badges) == ["\u00d75", "\u21bb4"]
    assert page.get_by_role("link", name="ReserveCapacity, Task, caught error").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_its_box(page: Page, serve: Server, run: PlayedExecution, scheme: Any) -> None:
    # WCAG 2.2, 1.4.3: https://www.w3.org/TR/WCAG22/#contrast-minimum
    page.emulate_media(color_scheme=scheme)
    page.goto(serve(shown(run)))
    for path in ("LoadTargets", "ReserveShortfalls/ReserveBranch/ReserveCapacity", "ReleaseLease"):
        box = luminance(color(page, path, "box", "fill"))
        for kind in ("name", "about"):
            assert contrast(luminance(color(page, path, kind, "fill")), box) >= 4.5, (path, kind)


def luminance(css: str) -> float:
    channels = [int(part) / 255 for part in css.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: float, second: float) -> float:
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def test_a_click_selects_a_state(page: Page, serve: Server, run: PlayedExecution) -> None:
    page.goto(serve(application(run)))
    page.get_by_role("link", name="RecordResults, Task").click()
    assert page.locator("a.selected").get_attribute("data-path") == "RecordResults"
    assert page.locator('[aria-current="true"]').count() == 1


def test_the_keyboard_goes_from_top_to_bottom_and_selects(page: Page, serve: Server, run: PlayedExecution) -> None:
    page.goto(serve(application(run)))
    visited = []
    for _ in range(page.locator(".execution-graph a").count()):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.dataset.path"))
    assert len(set(visited)) == len(visited)
    ordered = ["LoadTargets", "FindShortfalls", "ReserveShortfalls", "ReserveShortfalls/ReserveBranch", "RecordResults"]
    assert [path for path in visited if path in ordered] == ordered
    ring = color(page, visited[-1], "ring")
    assert ring != "none"
    page.keyboard.press("Enter")
    page.wait_for_url("**/?state=*")
    assert page.locator("a.selected").get_attribute("data-path") == visited[-1]


def test_nothing_overlaps_and_texts_stay_in_their_boxes(page: Page, serve: Server, run: PlayedExecution) -> None:
    page.goto(serve(shown(run, "LoadTargets")))
    assert page.locator(".execution-graph a").count() == len(execution_graph.graph_of(run.definition).states)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(CROWDED) == []


def test_the_graph_fits_the_width_of_the_page(page: Page, serve: Server, run: PlayedExecution) -> None:
    address = serve(shown(run))
    for width in (400, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_and_errors_are_text(page: Page, serve: Server) -> None:
    states: dict[str, Any] = {
        name: {"Type": "Task", "Resource": name, "Next": following}
        for name, following in zip(HOSTILE, [*HOSTILE[1:], "Failed"], strict=True)
    }
    states["Failed"] = {"Type": "Fail", "Error": HOSTILE[0], "Cause": HOSTILE[1]}
    definition = json.dumps({"StartAt": HOSTILE[0], "States": states})
    error = {"error": HOSTILE[0], "cause": HOSTILE[1]}
    events: list[dict[str, Any]] = [
        {"id": 1, "previousEventId": 0, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": HOSTILE[0]}},
        {"id": 2, "previousEventId": 1, "type": "TaskScheduled"},
        {"id": 3, "previousEventId": 2, "type": "TaskFailed", "taskFailedEventDetails": error},
        {"id": 4, "previousEventId": 3, "type": "ExecutionFailed", "executionFailedEventDetails": error},
    ]
    page.goto(serve(shown(PlayedExecution(definition, events, "FAILED"))))
    assert page.locator(".execution-graph a").count() == len(HOSTILE) + 1
    assert page.locator("script, img").count() == 0
    assert page.locator("a.failed").get_attribute("data-path") == "<~1svg><script>alert(1)<~1script>"
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(OVERLAPS) == []
    hrefs = page.locator(".execution-graph a").evaluate_all("links => links.map(link => link.href.baseVal)")
    assert all(href.startswith("/?state=") for href in hrefs)


def test_a_map_of_many_items_is_one_box(page: Page, serve: Server) -> None:
    item = {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}
    definition = json.dumps({"StartAt": "All", "States": {"All": {"Type": "Map", "Iterator": item, "End": True}}})
    events: list[dict[str, Any]] = [
        {"id": 1, "previousEventId": 0, "type": "MapStateEntered", "stateEnteredEventDetails": {"name": "All"}},
        {"id": 2, "previousEventId": 1, "type": "MapStateStarted", "mapStateStartedEventDetails": {"length": 400}},
    ]
    for index in range(400):
        number, named = 3 + 3 * index, {"name": "All", "index": index}
        started = {"type": "MapIterationStarted", "mapIterationStartedEventDetails": named}
        entered = {"type": "PassStateEntered", "stateEnteredEventDetails": {"name": "Item"}}
        ended = {"type": "MapIterationSucceeded", "mapIterationSucceededEventDetails": named}
        events.append({"id": number, "previousEventId": 2, **started})
        events.append({"id": number + 1, "previousEventId": number, **entered})
        events += [{"id": number + 2, "previousEventId": number + 1, **ended}] if index < 370 else []
    page.goto(serve(shown(PlayedExecution(definition, events, "RUNNING"))))
    assert page.locator(".execution-graph a").count() == 2
    assert page.locator('a[data-path="All"] .count').text_content() == "370/400"
    assert page.get_by_role("link", name="All, Map, running, 370 of 400 items succeeded, 30 running").count() == 1
