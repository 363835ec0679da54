"""The page in a browser: look, keyboard, accessibility, and use without script."""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import scenes
from tests.browser.conftest import Server
from tests.browser.page_checks import CONTRASTS, FOCUSED, NOT_REACHED, PAINTED, STRUCTURE
from tests.browser.stage import BRANCH, PAGES, Changes, Open, Stage, open_session


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


def test_light_and_dark_backgrounds_differ(page: Page, console: Open) -> None:
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
    assert page.locator("#announced").text_content() == "Not met: 4 of 8 demands."
    names = page.locator("tbody[data-text]").evaluate_all("rows => rows.map(row => row.id)")
    page.reload()
    assert page.locator("tbody[data-text]").evaluate_all("rows => rows.map(row => row.id)") == names


def refreshed(page: Page) -> None:
    """Triggers a refresh, and waits for its answer."""
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_refreshing_can_be_paused(page: Page, console: Open) -> None:
    fetched: list[str] = []
    console(scenes.evening())
    page.on("request", lambda request: fetched.append(request.url) if request.resource_type == "fetch" else None)
    pause = page.get_by_role("button", name="Live")
    pause.click()
    expect(page.get_by_role("button", name="Paused")).to_have_attribute("aria-pressed", "true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert fetched == []
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.get_by_role("button", name="Paused").click()


def test_the_filter_shows_matching_rows_at_once_and_their_number(page: Page, console: Open) -> None:
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


class PausedDemands:
    """Sends the Demands page up to its first rows, and the rest once it is resumed.

    Args:
        app: the page's application.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.is_pausing = False
        self.resumed = threading.Event()
        self.work = 0.0
        """Processor seconds that the server needed for the first rows."""

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        began, is_paused = time.thread_time(), self.is_pausing and environ["PATH_INFO"].endswith("/demands/")
        answer = self._app(environ, start_response)
        for piece in answer:
            if is_paused and b"<tbody" in piece:
                self.work, is_paused = time.thread_time() - began, False
                yield piece
                self.resumed.wait(30)
            else:
                yield piece
        answer.close()


def test_the_first_of_a_thousand_targets_are_painted_before_the_rest_arrives(
    page: Page, console: Open, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long a person waits depends on AWS and on the load of this machine. The page decides that the first rows
    # wait for no others, and how long the server works on a thousand rows before it sends the first: 0.1 s of the
    # processor when this was written.
    paused = PausedDemands(stage.app.wsgi_app)
    monkeypatch.setattr(stage.app, "wsgi_app", paused)
    page.add_init_script(PAINTED)
    address = console(scenes.many(1000))
    paused.is_pausing = True
    page.goto(f"{address}demands/", wait_until="commit")
    expect(page.locator("html[data-painted=first]")).to_have_count(1)
    assert 10 <= page.locator("tbody[data-text]").count() < 100
    assert page.evaluate("document.readyState") == "loading"
    paused.resumed.set()
    assert 0 < paused.work < 0.5
    expect(page.locator("tbody[data-text]")).to_have_count(1000)
    page.get_by_label("Filter").fill("ap-northeast-1d")
    expect(page.locator("tbody[data-text]:visible")).to_have_count(333)


def test_a_click_selects_a_state_and_back_returns_to_the_previous_one(page: Page, console: Open) -> None:
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


def test_a_slow_answer_does_not_replace_a_later_selection(page: Page, console: Open) -> None:
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
            focus = page.evaluate(FOCUSED)
            if focus is None:
                break
            assert focus["is_seen"], f"no visible focus on {focus['what']}"
        assert page.evaluate(NOT_REACHED) == [], path


def test_everything_can_be_seen_and_changed_without_script(browser: Browser, serve: Server, stage: Stage) -> None:
    changes = Changes()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    address = open_session(page, serve(stage.on(scenes.evening(), changes)))
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
        text = page.locator("h1").inner_text() + page.locator("nav").inner_text()
        assert not set(text) & set("abcdefghijklmnopqrstuvwxyz"), text
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Market")


def test_a_recording_does_not_refresh_and_shows_its_time(page: Page, console: Open) -> None:
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
