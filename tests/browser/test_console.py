"""The page in a browser: look, keyboard, accessibility, and use without script."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from playwright.sync_api import Browser, Page, expect

from odcr_cli.console.app import create_app
from odcr_cli.console.history_cache import HistoryCache
from odcr_cli.console.run_cache import EndedRunsCache, LastRunCache
from odcr_cli.door import Changed
from tests.browser import scenes
from tests.browser.conftest import Server
from tests.unit.cli.fake_source import FakeSource

TOKEN = "a-token"
BRANCH = "ReserveShortfalls/ReserveBranch"
PAGES = ("demands/", "runs/", "runs/run-999", f"runs/run-999?state={BRANCH}", "capacity/", "plots/", "market/")

# https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
CONTRASTS = """() => {
  const parse = (text) => {
    const found = text.match(/rgba?\\(([^)]+)\\)/);
    if (!found) throw new Error(text);
    const [r, g, b, a = 1] = found[1].split(/[ ,\\/]+/).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(parse(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || element.closest('.unseen, .skip, .execution-graph, script, style, title, desc, option')) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const colour = over(parse(element.closest('svg') ? style.fill : style.color), below);
    const [light, dark] = [luminance(colour), luminance(below)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    seen += 1;
    if (ratio < 4.5) poor.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  if (seen < 10) poor.push(`only ${seen} texts`);
  return poor;
}"""
# The structure that screen readers rely on.
STRUCTURE = """() => {
  const wrong = [];
  const count = (selector, number) => {
    const found = document.querySelectorAll(selector).length;
    if (found !== number) wrong.push(`${found} ${selector}`);
  };
  count('h1', 1); count('main', 1); count('header', 1); count('nav[aria-label]', 1); count('[aria-current=page]', 1);
  count('[role=status][aria-live=polite]', 1); count('html[lang]', 1);
  let level = 1;
  for (const heading of document.querySelectorAll('h1, h2, h3')) {
    const own = Number(heading.nodeName[1]);
    if (own > level + 1) wrong.push(`h${own} after h${level}: ${heading.textContent}`);
    level = own;
  }
  for (const head of document.querySelectorAll('th:not([scope])')) wrong.push(`no scope: ${head.outerHTML}`);
  for (const one of document.querySelectorAll('input:not([type=hidden]), select'))
    if (!one.labels.length && !one.ariaLabel) wrong.push(`no label: ${one.outerHTML}`);
  for (const one of document.querySelectorAll('a, button')) {
    const named = (one.ariaLabel || one.textContent).trim();
    if (!named && !one.closest('[aria-hidden=true]')) wrong.push(`no name: ${one.outerHTML}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) wrong.push(`twice: ${id}`);
  for (const one of document.querySelectorAll('[aria-labelledby]'))
    for (const id of one.getAttribute('aria-labelledby').split(' '))
      if (!document.getElementById(id)) wrong.push(`labelled by nothing: ${id}`);
  return wrong;
}"""


FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  one.dataset.reached = 'yes';
  const ring = one.querySelector(':scope > .ring');
  const is_seen = ring ? getComputedStyle(ring).stroke !== 'none' : getComputedStyle(one).outlineStyle !== 'none';
  return {what: one.outerHTML.slice(0, 120), is_seen};
}"""
NOT_REACHED = """() =>
  [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter((one) => one.checkVisibility() && one.tabIndex >= 0 && !one.dataset.reached)
    .map((one) => one.outerHTML.slice(0, 120))
"""


# Whether the first row was painted: https://developer.mozilla.org/docs/Web/API/PerformanceElementTiming
PAINTED = """
  new PerformanceObserver(() => { document.documentElement.dataset.painted = 'first'; })
    .observe({type: 'element', buffered: true});
  new MutationObserver((_, observer) => {
    const first = document.querySelector('tbody[data-text] th');
    if (!first) return;
    first.setAttribute('elementtiming', 'first');
    observer.disconnect();
  }).observe(document, {childList: true, subtree: true});
"""


class Market:
    """A fixed market of a local cloud."""

    def pools(self) -> dict[tuple[str, str], int]:
        return {("r5b.2xlarge", "ap-northeast-1c"): 0, ("c6i.4xlarge", "ap-northeast-1a"): 12}

    def faults(self) -> list[dict[str, Any]]:
        return [{"kind": "lost_after", "action": "CreateCapacityReservation", "times": 3, "fired": 1, "seconds": 5}]


class Changes:
    """Accepts each change."""

    def __init__(self) -> None:
        self.made: list[bool] = []

    def change_target(self, *_: object, is_trial: bool) -> Changed:
        self.made.append(is_trial)
        return Changed(not is_trial, 1, [], [])

    def start_run(self) -> str:
        return "run-1000"


Open = Callable[..., str]


class Stage:
    """The page on a test's scene; one application for all tests, so that it compiles its templates once."""

    def __init__(self) -> None:
        self.scene = FakeSource()
        self.app = create_app(lambda: self.scene, token=TOKEN, local_market=Market())  # type: ignore[arg-type]

    def on(self, scene: FakeSource, changes: Changes | None = None) -> flask.Flask:
        """The application on a scene, with changes allowed if given."""
        self.scene = scene
        self.app.config.update(
            CHANGES=changes, HISTORY=HistoryCache(), LAST_RUN=LastRunCache(), ENDED_RUNS=EndedRunsCache()
        )
        return self.app


@pytest.fixture(scope="module")
def stage() -> Stage:
    """The page."""
    return Stage()


def entered(page: Page, address: str) -> str:
    """Opens a session; returns the address of its path."""
    page.goto(f"{address}?token={TOKEN}")
    assert page.url.endswith("/demands/")
    return page.url.removesuffix("demands/")


@pytest.fixture
def console(page: Page, serve: Server, stage: Stage) -> Iterator[Open]:
    """Opens the page on a scene, and returns its address."""

    def start(scene: FakeSource, path: str = "", changes: Changes | None = None) -> str:
        address = serve(stage.on(scene, changes))
        address = entered(page, address)
        assert "token" not in page.url
        if path:
            page.goto(address + path)
        return address

    yield start
    # Before the server ends: a page that still loads something would complain.
    page.goto("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable_and_structured(page: Page, console: Open, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    address = console(scenes.evening(), changes=Changes())
    for path in (*PAGES, "change/?demand=r5b.2xlarge+ap-northeast-1c"):
        page.goto(address + path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate(CONTRASTS) == [], path
        if not path.startswith("change"):
            assert page.evaluate(STRUCTURE) == [], path


def test_light_and_dark_are_two(page: Page, console: Open) -> None:
    console(scenes.evening())
    ground = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) != light


def test_nothing_is_cut_off_at_any_width(page: Page, console: Open) -> None:
    address = console(scenes.evening())
    for path in PAGES:
        page.goto(address + path)
        for width in (360, 820, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_group_opens_to_its_pools_and_stays_open_while_the_page_refreshes(page: Page, console: Open) -> None:
    scene = scenes.evening()
    console(scene)
    pools = page.locator("#group-checkout table")
    expect(pools).to_be_hidden()
    page.get_by_text("Pools: 3").focus()
    page.keyboard.press("Enter")
    expect(pools).to_contain_text("c6i.4xlarge ap-northeast-1d")
    page.evaluate("scrollTo(0, 200)")
    row = page.locator("tbody[id^='row-r5b']")
    expect(row).to_contain_text("9 / 15")
    scene.tables["odcr_status"][0] |= {"Reserved": 15, "Status": "FULFILLED", "Reason": ""}
    scene.tables["odcr_capacity"] = [
        entry for entry in scene.tables["odcr_capacity"] if entry["InstanceType"] != "c7g.xlarge"
    ]
    scene.tables["odcr_status"] = [
        entry for entry in scene.tables["odcr_status"] if entry["InstanceType"] != "c7g.xlarge"
    ]
    refreshed(page)
    expect(row).to_contain_text("15 / 15")
    expect(row).to_contain_text("Fulfilled")
    expect(page.locator("tbody[id^='row-c7g']")).to_have_count(0)
    expect(pools).to_be_visible()
    assert page.evaluate("scrollY") == 200
    assert page.evaluate("document.activeElement.textContent") == "Pools: 3"
    assert page.locator("#said").text_content() == "Not met: 4 of 8 demands."
    names = page.locator("tbody[data-text]").evaluate_all("rows => rows.map(row => row.id)")
    page.reload()
    assert page.locator("tbody[data-text]").evaluate_all("rows => rows.map(row => row.id)") == names


def refreshed(page: Page) -> None:
    """Triggers a refresh, and waits for its answer."""
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_refreshing_can_be_paused(page: Page, console: Open) -> None:
    asked: list[str] = []
    console(scenes.evening())
    page.on("request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None)
    pause = page.get_by_role("button", name="Live")
    pause.click()
    expect(page.get_by_role("button", name="Paused")).to_have_attribute("aria-pressed", "true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert asked == []
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.get_by_role("button", name="Paused").click()


def test_filtering_shows_what_fits_at_once_and_says_how_many(page: Page, console: Open) -> None:
    console(scenes.evening())
    page.get_by_label("Filter").fill("ap-northeast-1c short")
    expect(page.locator("tbody[data-text]:visible")).to_have_count(3)
    expect(page.locator("#count")).to_have_text("3 of 9 shown")
    assert "q=ap-northeast-1c+short" in page.url
    refreshed(page)
    expect(page.locator("tbody[data-text]:visible")).to_have_count(3)
    page.reload()
    expect(page.locator("tbody[data-text]:visible")).to_have_count(3)
    page.get_by_label("Filter").fill("")
    page.get_by_label("Show").select_option("unmet")
    expect(page.locator("tbody[data-text]:visible")).to_have_count(5)
    page.get_by_label("Order").select_option("cost")
    expect(page.locator("tbody[data-text]:visible").first).to_contain_text("c6i.4xlarge")
    assert page.url.endswith("show=unmet&sort=cost")


class Held:
    """The page Demands, of which only the piece that has the first rows is sent until it is let go.

    Args:
        app: what answers.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.holds = False
        self.goes_on = threading.Event()
        self.work = 0.0
        """Seconds of the processor that the server needed until it had the first rows."""

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        began, is_held = time.thread_time(), self.holds and environ["PATH_INFO"].endswith("/demands/")
        answer = self._app(environ, start_response)
        for piece in answer:
            if is_held and b"<tbody" in piece:
                self.work, is_held = time.thread_time() - began, False
                yield piece
                self.goes_on.wait(30)
            else:
                yield piece
        answer.close()


def test_the_first_of_a_thousand_targets_are_painted_before_the_rest_arrives(
    page: Page, console: Open, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long a person waits depends on AWS's answers and on what else the machine does. What depends on this page is
    # that the first rows wait for no others, and what work the server has for a thousand before it sends the first:
    # a tenth of a second of the processor, when this was written.
    held = Held(stage.app.wsgi_app)
    monkeypatch.setattr(stage.app, "wsgi_app", held)
    page.add_init_script(PAINTED)
    address = console(scenes.many(1000))
    held.holds = True
    page.goto(f"{address}demands/", wait_until="commit")
    expect(page.locator("html[data-painted=first]")).to_have_count(1)
    assert 10 <= page.locator("tbody[data-text]").count() < 100
    assert page.evaluate("document.readyState") == "loading"
    held.goes_on.set()
    assert 0 < held.work < 0.5
    expect(page.locator("tbody[data-text]")).to_have_count(1000)
    page.get_by_label("Filter").fill("ap-northeast-1d")
    expect(page.locator("tbody[data-text]:visible")).to_have_count(333)


def test_hostile_text_stays_text_in_the_browser(page: Page, console: Open) -> None:
    address = console(scenes.hostile())
    for path in (*PAGES[:-1], f"runs/run-999?state={BRANCH}/%3C~1svg%3E%3Cscript%3Ealert(1)%3C~1script%3E&logs=yes"):
        page.goto(address + path)
        assert page.locator("main img, main script, main iframe").count() == 0
    expect(page.locator(".logs")).to_contain_text("<script>alert(1)</script>")
    page.goto(f"{address}demands/?q=%22%3E%3Cimg%20src%3Dx%3E")
    expect(page.get_by_label("Filter")).to_have_value('"><img src=x>')


def test_a_state_is_selected_by_a_click_and_the_way_back_leads_to_the_one_before(page: Page, console: Open) -> None:
    console(scenes.evening(), "runs/run-999?state=LoadTargets")
    panel = page.locator("#state-panel")
    expect(panel.locator("h2")).to_contain_text("LoadTargets")
    page.evaluate("window.stays = true")
    page.locator(f'.execution-graph a[data-path="{BRANCH}"]').click()
    expect(panel.locator("h2")).to_contain_text("ReserveBranch")
    expect(panel.locator(".items tbody tr").first).to_contain_text(re.compile("OutOfMemory|QuotaExceeded"))
    page.locator(f'.execution-graph a[data-path="{BRANCH}/ReserveCapacity"]').focus()
    page.keyboard.press("Enter")
    expect(panel.locator("h2")).to_contain_text("ReserveCapacity")
    assert page.evaluate("document.activeElement.dataset.path") == f"{BRANCH}/ReserveCapacity"
    page.get_by_role("link", name="Show the log lines").click()
    expect(panel.locator(".logs")).to_contain_text("UnauthorizedOperation")
    page.go_back()
    page.go_back()
    expect(panel.locator("h2")).to_contain_text("ReserveBranch")
    assert page.evaluate("window.stays"), "the page was not loaded anew"


def test_a_slow_answer_does_not_replace_what_was_selected_after_it(page: Page, console: Open) -> None:
    console(scenes.evening(), "runs/run-999?state=LoadTargets")
    heading = page.locator("#state-panel h2")
    slow: list[Any] = []
    page.route(re.compile("state=.*ReserveCapacity"), lambda route: slow.append(route))
    page.evaluate("window.stays = true")
    page.locator(f'.execution-graph a[data-path="{BRANCH}/ReserveCapacity"]').click()
    page.locator(f'.execution-graph a[data-path="{BRANCH}"]').click()
    expect(heading).to_contain_text("ReserveBranch")
    assert len(slow) == 1
    with page.expect_request_finished(lambda request: "ReserveCapacity" in request.url):
        slow[0].continue_()
    page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done), 200))")
    expect(heading).to_contain_text("ReserveBranch")
    assert page.url.split("#")[0].endswith("ReserveBranch")
    assert page.evaluate("window.stays")


def test_everything_is_reachable_by_keyboard_with_visible_focus(page: Page, console: Open) -> None:
    address = console(scenes.evening())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Filter")).to_be_focused()
    for path in PAGES:
        page.goto(address + path)
        for _ in range(200):
            page.keyboard.press("Tab")
            seen = page.evaluate(FOCUSED)
            if seen is None:
                break
            assert seen["is_seen"], f"focus is not seen on {seen['what']}"
        assert page.evaluate(NOT_REACHED) == [], path


def test_without_script_all_can_be_seen_and_changed(browser: Browser, serve: Server, stage: Stage) -> None:
    changes = Changes()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    address = entered(page, serve(stage.on(scenes.evening(), changes)))
    page.get_by_label("Filter").fill("r5b")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody[data-text]:visible")).to_have_count(1)
    page.get_by_role("link", name="Change r5b.2xlarge ap-northeast-1c").click()
    page.get_by_label("Wanted").fill("20")
    page.get_by_role("button", name="Review the change").click()
    expect(page.locator("main")).to_contain_text("15 → 20")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status").first).to_contain_text("the target is 20 now")
    assert changes.made == [True, False]
    page.get_by_text("Pools: 3").click()
    expect(page.locator("#group-checkout table")).to_be_visible()
    page.goto(f"{address}runs/run-999")
    page.locator(f'.execution-graph a[data-path="{BRANCH}"]').click()
    expect(page.locator("#state-panel h2")).to_contain_text("ReserveBranch")
    page.get_by_role("link", name="All runs").click()
    page.get_by_role("button", name="Start a run now").click()
    expect(page.locator("main")).to_contain_text("The run run-1000 has started.")
    context.close()


def test_the_browser_sends_forms_of_this_page(page: Page, console: Open) -> None:
    changes = Changes()
    address = console(scenes.evening(), changes=changes)
    page.goto(f"{address}change/?demand=checkout&group=yes")
    page.get_by_label("Wanted").fill("220")
    page.get_by_role("button", name="Review the change").click()
    expect(page.locator("main")).to_contain_text("200 → 220")
    assert changes.made == [True]


def test_a_page_on_another_port_can_neither_post_nor_read(browser: Browser, serve: Server) -> None:
    changes, sent = Changes(), []
    app = create_app(scenes.evening, token=TOKEN, changes=changes)  # type: ignore[arg-type]

    @app.after_request
    def note(answer: flask.Response) -> flask.Response:
        known = any(map(app.config["SESSIONS"].is_known, flask.request.cookies.values()))
        sent.append((flask.request.path, known, answer.status_code))
        return answer

    address = serve(app)
    context = browser.new_context()
    page = context.new_page()
    inside = entered(page, address)
    for at, is_known in ((address, False), (inside, True)):
        form = f'<form method="post" action="{at}change/"><button name="wanted" value="9">Go</button></form>'
        other = serve(f'<!doctype html><link rel="icon" href="data:,"><title>Other</title>{form}')
        page.goto(other)
        sent.clear()
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_role("alert")).to_have_text("Another site sent this.")
        assert ("/change/", is_known, 403) in sent, "whoever knows the folder is refused all the same"
        page.goto(other)
        sent.clear()
        read = "address => fetch(address, {credentials: 'include'}).then(found => found.text()).catch(() => 'refused')"
        assert page.evaluate(read, f"{at}demands/") == "refused"
        assert [status for path, _, status in sent if path == "/demands/"] == [403]
    assert changes.made == []
    context.close()


def test_a_server_on_another_port_gets_neither_cookie_nor_path(browser: Browser, serve: Server, stage: Stage) -> None:
    heard: list[Any] = []
    other = flask.Flask("other")

    @other.before_request
    def listen() -> str:
        heard.append((flask.request.path, flask.request.cookies.to_dict(), flask.request.headers.get("Referer")))
        return '<!doctype html><link rel="icon" href="data:,"><title>Other</title>'

    context = browser.new_context()
    page = context.new_page()
    inside = entered(page, serve(stage.on(scenes.evening(), Changes())))
    page.get_by_role("link", name="中文").click()
    root = inside.rpartition("/~")[2]
    elsewhere = serve(other)
    page.evaluate("address => { location.href = address }", f"{elsewhere}followed")
    page.wait_for_url("**/followed")
    assert root not in page.evaluate("document.referrer + JSON.stringify(performance.getEntries())")
    for path in ("", "demands/", "~", f"~{'0' * 32}/", "static/console.js"):
        page.goto(elsewhere + path)
    assert [path for path, *_ in heard][:2] == ["/followed", "/"]
    assert {(tuple(cookies), referer) for _, cookies, referer in heard} == {(("odcr-language",), None)}
    heard.clear()
    # That the path is all that keeps it away: whoever knew it would get it.
    page.goto(f"{elsewhere}~{root}")
    assert any(name.startswith("odcr-console-") for name in heard[0][1])
    context.close()


def test_the_page_speaks_chinese_and_stays_where_it_was(page: Page, console: Open) -> None:
    address = console(scenes.evening())
    page.goto(f"{address}demands/?show=unmet")
    page.get_by_role("link", name="中文").click()
    assert page.url.endswith("/demands/?show=unmet")
    assert page.locator("html").get_attribute("lang") == "zh"
    expect(page.locator("h1")).to_have_text("需求")
    for path in PAGES:
        page.goto(address + path)
        assert page.evaluate(STRUCTURE) == []
        said = page.locator("h1").inner_text() + page.locator("nav").inner_text()
        assert not set(said) & set("abcdefghijklmnopqrstuvwxyz"), said
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Market")


def test_a_recording_does_not_refresh_and_says_when_it_is_from(page: Page, console: Open) -> None:
    scene = scenes.evening()
    scene.is_live = False
    console(scene)
    expect(page.locator("header")).to_contain_text("Recorded at 2026-11-10 21:00:00 UTC")
    expect(page.locator("#pause")).to_have_count(0)


def test_a_server_that_does_not_answer_is_shown(page: Page, console: Open) -> None:
    console(scenes.evening())
    page.route("**/demands/", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>no page</p>"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("button", name="No answer")).to_be_visible()
    page.unroute("**/demands/")
    refreshed(page)
    expect(page.get_by_role("button", name="Live")).to_be_visible()
