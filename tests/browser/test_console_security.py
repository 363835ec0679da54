"""The page in a browser: hostile text, and other sites."""

from typing import Any

import flask
from playwright.sync_api import Browser, Page, expect

from odcr_cli.console.app import create_app
from tests.browser import scenes
from tests.browser.conftest import Server
from tests.browser.stage import BRANCH, PAGES, TOKEN, Changes, Open, Stage, open_session


def test_hostile_text_stays_text_in_the_browser(page: Page, console: Open) -> None:
    address = console(scenes.hostile())
    for path in (*PAGES[:-1], f"runs/run-999?state={BRANCH}/%3C~1svg%3E%3Cscript%3Ealert(1)%3C~1script%3E&logs=yes"):
        page.goto(address + path)
        assert page.locator("main img, main script, main iframe").count() == 0
    expect(page.locator(".logs")).to_contain_text("<script>alert(1)</script>")
    page.goto(f"{address}demands/?q=%22%3E%3Cimg%20src%3Dx%3E")
    expect(page.get_by_label("Filter")).to_have_value('"><img src=x>')


def test_the_browser_sends_forms_of_this_page(page: Page, console: Open) -> None:
    changes = Changes()
    address = console(scenes.evening(), changes=changes)
    page.goto(f"{address}change/?demand=checkout&group=yes")
    page.get_by_label("Wanted").fill("220")
    page.get_by_role("button", name="Review the change").click()
    expect(page.locator("main")).to_contain_text("200 → 220")
    assert changes.made == [True]


def test_a_page_on_another_port_can_neither_post_nor_read(browser: Browser, serve: Server) -> None:
    changes, requests = Changes(), []
    app = create_app(scenes.evening, token=TOKEN, changes=changes)  # type: ignore[arg-type]

    @app.after_request
    def note(answer: flask.Response) -> flask.Response:
        is_in_session = any(map(app.config["SESSIONS"].is_known, flask.request.cookies.values()))
        requests.append((flask.request.path, is_in_session, answer.status_code))
        return answer

    address = serve(app)
    context = browser.new_context()
    page = context.new_page()
    inside = open_session(page, address)
    for at, is_known in ((address, False), (inside, True)):
        form = f'<form method="post" action="{at}change/"><button name="wanted" value="9">Go</button></form>'
        other = serve(f'<!doctype html><link rel="icon" href="data:,"><title>Other</title>{form}')
        page.goto(other)
        requests.clear()
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_role("alert")).to_have_text("Another site sent this.")
        assert ("/change/", is_known, 403) in requests, "refused even with the secret path"
        page.goto(other)
        requests.clear()
        fetch_text = (
            "address => fetch(address, {credentials: 'include'}).then(answer => answer.text()).catch(() => 'refused')"
        )
        assert page.evaluate(fetch_text, f"{at}demands/") == "refused"
        assert [status for path, _, status in requests if path == "/demands/"] == [403]
    assert changes.made == []
    context.close()


def test_a_server_on_another_port_gets_neither_cookie_nor_path(browser: Browser, serve: Server, stage: Stage) -> None:
    requests: list[Any] = []
    other = flask.Flask("other")

    @other.before_request
    def listen() -> str:
        requests.append((flask.request.path, flask.request.cookies.to_dict(), flask.request.headers.get("Referer")))
        return '<!doctype html><link rel="icon" href="data:,"><title>Other</title>'

    context = browser.new_context()
    page = context.new_page()
    inside = open_session(page, serve(stage.on(scenes.evening(), Changes())))
    page.get_by_role("link", name="中文").click()
    root = inside.rpartition("/~")[2]
    elsewhere = serve(other)
    page.evaluate("address => { location.href = address }", f"{elsewhere}followed")
    page.wait_for_url("**/followed")
    assert root not in page.evaluate("document.referrer + JSON.stringify(performance.getEntries())")
    for path in ("", "demands/", "~", f"~{'0' * 32}/", "static/console.js"):
        page.goto(elsewhere + path)
    assert [path for path, *_ in requests][:2] == ["/followed", "/"]
    assert {(tuple(cookies), referer) for _, cookies, referer in requests} == {(("odcr-language",), None)}
    requests.clear()
    # Only the secret path keeps the cookie away: with the path, the other server gets it.
    page.goto(f"{elsewhere}~{root}")
    assert any(name.startswith("odcr-console-") for name in requests[0][1])
    context.close()
