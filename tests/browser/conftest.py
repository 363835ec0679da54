"""A headless Chromium for the session, and pages that may only reach this machine and must not report errors."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

from tests.browser.stage import Changes, Open, Stage, open_session
from tests.unit.cli.fake_source import FakeSource

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    # As root, Chromium does not start in its sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Server = Callable[[flask.Flask | str], str]
"""Serves an application, or a page with this HTML, and returns its address."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert program, "There is no Chromium: `make browser` installs it."
    # In a folder of its own, so that it neither reads nor changes a person's profile.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=OPTIONS, env={"HOME": folder, "XDG_CONFIG_HOME": folder}
        )
        yield chromium
        chromium.close()


@pytest.fixture
def serve() -> Iterator[Server]:
    """Serves on free ports of this machine until the test ends."""
    servers: list[tuple[BaseWSGIServer, threading.Thread]] = []

    def start(content: flask.Flask | str) -> str:
        server = make_server("127.0.0.1", 0, application_of(content), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.port}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def application_of(content: flask.Flask | str) -> flask.Flask:
    """The application itself, or one that answers each address with the page."""
    if isinstance(content, flask.Flask):
        return content
    app = flask.Flask("page")
    app.add_url_rule("/", "page", lambda: content)
    app.add_url_rule("/<path:_>", "any", lambda _: content)
    return app


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new page. The test fails if the page asks another machine, reports an error, or shows a dialog."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")

    def check_request(route: Any, request: Request) -> None:
        if request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            wrong.append(f"asked {request.url}")
            route.abort()

    def note_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{message.type}: {message.text}")

    def note_dialog(dialog: Any) -> None:
        wrong.append(f"showed {dialog.message}")
        dialog.dismiss()

    context.route("**/*", check_request)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.on("console", note_message)
    opened.on("pageerror", lambda error: wrong.append(f"raised {error}"))
    opened.on("dialog", note_dialog)
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def stage() -> Stage:
    """The page."""
    return Stage()


@pytest.fixture
def console(page: Page, serve: Server, stage: Stage) -> Iterator[Open]:
    """Opens the page on a scene, and returns its address."""

    def start(scene: FakeSource, path: str = "", changes: Changes | None = None) -> str:
        address = serve(stage.on(scene, changes))
        address = open_session(page, address)
        assert "token" not in page.url
        if path:
            page.goto(address + path)
        return address

    yield start
    # Before the server stops: a page that is still loading would report an error.
    page.goto("about:blank")
